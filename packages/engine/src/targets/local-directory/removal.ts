/** Taking things away: an object of a store, and what crashes left of its objects. */
import * as fs from 'node:fs/promises';
import path from 'node:path';

import type { DiskFiles } from './disk-files';
import {
  type ClassFolder,
  goneFolder,
  makingFolder,
  objectFolder,
  objectLockPath,
  type ObjectKind,
  ownLeftover,
} from './layout';
import { tryObjectLock, withLock } from './object-lock';
import { settleName } from './publish';

/**
 * The object disappears by its rename; its bytes are freed afterwards, also after a crash in
 * between. The caller holds its locks and knows that it belongs to this store.
 */
export async function removeObject(
  files: DiskFiles,
  folder: ClassFolder,
  kind: ObjectKind,
  name: string,
  storeId: string,
): Promise<void> {
  const own = objectFolder(folder, kind, name);
  const gone = goneFolder(folder, kind, name, storeId);
  await files.removeTree(gone);
  await files.move(own, gone);
  await settleName(files, own);
  await files.removeTree(gone);
}

/** What a crash left of one object while it was made or removed. The caller holds its lock. */
export async function clearLeftovers(
  files: DiskFiles,
  folder: ClassFolder,
  kind: ObjectKind,
  name: string,
  storeId: string,
): Promise<void> {
  await files.removeTree(makingFolder(folder, kind, name, storeId));
  await files.removeTree(goneFolder(folder, kind, name, storeId));
}

/** All leftovers of this store in a class that nobody is working on. Answers their paths. */
export async function clearAllLeftovers(
  files: DiskFiles,
  folder: ClassFolder,
  storeId: string,
): Promise<readonly string[]> {
  const cleared: string[] = [];
  for (const entry of await namesIn(folder.temporary)) {
    const own = ownLeftover(entry, storeId);
    if (own === undefined) continue;
    const lock = await tryObjectLock(objectLockPath(folder, own.kind, own.name));
    if (lock === undefined) continue;
    await withLock(lock, () => files.removeTree(path.join(folder.temporary, entry)));
    cleared.push(path.join(folder.temporary, entry));
  }
  return cleared;
}

/** Names in a folder, sorted; none when it is not there. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  const names = await fs.readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.sort();
}
