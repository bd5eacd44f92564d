/** Volumes: sparse raw files, each with the mark that says what is on it. */
import * as fs from 'node:fs/promises';
import path from 'node:path';

import { alignUp, SECTOR_BYTES } from '../../bytes';
import { EngineError } from '../../errors';
import type { VolumeMark } from '../../mover/mover';
import { markWords, sameMark, volumeDifferences } from '../adoption';
import type { Volume, VolumeSnapshot, VolumeSpec } from '../target';
import type { CopyHow, DiskFiles } from './disk-files';
import {
  FOLDER_MODE,
  type ClassFolder,
  DISK_FILE,
  IMAGE_MODE,
  LOCK_FILE,
  makingFolder,
  objectFolder,
  tablePathOf,
  TABLES_FOLDER,
  VOLUME_FILE,
} from './layout';
import { findVolumeRecord, recordText, VOLUME_FORMAT, type VolumeRecord } from './metadata';
import { publish, settleName, writeSynced } from './publish';

/** A volume as it lies there. */
export interface FoundVolume {
  readonly folder: string;
  readonly record: VolumeRecord;
  readonly volume: Volume;
}

/**
 * `undefined` when there is none of that name.
 * @throws EngineError VOLUME_FOREIGN when something of that name is there that is no volume of ours
 */
export async function findVolumeIn(
  folder: ClassFolder,
  name: string,
): Promise<FoundVolume | undefined> {
  const own = objectFolder(folder, 'volume', name);
  const record = await findVolumeRecord(own);
  if (record === undefined) return undefined;
  if (record === 'unreadable') throw notOurs(name, own, VOLUME_FILE);
  return { folder: own, record, volume: volumeOf(own, record) };
}

export function notOurs(name: string, folder: string, file: string): EngineError {
  return new EngineError('VOLUME_FOREIGN', {
    where: { object: name, file: folder },
    expected: `a ${file} that this version of vm-migrate wrote`,
    found: 'a folder without one',
    hint: 'Something else put it there. Move it away, or choose other names with --name-prefix.',
  });
}

function volumeOf(folder: string, { spec, mark }: VolumeRecord): Volume {
  return {
    name: spec.name,
    storageClass: spec.storageClass,
    sizeBytes: spec.sizeBytes,
    mark,
    address: {
      kind: 'file',
      path: path.join(folder, DISK_FILE),
      sizeBytes: spec.sizeBytes,
      lockPath: path.join(folder, LOCK_FILE),
      markPath: path.join(folder, VOLUME_FILE),
    },
    tablesPath: path.join(folder, TABLES_FOLDER),
  };
}

/** The spec as it is kept: sizes in whole sectors. */
export function roundedSpec(spec: VolumeSpec): VolumeSpec {
  return { ...spec, sizeBytes: alignUp(spec.sizeBytes, SECTOR_BYTES) };
}

/**
 * Takes a volume that is there for the one asked for, or refuses it by name.
 * @throws EngineError VOLUME_FOREIGN another store's; VOLUME_UNEXPECTED asked for differently
 */
export async function adoptVolume(
  files: DiskFiles,
  found: FoundVolume,
  spec: VolumeSpec,
  from: string | undefined,
): Promise<Volume> {
  const { record, volume, folder } = found;
  if (record.mark.storeId !== spec.mark.storeId) throw foreignVolume(found, spec.mark.storeId);
  const differences = volumeDifferences(record, spec, from);
  const image = await fs.stat(volume.address.path).catch(() => undefined);
  const damage =
    image === undefined
      ? [`${DISK_FILE} is gone`]
      : image.size === spec.sizeBytes
        ? []
        : [`${DISK_FILE} has ${image.size} bytes`];
  if (differences.length + damage.length > 0) {
    throw new EngineError('VOLUME_UNEXPECTED', {
      where: { object: spec.name, file: folder },
      expected: `a volume of ${spec.sizeBytes} bytes as it was asked for`,
      found: [...differences, ...damage].join('; '),
      hint: 'Nothing was changed. Remove the volume if nobody needs it, or choose other names with --name-prefix.',
    });
  }
  await settleName(files, folder);
  return volume;
}

export function foreignVolume({ record, folder }: FoundVolume, storeId: string): EngineError {
  return new EngineError('VOLUME_FOREIGN', {
    where: { object: record.spec.name, file: folder },
    expected: `store ${storeId}`,
    found: `store ${record.mark.storeId}`,
    hint: 'Another vm-migrate database works in this folder. Give this one its own folder or --name-prefix.',
  });
}

export interface RestoredContent {
  readonly from: VolumeSnapshot;
  readonly how: CopyHow;
  readonly signal: AbortSignal;
}

/** A new volume: empty, or with the content of a VolumeSnapshot. The caller holds its lock. */
export async function makeVolume(
  files: DiskFiles,
  folder: ClassFolder,
  spec: VolumeSpec,
  content: RestoredContent | 'empty',
): Promise<void> {
  const making = makingFolder(folder, 'volume', spec.name, spec.mark.storeId);
  await publish(files, making, objectFolder(folder, 'volume', spec.name), async own => {
    const image = path.join(own, DISK_FILE);
    if (content === 'empty') {
      await files.createFile(image, { sizeBytes: spec.sizeBytes }, IMAGE_MODE);
    } else {
      await files.copyFile(content.from.handle, image, content.how, content.signal);
      await files.setMode(image, IMAGE_MODE); // a reflink copies the mode as well
      await files.extend(image, spec.sizeBytes);
    }
    await files.sync(image);
    const tables = path.join(own, TABLES_FOLDER);
    await files.makeFolder(tables, FOLDER_MODE);
    if (content !== 'empty') await giveTable(files, content, tables);
    await files.sync(tables);
    await writeSynced(files, path.join(own, LOCK_FILE), '', IMAGE_MODE);
    const record: VolumeRecord = {
      format: VOLUME_FORMAT,
      mark: spec.mark,
      spec,
      from: content === 'empty' ? undefined : content.from.name,
      createdAt: new Date().toISOString(),
    };
    await writeSynced(files, path.join(own, VOLUME_FILE), recordText(record), 0o644);
  });
}

/**
 * The restored state's table, under the name that a mover looks for when the next layer is applied.
 * One that was lost is made again by reading, by whoever needs it.
 */
async function giveTable(
  files: DiskFiles,
  { from, how, signal }: RestoredContent,
  tables: string,
): Promise<void> {
  if (from.tablePath === undefined || !(await isThere(from.tablePath))) return;
  const table = tablePathOf(tables, from.spec.layerId);
  await files.copyFile(from.tablePath, table, how, signal);
  await files.setMode(table, IMAGE_MODE);
  await files.sync(table);
}

function isThere(file: string): Promise<boolean> {
  return fs.access(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}

/**
 * Compare-and-swap of the mark. The caller holds the volume's lock and its writer lock. A repeat
 * after a crash finds `next` in place and is content.
 * @throws EngineError VOLUME_FOREIGN, VOLUME_UNEXPECTED
 */
export async function swapMark(
  files: DiskFiles,
  found: FoundVolume,
  expected: VolumeMark,
  next: VolumeMark,
): Promise<void> {
  const { record, folder } = found;
  const file = path.join(folder, VOLUME_FILE);
  if (sameMark(record.mark, next)) return settleName(files, file);
  if (record.mark.storeId !== expected.storeId) throw foreignVolume(found, expected.storeId);
  if (!sameMark(record.mark, expected)) {
    throw new EngineError('VOLUME_UNEXPECTED', {
      where: { object: record.spec.name, file },
      expected: markWords(expected),
      found: markWords(record.mark),
      hint: 'The volume is left as it is; it is replaced by a restore of the last VolumeSnapshot.',
    });
  }
  const fresh = `${file}.new`;
  await files.removeTree(fresh);
  await writeSynced(files, fresh, recordText({ ...record, mark: next }), 0o644);
  await files.move(fresh, file);
  await settleName(files, file);
}
