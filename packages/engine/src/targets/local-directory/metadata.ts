/** What the metadata files say: plain JSON, written once, read by any store. */
import { lstat, readFile } from 'node:fs/promises';
import path from 'node:path';

import type { VolumeMark } from '../../mover/mover';
import { markOf } from '../../native/volume-mark';
import type { VolumeSnapshotSpec, VolumeSpec } from '../target';
import { SNAPSHOT_FILE, VOLUME_FILE } from './layout';

/** volume.json. Only `mark` changes; the file is replaced as a whole. `mark` is what a mover checks. */
export interface VolumeRecord {
  readonly format: typeof VOLUME_FORMAT;
  readonly mark: VolumeMark;
  /** As it was asked for; `spec.mark` is the first mark. */
  readonly spec: VolumeSpec;
  /** VolumeSnapshot that it was restored from; absent: it began empty. */
  readonly from?: string;
  readonly createdAt: string;
}

/** snapshot.json; never changes. */
export interface SnapshotRecord {
  readonly format: typeof SNAPSHOT_FORMAT;
  readonly spec: VolumeSnapshotSpec;
  readonly sizeBytes: number;
  readonly createdAt: string;
}

export const VOLUME_FORMAT = 'vm-migrate/volume/1';
export const SNAPSHOT_FORMAT = 'vm-migrate/volume-snapshot/1';

/**
 * The record of the object in `folder`. `undefined`: there is no such object. `'unreadable'`: there
 * is a folder, but it is not ours, or of another version.
 */
export async function findVolumeRecord(
  folder: string,
): Promise<VolumeRecord | 'unreadable' | undefined> {
  const record = await findRecord<VolumeRecord>(folder, VOLUME_FILE, VOLUME_FORMAT);
  if (record === undefined || record === 'unreadable') return record;
  return markOf(record) === undefined ? 'unreadable' : record;
}

export function findSnapshotRecord(
  folder: string,
): Promise<SnapshotRecord | 'unreadable' | undefined> {
  return findRecord<SnapshotRecord>(folder, SNAPSHOT_FILE, SNAPSHOT_FORMAT);
}

/** Objects come and go between one look and the next: a folder without a record counts only when it is seen again and again. */
async function findRecord<R extends { readonly format: string }>(
  folder: string,
  file: string,
  format: R['format'],
): Promise<R | 'unreadable' | undefined> {
  for (let look = 0; look < 5; look++) {
    const record = await readRecord<R>(path.join(folder, file), format);
    if (record !== undefined) return record;
    if (!(await exists(folder))) return undefined;
  }
  return 'unreadable';
}

async function exists(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}

async function readRecord<R extends { readonly format: string }>(
  file: string,
  format: R['format'],
): Promise<R | 'unreadable' | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    const record = JSON.parse(text) as Partial<R> | null;
    return record?.format === format && record !== null ? (record as R) : 'unreadable';
  } catch {
    return 'unreadable';
  }
}

export function recordText(record: VolumeRecord | SnapshotRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}
