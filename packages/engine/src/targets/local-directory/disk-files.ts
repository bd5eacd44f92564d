/**
 * The few things that this target does to a disk. Everything that changes a folder goes through
 * here, so that a test can stop the world at each one of them.
 *
 * None of them is durable by itself: `sync` the file, then its folder, before a rename relies on it.
 */
import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';

import { copySparse } from './copy-sparse';

export interface DiskFiles {
  /** Makes the folder and its parents; one that is there stays as it is. */
  makeFolder(path: string, mode: number): Promise<void>;
  /** A new file with this text, or a hole of `sizeBytes`. An old file of that name is an error. */
  createFile(
    path: string,
    content: string | { readonly sizeBytes: number },
    mode: number,
  ): Promise<void>;
  /** A new file with the bytes and holes of another. `reflink` shares its blocks or fails. */
  copyFile(from: string, to: string, how: CopyHow, signal: AbortSignal): Promise<void>;
  setMode(path: string, mode: number): Promise<void>;
  /** Makes a file longer; the new part reads as zeros. */
  extend(path: string, sizeBytes: number): Promise<void>;
  /** Everything that was written to this file, or the names in this folder, are on stable storage afterwards. */
  sync(path: string): Promise<void>;
  /** Atomic; replaces a file, never a folder that holds something. */
  move(from: string, to: string): Promise<void>;
  /** Removes a file or a folder with all that is in it; gone already is fine. */
  removeTree(path: string): Promise<void>;
}

export type CopyHow = 'reflink' | 'sparse';

export const diskFiles: DiskFiles = {
  async makeFolder(path, mode) {
    await fs.mkdir(path, { recursive: true, mode });
  },

  async createFile(path, content, mode) {
    const file = await fs.open(path, 'wx', mode);
    try {
      if (typeof content === 'string') await file.writeFile(content);
      else await file.truncate(content.sizeBytes);
    } finally {
      await file.close();
    }
  },

  async copyFile(from, to, how, signal) {
    if (how === 'reflink')
      await fs.copyFile(from, to, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
    else await copySparse(from, to, signal);
  },

  setMode: (path, mode) => fs.chmod(path, mode),

  async extend(path, sizeBytes) {
    const file = await fs.open(path, 'r+');
    try {
      const { size } = await file.stat();
      if (size < sizeBytes) await file.truncate(sizeBytes);
    } finally {
      await file.close();
    }
  },

  async sync(path) {
    const file = await fs.open(path, 'r');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  },

  move: (from, to) => fs.rename(from, to),

  removeTree: path => fs.rm(path, { recursive: true, force: true }),
};
