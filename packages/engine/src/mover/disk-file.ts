/**
 * The file `disk.img` of a volume that begins as an empty file system: made, sparse, by the first
 * mover that writes to it. A file that is missing later means that the volume was lost.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
} from 'node:fs';
import path from 'node:path';

import { volumeError } from '../native/errno';
import type { ApplyOrder, PatternOrder, VolumeAddress } from './mover';

/** Readable and writable by the group too: a hypervisor may run as another user of it. */
const MODE = 0o660;

/**
 * Makes the volume's file where the order says that nothing was written yet; else does nothing, and
 * opening it will tell what is wrong.
 * @throws EngineError VOLUME_IO, VOLUME_FULL
 */
export function ensureDiskFile(order: ApplyOrder | PatternOrder): void {
  const { volume } = order;
  if (volume.kind !== 'file' || volume.missingFile !== 'made') return;
  if (isNew(order)) makeSparse(volume);
}

function isNew(order: ApplyOrder | PatternOrder): boolean {
  if (order.order === 'pattern') return order.act === 'write';
  return order.content === 'zeros' && order.windowsDone.length === 0;
}

/** Whole or, after a crash in between, empty: an empty file is as good as none. */
function makeSparse({ path: file, sizeBytes }: VolumeAddress): void {
  try {
    const fd = openSync(file, constants.O_RDWR | constants.O_CREAT, MODE);
    try {
      if (fstatSync(fd).size > 0) return;
      fchmodSync(fd, MODE);
      ftruncateSync(fd, sizeBytes);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    syncFolder(path.dirname(file));
  } catch (error) {
    throw volumeError(error, file);
  }
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
