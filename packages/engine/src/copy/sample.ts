/** Random windows of a volume against its block table: skipped parts included, repeatable by the seed. */
import { createHash } from 'node:crypto';

import { MIB } from '../bytes';
import { EngineError } from '../errors';
import { ioBuffer } from '../native/aligned-buffer';
import { BlockTable } from './block-table';
import { BLOCK_BYTES, DIGEST_BYTES } from './blocks';
import { blockDigests } from './verify';
import type { VolumeIo } from './volume-io';
import type { LeaseGuard } from './wrappers/leased';

export const SAMPLE_WINDOW_BYTES = MIB;

export interface Sample {
  readonly windows: number;
  readonly seed: number;
  /** Path of the block table. */
  readonly table: string;
}

/** How many windows were compared, all of them equal. @throws EngineError VERIFY_MISMATCH with the block's offset */
export async function compareSample(
  volume: VolumeIo,
  stateSizeBytes: number,
  sample: Sample,
  guard: LeaseGuard,
): Promise<{ windows: number; bytes: number }> {
  const table = BlockTable.open(sample.table, stateSizeBytes, 'read');
  try {
    const buffer = ioBuffer(SAMPLE_WINDOW_BYTES);
    const chosen = sampleWindows(
      Math.ceil(stateSizeBytes / SAMPLE_WINDOW_BYTES),
      sample.windows,
      sample.seed,
    );
    let read = 0;
    for (const window of chosen) {
      guard.assertHeld();
      const offset = window * SAMPLE_WINDOW_BYTES;
      const bytes = buffer.subarray(0, Math.min(SAMPLE_WINDOW_BYTES, stateSizeBytes - offset));
      await volume.readBack(offset, bytes);
      const found = blockDigests(bytes);
      const expected = table.read(offset / BLOCK_BYTES, found.length / DIGEST_BYTES);
      if (!found.equals(expected)) throw mismatch(offset, found, expected);
      read += bytes.length;
    }
    return { windows: chosen.length, bytes: read };
  } finally {
    table.close();
  }
}

/** Distinct windows in ascending order; all when there are no more than wanted. */
export function sampleWindows(windows: number, wanted: number, seed: number): readonly number[] {
  if (wanted >= windows) return Array.from({ length: windows }, (_, index) => index);
  const chosen = new Set<number>();
  for (let nth = 0; chosen.size < wanted; nth++) {
    const random = createHash('sha256').update(`${seed}/${nth}`).digest().readUIntBE(0, 6);
    chosen.add(random % windows);
  }
  return [...chosen].sort((one, other) => one - other);
}

function mismatch(offset: number, found: Buffer, expected: Buffer): EngineError {
  let at = 0;
  while (found.compare(expected, at, at + DIGEST_BYTES, at, at + DIGEST_BYTES) === 0)
    at += DIGEST_BYTES;
  return new EngineError('VERIFY_MISMATCH', {
    where: { offsetBytes: offset + (at / DIGEST_BYTES) * BLOCK_BYTES, object: 'the volume' },
    expected: `a block with SHA-256 ${expected.subarray(at, at + DIGEST_BYTES).toString('hex')}`,
    found: found.subarray(at, at + DIGEST_BYTES).toString('hex'),
    hint: 'The block table and the volume disagree: one of them was changed. `kubectl vm-migrate verify --full` compares with the source.',
  });
}
