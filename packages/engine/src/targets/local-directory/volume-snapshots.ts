/** VolumeSnapshots: read-only raw files with their metadata and their own copy of the block table. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

import { EngineError } from '../../errors';
import { markWords, snapshotDifferences } from '../adoption';
import type { VolumeSnapshot, VolumeSnapshotSpec } from '../target';
import type { CopyHow, DiskFiles } from './disk-files';
import {
  type ClassFolder,
  DISK_FILE,
  makingFolder,
  objectFolder,
  SEALED_MODE,
  SNAPSHOT_FILE,
  TABLE_FILE,
} from './layout';
import { findSnapshotRecord, recordText, SNAPSHOT_FORMAT, type SnapshotRecord } from './metadata';
import { publish, settleName, writeSynced } from './publish';
import { foreignVolume, type FoundVolume, notOurs } from './volumes';

export interface FoundSnapshot {
  readonly folder: string;
  readonly snapshot: VolumeSnapshot;
}

/**
 * `undefined` when there is none of that name.
 * @throws EngineError VOLUME_FOREIGN when something of that name is there that is no VolumeSnapshot of ours
 */
export async function findSnapshotIn(
  folder: ClassFolder,
  storageClass: string,
  name: string,
): Promise<FoundSnapshot | undefined> {
  const own = objectFolder(folder, 'volume-snapshot', name);
  const record = await findSnapshotRecord(own);
  if (record === undefined) return undefined;
  if (record === 'unreadable') throw notOurs(name, own, SNAPSHOT_FILE);
  return { folder: own, snapshot: snapshotOf(own, storageClass, record) };
}

function snapshotOf(
  folder: string,
  storageClass: string,
  { spec, sizeBytes, createdAt }: SnapshotRecord,
): VolumeSnapshot {
  const image = path.join(folder, DISK_FILE);
  return {
    name: spec.name,
    handle: image,
    storageClass,
    spec,
    sizeBytes,
    address: { kind: 'file', path: image, sizeBytes },
    ...(spec.table === undefined ? {} : { tablePath: path.join(folder, TABLE_FILE) }),
    createdAt,
    ready: true,
  };
}

/**
 * Takes a VolumeSnapshot that is there for the one asked for, or refuses it by name.
 * @throws EngineError VOLUME_FOREIGN another store's; VOLUME_UNEXPECTED another state
 */
export async function adoptSnapshot(
  files: DiskFiles,
  { folder, snapshot }: FoundSnapshot,
  spec: VolumeSnapshotSpec,
): Promise<VolumeSnapshot> {
  if (snapshot.spec.storeId !== spec.storeId) throw foreignSnapshot(snapshot, spec.storeId);
  const differences = snapshotDifferences(snapshot.spec, spec);
  const image = await fs.stat(snapshot.handle).catch(() => undefined);
  const damage =
    image === undefined
      ? [`${DISK_FILE} is gone`]
      : image.size === snapshot.sizeBytes
        ? []
        : [`${DISK_FILE} has ${image.size} bytes`];
  if (differences.length + damage.length > 0) {
    throw new EngineError('VOLUME_UNEXPECTED', {
      where: { object: spec.name, file: folder },
      expected: `a VolumeSnapshot of layer ${spec.layerId} of volume ${spec.volume}`,
      found: [...differences, ...damage].join('; '),
      hint: 'Nothing was changed. Remove the VolumeSnapshot if nobody needs it, or choose other names with --name-prefix.',
    });
  }
  await settleName(files, folder);
  return snapshot;
}

export function foreignSnapshot(snapshot: VolumeSnapshot, storeId: string): EngineError {
  return new EngineError('VOLUME_FOREIGN', {
    where: { object: snapshot.name, file: snapshot.handle },
    expected: `store ${storeId}`,
    found: `store ${snapshot.spec.storeId}`,
    hint: 'Another vm-migrate database works in this folder. Give this one its own folder or --name-prefix.',
  });
}

/** @throws EngineError VOLUME_FOREIGN, VOLUME_UNEXPECTED when the volume does not hold the state to be cut */
export function assertHolds(found: FoundVolume, spec: VolumeSnapshotSpec): void {
  const { mark } = found.record;
  if (mark.storeId !== spec.storeId) throw foreignVolume(found, spec.storeId);
  if (mark.phase === 'holds' && mark.layerId === spec.layerId) return;
  throw new EngineError('VOLUME_UNEXPECTED', {
    where: { object: spec.volume, file: found.folder },
    expected: `a volume that holds layer ${spec.layerId}, to cut ${spec.name}`,
    found: markWords(mark),
    hint: 'No VolumeSnapshot was made. The layer is applied again on a restore of its parent.',
  });
}

/** The caller holds the locks of the VolumeSnapshot, of the volume and of its writer, and has asserted its mark. */
export async function makeSnapshot(
  files: DiskFiles,
  folder: ClassFolder,
  found: FoundVolume,
  spec: VolumeSnapshotSpec,
  { how, signal }: { readonly how: CopyHow; readonly signal: AbortSignal },
): Promise<void> {
  const making = makingFolder(folder, 'volume-snapshot', spec.name, spec.storeId);
  await publish(files, making, objectFolder(folder, 'volume-snapshot', spec.name), async own => {
    // The small one first: a table that is lost is noticed before the image is copied.
    if (spec.table !== undefined)
      await keepTable(files, spec.table, path.join(own, TABLE_FILE), { how, signal });
    const image = path.join(own, DISK_FILE);
    await files.copyFile(found.volume.address.path, image, how, signal);
    await seal(files, image);
    const { size } = await fs.stat(image);
    const record: SnapshotRecord = {
      format: SNAPSHOT_FORMAT,
      spec,
      sizeBytes: size,
      createdAt: new Date().toISOString(),
    };
    await writeSynced(files, path.join(own, SNAPSHOT_FILE), recordText(record), SEALED_MODE);
  });
}

async function keepTable(
  files: DiskFiles,
  table: { readonly path: string; readonly sha256: string },
  to: string,
  { how, signal }: { readonly how: CopyHow; readonly signal: AbortSignal },
): Promise<void> {
  // Tables may lie on another file system than the class, where a reflink cannot reach.
  await files.copyFile(table.path, to, how, signal).catch(async error => {
    if (how !== 'reflink' || (error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await files.copyFile(table.path, to, 'sparse', signal);
  });
  const hash = createHash('sha256');
  await pipeline(createReadStream(to), hash, { signal });
  const found = hash.digest('hex');
  if (found !== table.sha256) {
    throw new EngineError('VERIFY_MISMATCH', {
      where: { file: table.path },
      expected: `a block table with SHA-256 ${table.sha256}`,
      found,
      hint: 'The table was changed after its receipt. It can be made again by reading the volume.',
    });
  }
  await seal(files, to);
}

async function seal(files: DiskFiles, file: string): Promise<void> {
  await files.setMode(file, SEALED_MODE);
  await files.sync(file);
}
