import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import path from 'node:path';

import fc from 'fast-check';

import { KIB, MIB } from '../bytes';
import { seededBytes } from '../testing/seeded-bytes';
import { tempFolder } from '../testing/temp-folder';
import { BlockTable } from './block-table';
import { MemoryVolume } from './memory-volume';
import { digestAtVolumeSize, rebuildTable, WindowProof } from './verify';

const folder = tempFolder();
let files = 0;
const newPath = () => path.join(folder, `table-${files++}`);
const nothing = () => undefined;

/** The definition, written down plainly: no tables, no zero blocks, one block after the other. */
function plainDigest(state: Uint8Array): string {
  const all = createHash('sha256');
  for (let at = 0; at < state.length; at += 65536)
    all.update(
      createHash('sha256')
        .update(state.subarray(at, at + 65536))
        .digest(),
    );
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(state.length));
  return all.update(size).digest('hex');
}

function volumeOf(content: Uint8Array, sizeBytes = content.length): MemoryVolume {
  const volume = new MemoryVolume(sizeBytes);
  volume.bytes.set(content);
  return volume;
}

async function digestOfState(content: Uint8Array): Promise<string> {
  const table = BlockTable.create(newPath(), content.length);
  await rebuildTable(volumeOf(content), table, nothing);
  const { stateDigest } = table.digests();
  table.close();
  return stateDigest;
}

const helloGoodbye = Buffer.alloc(1_048_583);
helloGoodbye.write('hello', 0);
helloGoodbye.write('goodbye', 1_048_576);

describe('digest of a state', () => {
  it.each([
    ['empty', Buffer.alloc(0), 'af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc'],
    [
      'hello',
      Buffer.from('hello'),
      '337355feb53a5309d5aba92796223c2c84ffab930e706c01fef573a2722545e6',
    ],
    [
      'hello, zeros, goodbye',
      helloGoodbye,
      '61b8f3a8cea76e16eeff7ce27f1b7711c1f1e437f5038cec17773772a4bded28',
    ],
    [
      '1 MiB of digits',
      Buffer.from('12345678'.repeat(131_072)),
      'cbb388edd25e567b85f504c7b345497f9fb4f6bbf4e39768809184b9f9e678f8',
    ],
  ])('is that of nbdcopy --blkhash: %s', async (_, content, digest) => {
    expect(plainDigest(content)).toBe(digest);
    expect(await digestOfState(content)).toBe(digest);
  });

  it('equals the plain definition for any size and content, and at any volume size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 300 * KIB }),
        fc.integer({ min: 0, max: 200 * KIB }),
        fc.array(fc.nat(5)),
        async (size, tail, data) => {
          const content = Buffer.alloc(size);
          for (const block of data)
            content.set(
              seededBytes(Math.max(0, Math.min(70_000, size - block * 65_536)), block),
              Math.min(size, block * 65_536),
            );
          const volume = volumeOf(content, size + tail);
          const table = BlockTable.create(newPath(), size);
          await rebuildTable(volume, table, nothing);
          const { stateDigest, beforeLast } = table.digests();
          expect(stateDigest).toBe(plainDigest(content));
          expect(await digestAtVolumeSize(volume, beforeLast, size)).toBe(
            plainDigest(volume.bytes),
          );
          table.close();
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('block table', () => {
  it('stores no zero blocks, and its digest is that of its bytes', async () => {
    const content = Buffer.alloc(64 * MIB);
    content.set(seededBytes(65_536, 1), 32 * MIB);
    const file = newPath();
    const table = BlockTable.create(file, content.length);
    await rebuildTable(volumeOf(content), table, nothing);
    const { tableSha256 } = table.digests();
    table.close();
    const bytes = fs.readFileSync(file);
    expect(bytes.length).toBe(1024 * 32);
    expect(bytes.filter(byte => byte !== 0).length).toBeLessThanOrEqual(32);
    expect(tableSha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  it('of a child that grew: the blocks at both ends are made again', async () => {
    const parent = Buffer.from(seededBytes(100 * KIB, 1));
    const parentFile = newPath();
    const parentTable = BlockTable.create(parentFile, parent.length);
    await rebuildTable(volumeOf(parent), parentTable, nothing);
    parentTable.close();
    const child = Buffer.alloc(200 * KIB);
    child.set(parent);
    const volume = volumeOf(child, 256 * KIB);
    const table = BlockTable.createFrom(parentFile, newPath(), child.length);
    expect(table.stale()).toEqual([1, 3]);
    await new WindowProof(volume, table).refresh(table.stale());
    expect(table.digests().stateDigest).toBe(plainDigest(child));
    table.close();
  });

  it('is refused when it is not of this state', () => {
    const file = newPath();
    BlockTable.create(file, MIB).close();
    expect(() => BlockTable.open(file, 2 * MIB, 'read')).toThrow(
      expect.objectContaining({ code: 'VOLUME_UNEXPECTED' }),
    );
    expect(() => BlockTable.createFrom(file, newPath(), 512 * KIB)).toThrow(
      expect.objectContaining({ code: 'VOLUME_UNEXPECTED' }),
    );
    expect(() => BlockTable.open(newPath(), MIB, 'read')).toThrow(
      expect.objectContaining({ code: 'VOLUME_MISSING' }),
    );
  });
});
