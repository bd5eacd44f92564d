/** A local directory for the shared suite of Targets. */
import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';

import type { Mover } from '../mover/mover';
import { type DiskFiles, diskFiles } from '../targets/local-directory/disk-files';
import {
  type LocalDirectoryDeps,
  LocalDirectoryTarget,
} from '../targets/local-directory/local-directory-target';
import { tryWriterLock } from '../targets/local-directory/object-lock';
import { localDirectoryOptionsSchema } from '../targets/local-directory/options';
import { dyingDiskFiles, syncCheckingDiskFiles } from './dying-disk-files';
import type { TargetHarness } from './target-suite';

export interface LocalPlace {
  /** An existing folder; the class gets a new one in it. */
  readonly parent: string;
  readonly snapshots: 'auto' | 'copy' | 'reflink';
  /** Absent: the real ones. */
  readonly files?: DiskFiles;
  /** `leave-out` where many syncs take long; the same tests run in memory. */
  readonly crashes: 'include' | 'leave-out';
}

/** For tests that run no order. */
export const noMover = {} as Mover;

export async function localDirectoryHarness({
  parent,
  snapshots,
  crashes,
  files: base = diskFiles,
}: LocalPlace): Promise<TargetHarness> {
  const folder = await mkdtemp(path.join(parent, 'vmm-target-'));
  const root = path.join(folder, 'fast');
  const opened: LocalDirectoryTarget[] = [];
  const openWith = (files: DiskFiles): LocalDirectoryTarget => {
    const target = openLocalDirectory(root, snapshots, { files });
    opened.push(target);
    return target;
  };
  // Every change of the whole suite is checked for its order of syncs.
  const another = () => openWith(syncCheckingDiskFiles(base).files);
  const harness: TargetHarness = {
    target: another(),
    storageClass: 'fast',
    sizeStepBytes: 512,
    another,
    write: (volume, offset, bytes) => writeBytes(volume.address.path, offset, bytes),
    readVolume: volume => readFile(volume.address.path),
    readSnapshot: snapshot => readFile(snapshot.handle),
    async holdWriter(volume) {
      const lock = await tryWriterLock(volume.address.lockPath ?? '');
      if (lock === undefined) throw new Error('the lock was not free');
      return () => lock.release();
    },
    leftovers: async () => [
      ...(await readdir(path.join(root, '.tmp'))),
      ...(await readdir(path.join(root, '.locks'))),
    ],
    async close() {
      await Promise.all(opened.map(target => target.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
  if (crashes === 'leave-out') return harness;
  return {
    ...harness,
    dyingAt(step, how) {
      const { files, died } = dyingDiskFiles(base, step, how);
      return { target: openWith(files), died };
    },
  };
}

export function openLocalDirectory(
  root: string,
  snapshots: LocalPlace['snapshots'] | 'none',
  deps: Partial<LocalDirectoryDeps> = {},
): LocalDirectoryTarget {
  const options = localDirectoryOptionsSchema.parse({
    classes: { fast: { path: root, snapshots } },
  });
  return new LocalDirectoryTarget('local', options, { mover: noMover, lockWaitMs: 500, ...deps });
}

export async function writeBytes(file: string, offset: number, bytes: Uint8Array): Promise<void> {
  const image = await open(file, 'r+');
  try {
    await image.write(bytes, 0, bytes.length, offset);
    await image.sync();
  } finally {
    await image.close();
  }
}
