import { createHash } from 'node:crypto';
import path from 'node:path';

import fc from 'fast-check';

import { KIB } from '../bytes';
import type { Extent } from '../formats/layer';
import { extentsOf, MemoryLayer } from '../testing/memory-layer';
import { seededBytes } from '../testing/seeded-bytes';
import { tempFolder } from '../testing/temp-folder';
import { BlockTable } from './block-table';
import { copyLayer, windowDigest, type CopiedWindow } from './copy-layer';
import { MemoryVolume } from './memory-volume';
import { compareSample, sampleWindows } from './sample';
import { assertZeros, rebuildTable, WindowProof } from './verify';
import { faulty } from './wrappers/faulty';

const folder = tempFolder();
let files = 0;
const newPath = () => path.join(folder, `table-${files++}`);
const nothing = () => undefined;
const BLOCK = 64 * KIB;

function plainDigest(state: Uint8Array): string {
  const all = createHash('sha256');
  for (let at = 0; at < state.length; at += BLOCK)
    all.update(
      createHash('sha256')
        .update(state.subarray(at, at + BLOCK))
        .digest(),
    );
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(state.length));
  return all.update(size).digest('hex');
}

/** A parent on a volume with its table, and a delta copied over it. */
async function applied(
  extents: readonly Extent[],
  sizeBytes: number,
  seed: number,
): Promise<{ volume: MemoryVolume; table: BlockTable; windows: CopiedWindow[] }> {
  const volume = new MemoryVolume(sizeBytes);
  volume.bytes.set(seededBytes(sizeBytes, seed));
  const parent = newPath();
  const parentTable = BlockTable.create(parent, sizeBytes);
  await rebuildTable(volume, parentTable, nothing);
  parentTable.close();
  const windows: CopiedWindow[] = [];
  const options = {
    windowBytes: 4 * BLOCK,
    content: 'parent',
    chunkBytes: 4 * BLOCK,
    hashing: 'pieces',
    spans: [{ offset: 0, length: sizeBytes }],
    isDone: () => false,
    mayStart: () => true,
  } as const;
  for await (const window of copyLayer(
    new MemoryLayer(sizeBytes, extents, seededBytes(sizeBytes, seed + 1)),
    volume,
    options,
  ))
    windows.push(window);
  return { volume, table: BlockTable.createFrom(parent, newPath(), sizeBytes), windows };
}

describe('proof of windows', () => {
  it('gives the window digests of the source, and a table whose root is that of the whole state', async () => {
    const run = fc.record({
      kind: fc.constantFrom<Extent['kind']>('data', 'zero', 'inherited'),
      units: fc.integer({ min: 1, max: 50 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(run, { minLength: 1, maxLength: 10 }),
        fc.nat(1000),
        async (runs, seed) => {
          let offset = 0;
          const extents = runs.map(({ kind, units }) => {
            const extent = { offset, length: units * 4 * KIB, kind };
            offset += extent.length;
            return extent;
          });
          const { volume, table, windows } = await applied(extents, offset, seed);
          const proof = new WindowProof(volume, table);
          const proved = await proof.prove(windows);
          expect(proved.map(window => window.digest)).toEqual(
            windows.map(window => windowDigest(window.pieceDigests)),
          );
          expect(table.digests().stateDigest).toBe(plainDigest(volume.bytes));
          table.close();
        },
      ),
      { numRuns: 80 },
    );
  });

  it.each([
    ['a byte of data', 'd2 i1 z2 i3', 100, 0],
    ['a byte of zeros', 'd2 i1 z2 i3', 3 * BLOCK + 5, 3 * BLOCK],
    ['the last byte', 'd2 i1 z2 d3', 8 * BLOCK - 1, 7 * BLOCK],
  ])('names the place when the volume lost %s', async (_, words, at, place) => {
    const { volume, table, windows } = await applied(extentsOf(words, BLOCK), 8 * BLOCK, 1);
    volume.bytes[at] = (volume.bytes[at] ?? 0) ^ 1;
    const proof = new WindowProof(volume, table);
    await expect(proof.prove(windows)).rejects.toMatchObject({
      code: 'VERIFY_MISMATCH',
      where: { offsetBytes: place },
    });
    table.close();
  });

  it('notices a write of which only a part arrived', async () => {
    const extents = extentsOf('d4', BLOCK);
    const layer = new MemoryLayer(4 * BLOCK, extents, seededBytes(4 * BLOCK, 3));
    const inner = new MemoryVolume(4 * BLOCK);
    const short = faulty(inner, call => (call.call === 'write' ? 3 * BLOCK + 17 : undefined));
    const table = BlockTable.create(newPath(), 4 * BLOCK);
    const options = {
      windowBytes: 4 * BLOCK,
      content: 'zeros',
      chunkBytes: 4 * BLOCK,
      hashing: 'pieces',
      spans: [{ offset: 0, length: 4 * BLOCK }],
      isDone: () => false,
      mayStart: () => true,
    } as const;
    for await (const window of copyLayer(layer, short, options)) {
      await expect(new WindowProof(inner, table).prove([window])).rejects.toMatchObject({
        code: 'VERIFY_MISMATCH',
        where: { offsetBytes: 3 * BLOCK },
      });
    }
    table.close();
  });
});

describe('what was not written', () => {
  it('must be zeros, else the first other byte is named', async () => {
    const volume = new MemoryVolume(4 * BLOCK);
    const buffer = Buffer.alloc(BLOCK);
    await assertZeros(volume, { offset: 0, length: 4 * BLOCK }, buffer, nothing);
    volume.bytes[3 * BLOCK + 9] = 1;
    await assertZeros(volume, { offset: 0, length: 3 * BLOCK + 9 }, buffer, nothing);
    await expect(
      assertZeros(volume, { offset: 0, length: 4 * BLOCK }, buffer, nothing),
    ).rejects.toMatchObject({ code: 'VERIFY_MISMATCH', where: { offsetBytes: 3 * BLOCK + 9 } });
  });
});

describe('random sample', () => {
  it('chooses distinct windows, the same for the same seed', () => {
    const chosen = sampleWindows(1000, 50, 7);
    expect(new Set(chosen).size).toBe(50);
    expect(sampleWindows(1000, 50, 7)).toEqual(chosen);
    expect(sampleWindows(1000, 50, 8)).not.toEqual(chosen);
    expect(sampleWindows(3, 50, 8)).toEqual([0, 1, 2]);
  });

  it('finds a changed block', async () => {
    const size = 3 * 1024 * KIB + 700;
    const volume = new MemoryVolume(size);
    volume.bytes.set(seededBytes(size, 1));
    const file = newPath();
    const table = BlockTable.create(file, size);
    await rebuildTable(volume, table, nothing);
    table.close();
    const held = { assertHeld: nothing };
    expect(await compareSample(volume, size, { windows: 10, seed: 1, table: file }, held)).toEqual({
      windows: 4,
      bytes: size,
    });
    volume.bytes[size - 1] = (volume.bytes[size - 1] ?? 0) ^ 1;
    await expect(
      compareSample(volume, size, { windows: 10, seed: 1, table: file }, held),
    ).rejects.toMatchObject({ code: 'VERIFY_MISMATCH', where: { offsetBytes: 48 * BLOCK } });
  });
});
