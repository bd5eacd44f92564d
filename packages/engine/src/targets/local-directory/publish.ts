import path from 'node:path';

import type { DiskFiles } from './disk-files';
import { FOLDER_MODE } from './layout';

/**
 * Makes a folder appear whole or not at all: `fill` it under its temporary name (and sync the files
 * it writes), rename it, and make the new name durable. The caller holds the object's lock, so
 * whatever lies at `making` is what a crash left.
 */
export async function publish(
  files: DiskFiles,
  making: string,
  final: string,
  fill: (making: string) => Promise<void>,
): Promise<void> {
  await files.removeTree(making);
  await files.makeFolder(making, FOLDER_MODE);
  try {
    await fill(making);
    await files.sync(making);
    await files.move(making, final);
  } catch (error) {
    await files.removeTree(making).catch(() => undefined); // at least give the space back; the cause is what counts
    throw error;
  }
  await settleName(files, final);
}

/** Makes the presence or absence of a name durable. Also before adopting: a crash may have come before this sync. */
export async function settleName(files: DiskFiles, object: string): Promise<void> {
  await files.sync(path.dirname(object));
}

/** A small file, on stable storage when this resolves (its name: when its folder is synced). */
export async function writeSynced(
  files: DiskFiles,
  file: string,
  text: string,
  mode: number,
): Promise<void> {
  await files.createFile(file, text, mode);
  await files.sync(file);
}
