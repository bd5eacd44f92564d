/** What the metadata files say, and how they are compared. Plain JSON, written once, read by any store. */
import { lstat, readFile } from 'node:fs/promises';
import path from 'node:path';

import type { VolumeMark } from '../../mover/mover';
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
export function findVolumeRecord(folder: string): Promise<VolumeRecord | 'unreadable' | undefined> {
  return findRecord<VolumeRecord>(folder, VOLUME_FILE, VOLUME_FORMAT);
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

const MARK_FIELDS = [
  'storeId',
  'migrationId',
  'volumeId',
  'generation',
  'phase',
  'layerId',
  'fence',
  'manifestDigest',
] as const;

export function sameMark(one: VolumeMark, other: VolumeMark): boolean {
  return differences(one, other, MARK_FIELDS).length === 0;
}

export function markWords(mark: VolumeMark): string {
  const layer = mark.layerId === undefined ? '' : ` layer ${mark.layerId}`;
  return `${mark.phase}${layer}, fence ${mark.fence}, generation ${mark.generation} of volume ${mark.volumeId}, migration ${mark.migrationId}, store ${mark.storeId}`;
}

/** What must agree before a volume that is there is taken for the one asked for. The fence may differ: a lease changes hands. */
export function volumeDifferences(
  there: VolumeRecord,
  asked: VolumeSpec,
  from: string | undefined,
): readonly string[] {
  return [
    ...differences(there.mark, asked.mark, ['migrationId', 'volumeId', 'generation']),
    ...differences(there.spec.mark, asked.mark, ['phase', 'layerId', 'manifestDigest']),
    ...differences(there.spec, asked, ['storageClass', 'sizeBytes']),
    ...differences(there.spec.origin, asked.origin, ['vmId', 'diskId']),
    ...differences({ from: there.from }, { from }, ['from']),
  ];
}

/** What must agree before a VolumeSnapshot that is there is taken for the one asked for. */
export function snapshotDifferences(
  there: VolumeSnapshotSpec,
  asked: VolumeSnapshotSpec,
): readonly string[] {
  const fields = [
    'layerId',
    'migrationId',
    'manifestDigest',
    'receiptDigest',
    'stateSizeBytes',
    'stateDigest',
  ] as const;
  return [
    ...differences(there, asked, fields),
    ...differences(
      { volume: withoutGeneration(there.volume) },
      { volume: withoutGeneration(asked.volume) },
      ['volume'],
    ),
    ...differences({ table: there.table?.sha256 }, { table: asked.table?.sha256 }, ['table']),
  ];
}

/** A volume's later generations are written from the same layers as its first: what was cut from one is true for all. */
function withoutGeneration(volume: string): string {
  return volume.replace(/-g\d+$/, '');
}

/** One phrase for each field that differs: `layerId is a, not b`. An absent field equals `undefined`. */
function differences<T extends object>(
  there: T,
  asked: T,
  fields: readonly (keyof T & string)[],
): readonly string[] {
  return fields
    .filter(field => there[field] !== asked[field])
    .map(
      field =>
        `${field} is ${String(there[field] ?? 'absent')}, not ${String(asked[field] ?? 'absent')}`,
    );
}
