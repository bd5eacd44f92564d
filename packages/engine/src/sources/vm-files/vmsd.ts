/**
 * What a .vmsd says: the snapshots, their order in the tree, and which file each disk ran on when
 * the snapshot was taken. Indexes are names, not an order: they have gaps and any number of digits.
 */
import { EngineError } from '../../errors';
import { parseDictionary, unescapePercents, type Dictionary } from './dictionary';

export interface VmsdFile {
  /** By creation time, then uid; parents may still stand after children. */
  readonly snapshots: readonly VmsdSnapshot[];
  /** `snapshot.current`: the snapshot that "you are here" hangs on. */
  readonly currentUid: string | undefined;
  /** `snapshot.numSnapshots`, which files with deleted snapshots may lack. */
  readonly statedCount: number | undefined;
  /** Snapshots that cannot be used, each with the reason; the others are still good. */
  readonly broken: readonly BrokenSnapshot[];
}

export interface VmsdSnapshot {
  readonly uid: string;
  readonly parentUid: string | undefined;
  readonly name: string;
  readonly description: string;
  /** Microseconds since 1970 UTC. */
  readonly createdAtUs: number | undefined;
  readonly quiesced: boolean | undefined;
  /** .vmsn: device state, and the memory or its place. */
  readonly stateFile: string | undefined;
  readonly disks: readonly VmsdDisk[];
  /** Linked clones that hang on it: paths of their .vmx. */
  readonly clones: readonly string[];
  readonly line: number | undefined;
}

export interface VmsdDisk {
  /** Descriptor that was running when the snapshot was taken; as written. */
  readonly fileName: string;
  /** `scsi0:0`, lower-case. */
  readonly slot: string;
}

export interface BrokenSnapshot {
  /** `snapshot3`. */
  readonly key: string;
  readonly name: string;
  readonly line: number | undefined;
  readonly reason: string;
}

/** @throws EngineError VM_INVALID when the file as a whole cannot be understood */
export function parseVmsd(file: string, bytes: Uint8Array): VmsdFile {
  const dictionary = parseDictionary(file, bytes);
  const broken: BrokenSnapshot[] = [];
  const byUid = new Map<string, VmsdSnapshot>();
  for (const key of snapshotKeys(dictionary)) {
    const snapshot = readOrExplain(dictionary, key);
    if ('reason' in snapshot) broken.push(snapshot);
    else if (byUid.has(snapshot.uid))
      broken.push({
        key,
        name: snapshot.name,
        line: snapshot.line,
        reason: `uid ${snapshot.uid} is used twice`,
      });
    else byUid.set(snapshot.uid, snapshot);
  }
  return {
    snapshots: [...byUid.values()].sort(byTime),
    currentUid: uidOf(dictionary.text('snapshot.current')),
    statedCount: dictionary.integer('snapshot.numSnapshots'),
    broken,
  };
}

/** Numeric order of N in `snapshotN.…`; any number of digits. */
function snapshotKeys(dictionary: Dictionary): string[] {
  const found = new Set<string>();
  for (const key of dictionary.keys()) {
    const match = /^(snapshot\d+)\./.exec(key);
    if (match?.[1] !== undefined) found.add(match[1]);
  }
  return [...found].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** One bad record must not cost the names of all the others. */
function readOrExplain(dictionary: Dictionary, key: string): VmsdSnapshot | BrokenSnapshot {
  try {
    return readSnapshot(dictionary, key);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return {
      key,
      name: '',
      line: error.where.line,
      reason: `expected ${error.expected}, found ${error.found}`,
    };
  }
}

function readSnapshot(dictionary: Dictionary, key: string): VmsdSnapshot | BrokenSnapshot {
  const line = dictionary.line(`${key}.uid`) ?? dictionary.line(`${key}.displayName`);
  const name = unescapePercents(dictionary.get(`${key}.displayName`) ?? '');
  const uid = uidOf(dictionary.text(`${key}.uid`));
  if (uid === undefined) return { key, name, line, reason: 'it has no uid' };
  if (!/^\d{1,20}$/.test(uid))
    return { key, name, line, reason: `its uid ${JSON.stringify(uid)} is not a number` };
  return {
    uid,
    parentUid: rootless(uidOf(dictionary.text(`${key}.parent`))),
    name,
    description: dictionary.get(`${key}.description`) ?? '',
    createdAtUs: createdAt(dictionary, key),
    quiesced:
      dictionary.get(`${key}.quiesced`) === undefined
        ? undefined
        : dictionary.isTrue(`${key}.quiesced`),
    stateFile: dictionary.text(`${key}.filename`),
    disks: disksOf(dictionary, key),
    clones: numbered(dictionary, key, /^clone(\d+)$/),
    line,
  };
}

function uidOf(text: string | undefined): string | undefined {
  return text?.trim().replace(/^0+(?=\d)/, '');
}

/** Old files write parent 0 on a root; uids start at 1. */
function rootless(uid: string | undefined): string | undefined {
  return uid === '0' ? undefined : uid;
}

/** (high << 32) | low, where low is printed as a signed 32-bit number. Zero means "not recorded". */
function createdAt(dictionary: Dictionary, key: string): number | undefined {
  const high = dictionary.integer(`${key}.createTimeHigh`);
  const low = dictionary.integer(`${key}.createTimeLow`);
  if (high === undefined || low === undefined) return undefined;
  const us = high * 0x1_0000_0000 + (low >>> 0);
  return Number.isSafeInteger(us) && us > 0 ? us : undefined;
}

/** By the keys that are there, not by numDisks: the count is sometimes missing or stale. */
function disksOf(dictionary: Dictionary, key: string): VmsdDisk[] {
  const prefix = `${key}.disk`;
  const disks: { index: number; disk: VmsdDisk }[] = [];
  for (const name of dictionary.keys()) {
    if (!name.startsWith(prefix)) continue;
    const match = /^(\d+)\.filename$/.exec(name.slice(prefix.length));
    const fileName = match === null ? undefined : dictionary.text(name);
    if (match?.[1] === undefined || fileName === undefined) continue;
    const slot = dictionary.text(`${prefix}${match[1]}.node`)?.trim().toLowerCase() ?? '';
    disks.push({ index: Number(match[1]), disk: { fileName, slot } });
  }
  return disks.sort((a, b) => a.index - b.index).map(({ disk }) => disk);
}

function numbered(dictionary: Dictionary, key: string, pattern: RegExp): string[] {
  const values: string[] = [];
  for (const name of dictionary.keys()) {
    if (!name.startsWith(`${key}.`) || !pattern.test(name.slice(key.length + 1))) continue;
    const value = dictionary.text(name);
    if (value !== undefined) values.push(value);
  }
  return values;
}

function byTime(a: VmsdSnapshot, b: VmsdSnapshot): number {
  const known =
    (a.createdAtUs ?? Number.POSITIVE_INFINITY) - (b.createdAtUs ?? Number.POSITIVE_INFINITY);
  return known === 0 || Number.isNaN(known)
    ? a.uid.length - b.uid.length || (a.uid < b.uid ? -1 : 1)
    : known;
}
