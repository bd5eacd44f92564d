/**
 * Names, labels and annotations of everything that we make in a cluster: the one place that knows
 * them. Labels are for finding (hashed or cleaned, at most 63 characters); annotations are what is
 * true (`mark`, `spec`) and what people read.
 */
import { createHash } from 'node:crypto';

import { EngineError } from '../../errors';
import type { Origin, VolumeSnapshotSpec } from '../target';

/** Of what is made with POST: pods and what belongs to them. */
export const FIELD_MANAGER = 'vm-migrate';

/**
 * Of volumes and VolumeSnapshots. Each store has its own, so that of two stores that want one object
 * the second is told of a conflict.
 */
export function objectManager(storeId: string): string {
  return `${FIELD_MANAGER}/${storeId}`;
}

/** Of a volume's mark alone: it changes, and all else of the volume stays as it was made. */
export function markManager(storeId: string): string {
  return `${FIELD_MANAGER}-mark/${storeId}`;
}

/** Of Events. */
export const REPORTER = 'vm-migrate';

const DOMAIN = 'vm-migrate.io';

export const LABEL = {
  managedBy: 'app.kubernetes.io/managed-by',
  store: `${DOMAIN}/store`,
  migration: `${DOMAIN}/migration`,
  vm: `${DOMAIN}/vm`,
  disk: `${DOMAIN}/disk`,
  /** Pod: the server that it reads from; absent: none. NetworkPolicies choose by it. */
  sourceServer: `${DOMAIN}/source-server`,
} as const;

export const ANNOTATION = {
  /** PVC: JSON VolumeMark; what is on the volume now. */
  mark: `${DOMAIN}/mark`,
  /** PVC: JSON of what it was asked for with. VolumeSnapshot: JSON VolumeSnapshotSpec. */
  spec: `${DOMAIN}/spec`,
  /** PVC: when a scheduler that had missed it was told that it is bound (pods/wake-scheduler.ts). */
  bound: `${DOMAIN}/seen-bound-at`,
  /** Pod: whose results count; a number. */
  fence: `${DOMAIN}/fence`,
  /** Pod: runId of the run that it belongs to now: whoever else acts on it is mistaken (pods/own-pod.ts). */
  run: `${DOMAIN}/run`,
  /** Pod: digest of what it was asked to write; another claim of the same work takes it over (pods/same-work.ts). */
  work: `${DOMAIN}/work`,
  /** Pod that may get further orders: digest of what they must have in common with its first one. */
  serves: `${DOMAIN}/serves`,
  /** Pod: id of the layer after which it rests, holding nothing open. Goes with the next order. */
  rests: `${DOMAIN}/rests-after`,
  /** Pod, read by the mover: its next order, packed, in base64. */
  nextOrder: `${DOMAIN}/next-order`,
  /** Pod, read by the mover: its rate; 0 = unlimited. */
  bytesPerSecond: `${DOMAIN}/bytes-per-second`,
  /** Pod, read by the mover: `true` = finish the window in hand and end. */
  stop: `${DOMAIN}/stop`,
  vmName: `${DOMAIN}/vm-name`,
  diskLabel: `${DOMAIN}/disk-label`,
  vmwareSnapshotId: `${DOMAIN}/vmware-snapshot-id`,
  vmwareSnapshotName: `${DOMAIN}/vmware-snapshot-name`,
  vmwareSnapshotCreatedAt: `${DOMAIN}/vmware-snapshot-created-at`,
  vmwareSnapshotDescription: `${DOMAIN}/vmware-snapshot-description`,
  vmwareSnapshotParent: `${DOMAIN}/vmware-snapshot-parent`,
} as const;

/** Every object of any store carries this one. */
export const OURS: Readonly<Record<string, string>> = { [LABEL.managedBy]: 'vm-migrate' };

export interface Belonging {
  readonly storeId: string;
  readonly migrationId: string;
  readonly origin: Origin;
}

/** Labels of a volume, VolumeSnapshot, pod or Secret of a migration. */
export function labelsOf({ storeId, migrationId, origin }: Belonging): Record<string, string> {
  return {
    ...OURS,
    [LABEL.store]: labelValue(storeId),
    [LABEL.migration]: labelValue(migrationId),
    [LABEL.vm]: labelValue(origin.vmId),
    [LABEL.disk]: labelValue(`${origin.vmId}/${origin.diskId}`),
  };
}

/** A value that may be a label stays readable; any other becomes the start of its SHA-256. */
export function labelValue(value: string): string {
  if (/^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(value)) return value;
  return createHash('sha256').update(value).digest('hex').slice(0, 32);
}

/** For people; nothing reads them back. */
export function originAnnotations(origin: Origin): Record<string, string> {
  return {
    [ANNOTATION.vmName]: origin.vmName,
    [ANNOTATION.diskLabel]: origin.diskLabel,
  };
}

export function vmwareAnnotations(
  snapshot: VolumeSnapshotSpec['vmwareSnapshot'],
): Record<string, string> {
  if (snapshot === undefined) return {};
  const { id, name, description, createdAtUs, parentId } = snapshot;
  return {
    [ANNOTATION.vmwareSnapshotId]: id,
    [ANNOTATION.vmwareSnapshotName]: name,
    [ANNOTATION.vmwareSnapshotDescription]: description,
    ...(createdAtUs === undefined
      ? {}
      : { [ANNOTATION.vmwareSnapshotCreatedAt]: new Date(createdAtUs / 1000).toISOString() }),
    ...(parentId === undefined ? {} : { [ANNOTATION.vmwareSnapshotParent]: parentId }),
  };
}

/** Small Filesystem volume that keeps the block tables of a volume's states. */
export function tablesVolumeName(volume: string): string {
  return `${volume}-tables`;
}

/** Where pods find the volume and its tables; a Filesystem volume holds one file, as KubeVirt expects it. */
export const BLOCK_DEVICE_PATH = '/dev/vm-migrate';
export const DISK_IMAGE_PATH = '/volume/disk.img';
export const TABLES_PATH = '/tables';

/**
 * Names become object names and, of volumes, names of pods, whose host name has 63 characters.
 * @throws EngineError INTERNAL when the name is no DNS label
 */
export function checkedName(name: string): string {
  if (/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) return name;
  throw new EngineError('INTERNAL', {
    where: { object: JSON.stringify(name) },
    expected: 'a DNS label: lower-case letters, digits and dashes, at most 63',
    found: 'a name that no object of a cluster may have',
  });
}
