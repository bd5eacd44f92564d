/**
 * The small Filesystem volume that keeps the block tables of a volume's states. It belongs to its
 * volume's PVC, so the cluster removes it with that.
 */
import { MIB } from '../../../bytes';
import { EngineError } from '../../../errors';
import type { MoverOrder } from '../../../mover/mover';
import type { ClusterApi } from '../cluster/cluster-api';
import {
  type OwnerReference,
  PERSISTENT_VOLUME_CLAIM,
  type PersistentVolumeClaim,
  VOLUME_SNAPSHOT,
} from '../cluster/resources';
import { LABEL, OURS, tablesVolumeName } from '../layout';
import { settledObject, whyNotBound } from '../waits';

const LEAST_BYTES = 64 * MIB;
/** A table has 32 bytes for each 64 KiB, and two of them are open at a time. */
const CAPACITY_PER_BYTE = 1024;

/** How long one look waits for the cluster. */
const PATIENCE_MS = 2_000;

export interface TablesOptions {
  /** Absent: the volume's own. */
  readonly storageClass: string | undefined;
  /** Whether volumes of a class are only made for their first pod. */
  readonly bindsAtFirstUse: (storageClass: string) => Promise<boolean>;
}

export interface TablesUse {
  readonly claim: string;
  readonly readOnly: boolean;
}

/** Not now, look again: an older one has to go first, or this one is still being made. */
export interface TablesWait {
  readonly waitFor: string;
  /** What to do when it takes too long. */
  readonly remedy: string;
}

/** Volume of an order's tables; `undefined`: it needs none. */
export async function tablesFor(
  api: ClusterApi,
  order: MoverOrder,
  volume: PersistentVolumeClaim | undefined,
  options: TablesOptions,
): Promise<TablesUse | TablesWait | undefined> {
  if (volume === undefined) return undefined;
  const writes =
    (order.order === 'apply' && order.proof !== undefined) ||
    (order.order === 'hash-volume' && order.table !== undefined);
  if (writes) return ensureTables(api, volume, order.volume.sizeBytes, options);
  if (order.order === 'hash-volume' && order.sample !== undefined)
    return { claim: await tablesToRead(api, volume), readOnly: true };
  return undefined;
}

async function ensureTables(
  api: ClusterApi,
  volume: PersistentVolumeClaim,
  sizeBytes: number,
  options: TablesOptions,
): Promise<TablesUse | TablesWait> {
  const wanted = tablesClaim(volume, sizeBytes, options.storageClass);
  const name = wanted.metadata.name ?? '';
  const found = await api.get(PERSISTENT_VOLUME_CLAIM, name);
  if (found === undefined) {
    const made = await api.create(PERSISTENT_VOLUME_CLAIM, wanted);
    return made === 'exists'
      ? { waitFor: `volume ${name} to show`, remedy: NOT_MADE }
      : boundTables(api, made, options);
  }
  const { deletionTimestamp, ownerReferences = [], uid = '' } = found.metadata;
  const isOurs = ownerReferences.some(owner => owner.uid === volume.metadata.uid);
  if (isOurs && deletionTimestamp === undefined && mayBeUsed(found, wanted))
    return boundTables(api, found, options);
  // Of an earlier volume of this name: its tables say nothing about this one.
  if (!isOurs && !isOfSameStore(found, volume)) {
    throw new EngineError('VOLUME_FOREIGN', {
      where: { object: `PersistentVolumeClaim ${name}` },
      expected: `none, or the one of volume ${volume.metadata.name ?? '?'}`,
      found: 'one of somebody else',
    });
  }
  if (deletionTimestamp === undefined) await api.delete(PERSISTENT_VOLUME_CLAIM, name, { uid });
  return {
    waitFor: isOurs
      ? `the tables ${name} to go, which class ${found.spec.storageClassName ?? '(none)'} has not made`
      : `the tables of an earlier volume ${volume.metadata.name ?? '?'} to go`,
    remedy: 'A pod that still uses them holds them. End it, then run `kubectl vm-migrate retry`.',
  };
}

/** One that its class has not made is no use once another class is configured. */
function mayBeUsed(found: PersistentVolumeClaim, wanted: PersistentVolumeClaim): boolean {
  const { storageClassName } = wanted.spec;
  return (
    isBound(found) ||
    storageClassName === undefined ||
    storageClassName === found.spec.storageClassName
  );
}

const NOT_MADE =
  'See `kubectl describe pvc`; mend the cause, then run `kubectl vm-migrate retry`. `tablesClass` of the target names another class.';

/**
 * A pod comes after its volumes are there: a scheduler that looks too early looks again in a second
 * at best, and at worst in five minutes (wake-scheduler.ts). Of a class that binds at first use it
 * is the pod that they wait for.
 */
async function boundTables(
  api: ClusterApi,
  claim: PersistentVolumeClaim,
  { bindsAtFirstUse }: TablesOptions,
): Promise<TablesUse | TablesWait> {
  const { name = '' } = claim.metadata;
  const use: TablesUse = { claim: name, readOnly: false };
  const { storageClassName } = claim.spec;
  if (isBound(claim)) return use;
  if (storageClassName === undefined || (await bindsAtFirstUse(storageClassName))) return use;
  const isSettled = (now: PersistentVolumeClaim | undefined) => now === undefined || isBound(now);
  const now = await settledObject(api, PERSISTENT_VOLUME_CLAIM, claim, isSettled, PATIENCE_MS);
  if (now === undefined) return { waitFor: `volume ${name} to show`, remedy: NOT_MADE };
  if (isBound(now)) return use;
  return { waitFor: `volume ${name}: ${await whyNotBound(api, now)}`, remedy: NOT_MADE };
}

function isBound({ status }: PersistentVolumeClaim): boolean {
  return status?.phase === 'Bound';
}

export function tablesClaim(
  volume: PersistentVolumeClaim,
  sizeBytes: number,
  tablesClass: string | undefined,
): PersistentVolumeClaim {
  const { name = '', uid = '', labels = {} } = volume.metadata;
  const owner: OwnerReference = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, uid };
  const bytes = Math.max(LEAST_BYTES, Math.ceil(sizeBytes / CAPACITY_PER_BYTE / MIB) * MIB);
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: tablesVolumeName(name),
      labels: { ...labels, ...OURS, 'app.kubernetes.io/component': 'tables' },
      ownerReferences: [owner],
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      volumeMode: 'Filesystem',
      storageClassName: tablesClass ?? volume.spec.storageClassName,
      resources: { requests: { storage: `${bytes / MIB}Mi` } },
    },
  };
}

/** A restored volume has no table of its own: its state's is with the volume that the VolumeSnapshot was cut from. */
async function tablesToRead(api: ClusterApi, volume: PersistentVolumeClaim): Promise<string> {
  const name = volume.metadata.name ?? '';
  const own = await api.get(PERSISTENT_VOLUME_CLAIM, tablesVolumeName(name));
  if (own !== undefined) return tablesVolumeName(name);
  const { dataSource } = volume.spec;
  const snapshot =
    dataSource?.kind === 'VolumeSnapshot'
      ? await api.get(VOLUME_SNAPSHOT, dataSource.name)
      : undefined;
  const origin = snapshot?.spec.source.persistentVolumeClaimName;
  if (origin !== undefined) {
    const tables = tablesVolumeName(origin);
    if ((await api.get(PERSISTENT_VOLUME_CLAIM, tables)) !== undefined) return tables;
  }
  throw new EngineError('VOLUME_MISSING', {
    where: { object: `block table of volume ${name}` },
    expected: `the volume ${tablesVolumeName(origin ?? name)}, which keeps it`,
    found: 'none',
    hint: 'It went with its volume. `kubectl vm-migrate verify --full` compares with the source instead.',
  });
}

function isOfSameStore(one: PersistentVolumeClaim, other: PersistentVolumeClaim): boolean {
  const store = (claim: PersistentVolumeClaim) => claim.metadata.labels?.[LABEL.store];
  return store(one) === store(other);
}
