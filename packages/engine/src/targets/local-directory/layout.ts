/**
 * Where things lie inside the folder of one storage class:
 *
 *   volumes/<name>/disk.img        raw, sparse, mode 0600; attach it to a VM as it is
 *   volumes/<name>/volume.json     how it was asked for, and the mark: what is on it (metadata.ts)
 *   volumes/<name>/lock            held (flock) by whoever writes disk.img or changes the mark
 *   volumes/<name>/tables/         <layer id>.table: block tables of this volume's states, written by
 *                                  movers; a restored volume starts with its VolumeSnapshot's
 *   snapshots/<name>/disk.img      raw, sparse, mode 0444, never changed
 *   snapshots/<name>/snapshot.json what it is
 *   snapshots/<name>/blocks.table  its own copy of the block table
 *   .tmp/<store>.<kind>.<name>     being made; `.gone` behind it: being removed. Safe to delete when its lock is free
 *   .locks/<kind>.<name>           held while an object is made, marked, cut or removed
 *
 * An object is there when its folder is: a folder is filled and synced under .tmp, then renamed.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';

import { EngineError } from '../../errors';

export type ObjectKind = 'volume' | 'volume-snapshot';

export const DISK_FILE = 'disk.img';
export const VOLUME_FILE = 'volume.json';
export const SNAPSHOT_FILE = 'snapshot.json';
export const TABLE_FILE = 'blocks.table';
export const LOCK_FILE = 'lock';
export const TABLES_FOLDER = 'tables';

export const IMAGE_MODE = 0o600;
export const SEALED_MODE = 0o444;
export const FOLDER_MODE = 0o750;

export interface ClassFolder {
  readonly root: string;
  readonly volumes: string;
  readonly snapshots: string;
  readonly temporary: string;
  readonly locks: string;
}

export function classFolder(root: string): ClassFolder {
  return {
    root,
    volumes: path.join(root, 'volumes'),
    snapshots: path.join(root, 'snapshots'),
    temporary: path.join(root, '.tmp'),
    locks: path.join(root, '.locks'),
  };
}

/** The folder of one object. @throws EngineError INTERNAL when the name is no DNS label */
export function objectFolder(folder: ClassFolder, kind: ObjectKind, name: string): string {
  return path.join(kind === 'volume' ? folder.volumes : folder.snapshots, checkedName(name));
}

export function objectLockPath(folder: ClassFolder, kind: ObjectKind, name: string): string {
  return path.join(folder.locks, `${kind}.${checkedName(name)}`);
}

/** Where an object of a store is made. One name a store, so that no store clears away another's work. */
export function makingFolder(
  folder: ClassFolder,
  kind: ObjectKind,
  name: string,
  storeId: string,
): string {
  return path.join(folder.temporary, `${storeTag(storeId)}.${kind}.${checkedName(name)}`);
}

/** Where an object of a store is moved before its bytes are freed. */
export function goneFolder(
  folder: ClassFolder,
  kind: ObjectKind,
  name: string,
  storeId: string,
): string {
  return `${makingFolder(folder, kind, name, storeId)}.gone`;
}

/** Kind and name of an entry of .tmp that this store made; `undefined` for anything else. */
export function ownLeftover(
  entry: string,
  storeId: string,
): { kind: ObjectKind; name: string } | undefined {
  const prefix = `${storeTag(storeId)}.`;
  if (!entry.startsWith(prefix)) return undefined;
  const match = /^(volume-snapshot|volume)\.([-a-z0-9]+)(?:\.gone)?$/.exec(
    entry.slice(prefix.length),
  );
  const [, kind, name] = match ?? [];
  if (kind === undefined || name === undefined || !isDnsLabel(name)) return undefined;
  return { kind: kind as ObjectKind, name };
}

/** The table of one layer's state: where the step that applies the next layer looks for it. Layer ids are ours, never a source's. */
export function tablePathOf(tables: string, layerId: string): string {
  if (/^[A-Za-z0-9][-A-Za-z0-9_]{0,99}$/.test(layerId))
    return path.join(tables, `${layerId}.table`);
  throw new EngineError('INTERNAL', {
    where: { object: JSON.stringify(layerId) },
    expected: 'a layer id that can be a file name',
    found: 'one that cannot',
  });
}

function storeTag(storeId: string): string {
  return createHash('sha256').update(storeId).digest('hex').slice(0, 16);
}

/** RFC 1123 label: what every target can carry as a name, and never a way out of the folder. */
export function isDnsLabel(name: string): boolean {
  return /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(name);
}

function checkedName(name: string): string {
  if (isDnsLabel(name)) return name;
  throw new EngineError('INTERNAL', {
    where: { object: JSON.stringify(name) },
    expected: 'a DNS label: lower-case letters, digits and dashes, at most 63',
    found: 'a name that may not become a file name',
  });
}
