/** One configured storage class: a folder, and what its file system can do. */
import * as fs from 'node:fs/promises';
import path from 'node:path';

import { SECTOR_BYTES } from '../../bytes';
import { EngineError } from '../../errors';
import type { StorageClass } from '../target';
import type { CopyHow, DiskFiles } from './disk-files';
import { classFolder, type ClassFolder, FOLDER_MODE, IMAGE_MODE } from './layout';
import { lockWithin, tryObjectLock, withLock } from './object-lock';
import type { ClassOptions } from './options';

export interface LocalClass {
  readonly name: string;
  readonly folder: ClassFolder;
  /** Makes the class's folders. Before anything is written. */
  prepare(): Promise<void>;
  snapshots(): Promise<StorageClass['snapshots']>;
  describe(): Promise<StorageClass>;
}

export function localClass(
  name: string,
  options: ClassOptions,
  isDefault: boolean,
  files: DiskFiles,
): LocalClass {
  const folder = classFolder(options.path);
  const prepare = once(() => makeFolders(folder, files));
  const snapshots = once(async () => {
    await prepare();
    return howSnapshots(options, folder, files);
  });
  return {
    name,
    folder,
    prepare,
    snapshots,
    async describe() {
      const how = await snapshots().catch((error: Error) => ({
        how: 'none' as const,
        reason: `its folder ${folder.root} cannot be used: ${error.message}`,
      }));
      return {
        name,
        isDefault,
        snapshots: how,
        newVolumesReadZero: true, // new files are holes
        freeBytes: await freeBytes(folder.root),
        snapshotCost: how.how === 'copy' ? 1 : 0,
        sizeStepBytes: SECTOR_BYTES,
      };
    },
  };
}

/** How a copy inside this class is made. A class without snapshots still restores from another class's. */
export function copyHow(snapshots: StorageClass['snapshots']): CopyHow {
  return snapshots.how === 'reflink' ? 'reflink' : 'sparse';
}

async function howSnapshots(
  options: ClassOptions,
  folder: ClassFolder,
  files: DiskFiles,
): Promise<StorageClass['snapshots']> {
  switch (options.snapshots) {
    case 'none':
      return { how: 'none', reason: 'it is configured without snapshots' };
    case 'copy':
      return { how: 'copy' };
    case 'auto':
      return { how: (await canReflink(folder, files)) ? 'reflink' : 'copy' };
    case 'reflink':
      if (await canReflink(folder, files)) return { how: 'reflink' };
      return {
        how: 'none',
        reason: `it is configured for reflinks, which the file system of ${folder.root} does not have`,
      };
  }
}

const NO_REFLINK = new Set([
  'ENOTSUP',
  'EOPNOTSUPP',
  'EXDEV',
  'EINVAL',
  'ENOSYS',
  'ENOTTY',
  'EBADF',
]);

/** Tries it on two small files: nothing else tells for sure. */
async function canReflink(folder: ClassFolder, files: DiskFiles): Promise<boolean> {
  const lock = await lockWithin(10_000, () =>
    tryObjectLock(path.join(folder.locks, 'reflink-trial')),
  );
  if (lock === undefined)
    throw new EngineError('VOLUME_BUSY', {
      where: { file: folder.root },
      found: 'another process that tries reflinks',
      retry: 'later',
    });
  return withLock(lock, () => tryReflink(path.join(folder.temporary, 'reflink-trial'), files));
}

async function tryReflink(trial: string, files: DiskFiles): Promise<boolean> {
  await files.removeTree(trial);
  await files.makeFolder(trial, FOLDER_MODE);
  try {
    const [one, two] = [path.join(trial, 'one'), path.join(trial, 'two')];
    await files.createFile(one, 'reflink trial', IMAGE_MODE);
    await files.copyFile(one, two, 'reflink', new AbortController().signal);
    return true;
  } catch (error) {
    if (NO_REFLINK.has((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  } finally {
    await files.removeTree(trial);
  }
}

async function makeFolders(folder: ClassFolder, files: DiskFiles): Promise<void> {
  const firstMissing = await topmostMissing(folder.root);
  await files.makeFolder(folder.root, FOLDER_MODE);
  for (const part of [folder.volumes, folder.snapshots, folder.temporary, folder.locks])
    await files.makeFolder(part, FOLDER_MODE);
  await files.sync(folder.root);
  if (firstMissing === undefined) return;
  for (let made = folder.root; made.length >= firstMissing.length; made = path.dirname(made))
    await files.sync(path.dirname(made));
}

async function topmostMissing(root: string): Promise<string | undefined> {
  let missing: string | undefined;
  for (let at = root; ; at = path.dirname(at)) {
    const there = await fs.stat(at).catch(() => undefined);
    if (there !== undefined) return missing;
    missing = at;
  }
}

/** For the one who runs this process: blocks kept back for root do not count. */
async function freeBytes(root: string): Promise<number | undefined> {
  const facts = await fs.statfs(root).catch(() => undefined);
  return facts && facts.bavail * facts.bsize;
}

/** Remembers a success; after a failure the next call tries again. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work().catch(error => {
      result = undefined;
      throw error;
    });
    return result;
  };
}
