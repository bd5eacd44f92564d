import { patternBytes, seededNumbers } from '../testing/encoders/grains';
import type { RandomAccess } from './random-access';
import { readAhead } from './read-ahead';

const SIZE_BYTES = 1_000_003;
const CONTENT = patternBytes(SIZE_BYTES, 1);

interface Counted {
  readonly file: RandomAccess;
  readonly calls: { readonly offset: number; readonly length: number }[];
}

function counted(): Counted {
  const calls: Counted['calls'] = [];
  const file: RandomAccess = {
    name: 'memory',
    sizeBytes: SIZE_BYTES,
    async read(offset, into) {
      if (offset + into.length > SIZE_BYTES) throw new Error(`read of ${into.length} at ${offset}`);
      calls.push({ offset, length: into.length });
      // Late, as a disk is: overlapping calls meet here.
      await Promise.resolve();
      into.set(CONTENT.subarray(offset, offset + into.length));
    },
    stat: async () => ({ sizeBytes: SIZE_BYTES, mtimeNs: '0', inode: '0' }),
    close: async () => undefined,
  };
  return { file: readAhead(file), calls };
}

async function readAt(file: RandomAccess, offset: number, length: number): Promise<void> {
  const into = new Uint8Array(length);
  await file.read(offset, into);
  if (Buffer.compare(into, CONTENT.subarray(offset, offset + length)) !== 0) {
    throw new Error(`other bytes at ${offset}+${length}`);
  }
}

describe('readAhead', () => {
  it('serves a walk in small steps from few reads', async () => {
    const { file, calls } = counted();
    for (let offset = 0; offset + 512 <= SIZE_BYTES; offset += 1024)
      await readAt(file, offset, 512);
    expect(calls.length).toBeLessThan(20);
  });

  it('reads no more than asked for where nothing is walked', async () => {
    const { file, calls } = counted();
    for (const offset of [900_000, 10, 500_000, 300_000, 299_000]) await readAt(file, offset, 512);
    expect(calls.map(call => call.length)).toEqual([512, 512, 512, 512, 512]);
  });

  it('hands large reads through', async () => {
    const { file, calls } = counted();
    await readAt(file, 0, 16 * 1024);
    await readAt(file, 16 * 1024, 16 * 1024);
    expect(calls.map(call => call.length)).toEqual([16 * 1024, 16 * 1024]);
  });

  it('stops at the end of the file and refuses what lies behind it', async () => {
    const { file } = counted();
    for (let offset = SIZE_BYTES - 2003; offset + 100 <= SIZE_BYTES; offset += 100)
      await readAt(file, offset, 100);
    await expect(file.read(SIZE_BYTES - 10, new Uint8Array(11))).rejects.toThrow('read of 11');
  });

  it('gives the right bytes in any order, alone and at the same time', async () => {
    const seed = Number(process.env['VM_MIGRATE_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
    const next = seededNumbers(seed);
    const { file } = counted();
    let offset = 0;
    try {
      for (let round = 0; round < 300; round++) {
        const reads = Array.from({ length: 1 + (next() % 4) }, () => {
          offset = next() % 8 === 0 ? next() % SIZE_BYTES : offset + (next() % 10_000);
          const length = Math.min(1 + (next() % 20_000), SIZE_BYTES - (offset %= SIZE_BYTES));
          return readAt(file, offset, length);
        });
        await Promise.all(reads);
      }
    } catch (cause) {
      throw new Error(`replay with VM_MIGRATE_SEED=${seed}`, { cause });
    }
  });
});
