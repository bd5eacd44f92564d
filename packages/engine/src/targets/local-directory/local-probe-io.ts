import * as fs from 'node:fs/promises';

import { EngineError } from '../../errors';
import type { ProbeIo } from '../probe-io';
import { PATTERN_BLOCK_BYTES, patternBlock, patternBlocks } from '../probe-pattern';
import type { Volume } from '../target';
import { aboutFiles } from './fs-errors';
import { lockWithin, tryWriterLock, withLock } from './object-lock';
import { readWhole, writeWhole } from './whole-io';

/** The probe on volumes that are files here: writes as a mover would, under the writer's lock. */
export const localProbeIo: ProbeIo = {
  write: (volume, pattern) =>
    aboutFiles(volume.name, async () => {
      const lock = await lockWithin(2_000, () =>
        tryWriterLock(volume.address.lockPath ?? volume.address.path),
      );
      if (lock === undefined)
        throw new EngineError('VOLUME_BUSY', { where: { object: volume.name }, retry: 'later' });
      return withLock(lock, () =>
        withImage(volume, 'r+', async image => {
          const startedAt = performance.now();
          for (let index = 0; index < patternBlocks(pattern); index++) {
            await writeWhole(image, patternBlock(pattern, index), index * PATTERN_BLOCK_BYTES);
          }
          await image.sync();
          return { durationMs: Math.max(1, Math.round(performance.now() - startedAt)) };
        }),
      );
    }),

  compare: (volume, pattern) =>
    aboutFiles(volume.name, () =>
      withImage(volume, 'r', async image => {
        const found = Buffer.alloc(PATTERN_BLOCK_BYTES);
        for (let index = 0; index < patternBlocks(pattern); index++) {
          const offsetBytes = index * PATTERN_BLOCK_BYTES;
          await readWhole(image, found, offsetBytes);
          if (!found.equals(patternBlock(pattern, index))) return { equal: false, offsetBytes };
        }
        return { equal: true };
      }),
    ),
};

async function withImage<T>(
  { address }: Volume,
  flags: 'r' | 'r+',
  work: (image: fs.FileHandle) => Promise<T>,
): Promise<T> {
  const image = await fs.open(address.path, flags);
  try {
    return await work(image);
  } finally {
    await image.close();
  }
}
