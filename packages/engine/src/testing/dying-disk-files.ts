/** Stands between a local target and its disk: a process that dies at a chosen change, and a check of the order of syncs. */
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import type { DiskFiles } from '../targets/local-directory/disk-files';

type Change = (...args: never[]) => Promise<void>;

/**
 * Dies at the `step`-th change: `before` it, or `within` it (half the file is there, or the change
 * was made but the process never learnt it). Afterwards nothing works any more, as in a process that is gone.
 */
export function dyingDiskFiles(
  files: DiskFiles,
  step: number,
  how: 'before' | 'within',
): { readonly files: DiskFiles; died(): boolean } {
  let count = 0;
  const dying = wrapEach(files, (name, change, args) => {
    count++;
    if (count < step) return change();
    if (count > step) throw new Error('the process is gone');
    if (how === 'before') throw new Error(`died before ${name}`);
    return change().then(() => {
      if (name === 'createFile' || name === 'copyFile')
        tear(args[name === 'createFile' ? 0 : 1] as string);
      throw new Error(`died within ${name}`);
    });
  });
  return { files: dying, died: () => count >= step };
}

function tear(file: string): void {
  const { length } = readFileSync(file);
  truncateSync(file, Math.floor(length / 2));
}

/**
 * Throws when something is renamed into view that is not on stable storage: a power cut may then
 * leave an empty or half file under the final name. `unsynced` lists what is still only in memory.
 */
export function syncCheckingDiskFiles(files: DiskFiles): {
  readonly files: DiskFiles;
  unsynced(): readonly string[];
} {
  const dirty = new Set<string>();
  const touched = (file: string) => {
    dirty.add(file);
    dirty.add(path.dirname(file));
  };
  const under = (folder: string) =>
    [...dirty].filter(one => one === folder || one.startsWith(`${folder}${path.sep}`));
  const checking = wrapEach(files, async (name, change, args) => {
    const [first, second] = args as [string, string];
    if (name === 'move' && under(first).length > 0)
      throw new Error(`renamed before synced: ${under(first).join(', ')}`);
    await change();
    if (name === 'sync') dirty.delete(first);
    else if (name === 'removeTree') under(first).forEach(one => dirty.delete(one));
    else if (name === 'copyFile') touched(second);
    else if (name === 'move') [first, second].forEach(one => dirty.add(path.dirname(one)));
    else if (name === 'setMode' || name === 'extend') dirty.add(first);
    else touched(first);
  });
  return { files: checking, unsynced: () => [...dirty].sort() };
}

/** Gives out copies where blocks would be shared, as a file system with reflinks seems to do; the mode is copied too. */
export function pretendReflinks(files: DiskFiles): DiskFiles {
  return {
    ...files,
    async copyFile(from, to, how, signal) {
      if (how === 'sparse') return files.copyFile(from, to, how, signal);
      writeFileSync(to, readFileSync(from), { flag: 'wx', mode: 0o444 });
    },
  };
}

/** A disk that is full from the `step`-th copy or write on. */
export function fullDiskFiles(files: DiskFiles): {
  readonly files: DiskFiles;
  fill(): void;
  free(): void;
} {
  let full = false;
  const wrapped = wrapEach(files, (name, change, args) => {
    if (!full || (name !== 'copyFile' && name !== 'createFile')) return change();
    const file = args[name === 'copyFile' ? 1 : 0] as string;
    appendFileSync(file, 'a part'); // what fitted
    return Promise.reject(
      Object.assign(new Error('ENOSPC: no space left on device, write'), {
        code: 'ENOSPC',
        path: file,
      }),
    );
  });
  return { files: wrapped, fill: () => void (full = true), free: () => void (full = false) };
}

function wrapEach(
  files: DiskFiles,
  around: (
    name: keyof DiskFiles,
    change: () => Promise<void>,
    args: readonly unknown[],
  ) => Promise<void>,
): DiskFiles {
  const entries = (Object.entries(files) as [keyof DiskFiles, Change][]).map(([name, change]) => [
    name,
    async (...args: never[]) => around(name, () => change(...args), args),
  ]);
  return Object.fromEntries(entries) as unknown as DiskFiles;
}
