/** When a VolumeSnapshot is cut, when it is ready, and why it is not. */
import { EngineError } from '../../errors';
import { type CutVolumeSnapshot, isPending, type Pending, type VolumeSnapshot } from '../target';
import { nameOf } from './object-names';
import type { ClusterApi } from './cluster/cluster-api';
import {
  VOLUME_SNAPSHOT,
  VOLUME_SNAPSHOT_CONTENT,
  type VolumeSnapshotContent,
  type VolumeSnapshotObject,
} from './cluster/resources';
import { assertStore, readSnapshotRecord, type SnapshotRecord, snapshotRecordOf } from './records';
import { type Deadlines, lastWord, settledObject, whyNotGone } from './waits';

export interface SnapshotWait {
  readonly deadlines: Deadlines;
  readonly limitMs: number;
  readonly patienceMs: number;
}

/** The VolumeSnapshot once it is ready to use and bound both ways. @throws EngineError CLUSTER_STUCK, VOLUME_UNEXPECTED */
export async function readySnapshot(
  api: ClusterApi,
  object: VolumeSnapshotObject,
  record: SnapshotRecord,
  wait: SnapshotWait,
): Promise<VolumeSnapshot | Pending> {
  const found = await ready(api, object, record, wait);
  return isPending(found) ? found : found.snapshot;
}

/**
 * The VolumeSnapshot once it is cut: content and VolumeSnapshot point at each other, and the driver
 * has given it a handle and a time. Readiness may take much longer.
 * @throws EngineError CLUSTER_STUCK, VOLUME_UNEXPECTED
 */
export async function cutSnapshot(
  api: ClusterApi,
  object: VolumeSnapshotObject,
  record: SnapshotRecord,
  wait: SnapshotWait,
): Promise<CutVolumeSnapshot | Pending> {
  const name = nameOf(object);
  const what = `the cut of VolumeSnapshot ${name}`;
  const isBound = (seen: VolumeSnapshotObject | undefined) =>
    seen === undefined ||
    (seen.status?.boundVolumeSnapshotContentName !== undefined &&
      seen.status.creationTime !== undefined);
  const seen = await settledObject(api, VOLUME_SNAPSHOT, object, isBound, wait.patienceMs);
  if (seen === undefined) return { pending: true, retryMs: 0, reason: `${what}: it was deleted` };
  const content = await contentOf(api, seen);
  if (content !== undefined) assertOwnContent(seen, content);
  const { snapshotHandle: handle, creationTime } = content?.status ?? {};
  if (handle === undefined || creationTime === undefined || content === undefined)
    return wait.deadlines.pending(what, wait.limitMs, await whyNotReady(api, seen, content));
  wait.deadlines.over(what);
  return {
    name,
    handle,
    storageClass: record.storageClass,
    createdAt: new Date(creationTime / 1e6).toISOString(),
  };
}

async function ready(
  api: ClusterApi,
  object: VolumeSnapshotObject,
  record: SnapshotRecord,
  wait: SnapshotWait,
): Promise<Restorable | Pending> {
  const name = nameOf(object);
  const what = `VolumeSnapshot ${name}`;
  const isReady = (seen: VolumeSnapshotObject | undefined) =>
    seen === undefined || seen.status?.readyToUse === true;
  const seen = await settledObject(api, VOLUME_SNAPSHOT, object, isReady, wait.patienceMs);
  if (seen === undefined) return { pending: true, retryMs: 0, reason: `${what} was deleted` };
  const content = await contentOf(api, seen);
  const snapshot = snapshotOf(seen, record, content);
  if (snapshot !== undefined && content !== undefined) {
    wait.deadlines.over(what);
    return { snapshot, record, content };
  }
  return wait.deadlines.pending(what, wait.limitMs, await whyNotReady(api, seen, content));
}

export async function pendingPredecessorSnapshot(
  api: ClusterApi,
  object: VolumeSnapshotObject,
  { deadlines, limitMs }: Pick<SnapshotWait, 'deadlines' | 'limitMs'>,
): Promise<Pending> {
  return deadlines.pending(
    `an earlier VolumeSnapshot ${nameOf(object)} to go`,
    limitMs,
    await whyNotGone(api, VOLUME_SNAPSHOT, object),
  );
}

async function contentOf(
  api: ClusterApi,
  { status }: VolumeSnapshotObject,
): Promise<VolumeSnapshotContent | undefined> {
  const name = status?.boundVolumeSnapshotContentName;
  return name === undefined ? undefined : api.get(VOLUME_SNAPSHOT_CONTENT, name);
}

/** `undefined`: not ready yet. @throws EngineError VOLUME_UNEXPECTED when its content is another one's */
export function snapshotOf(
  object: VolumeSnapshotObject,
  record: SnapshotRecord,
  content: VolumeSnapshotContent | undefined,
): VolumeSnapshot | undefined {
  const { status, metadata } = object;
  if (status?.readyToUse !== true || content === undefined) return undefined;
  assertOwnContent(object, content);
  const handle = content.status?.snapshotHandle;
  if (handle === undefined) return undefined;
  return {
    name: nameOf(object),
    handle,
    storageClass: record.storageClass,
    spec: record.spec,
    sizeBytes: record.sizeBytes,
    address: undefined, // a pod reads it from a restore
    createdAt: status.creationTime ?? metadata.creationTimestamp ?? '',
    ready: true,
  };
}

/** The cluster lets anybody bind a content to a VolumeSnapshot by name. @throws EngineError VOLUME_UNEXPECTED */
function assertOwnContent(object: VolumeSnapshotObject, content: VolumeSnapshotContent): void {
  const { uid } = content.spec.volumeSnapshotRef;
  const own = object.metadata.uid;
  if (uid === own) return;
  throw new EngineError('VOLUME_UNEXPECTED', {
    where: { object: nameOf(object) },
    expected: `content ${nameOf(content)} to belong to this VolumeSnapshot (uid ${own ?? ''})`,
    found: `uid ${uid ?? '(none)'}`,
    hint: 'Its bytes may be those of another VolumeSnapshot, so it is not used.',
  });
}

export async function whyNotReady(
  api: ClusterApi,
  object: VolumeSnapshotObject,
  content: VolumeSnapshotContent | undefined,
): Promise<string> {
  // What the VolumeSnapshot itself says may be older: only its controller, which may be away, takes it back.
  if (content?.status?.readyToUse === true)
    return 'the driver is done with it, and nothing has told the VolumeSnapshot: see that the snapshot controller runs';
  const error = object.status?.error?.message ?? content?.status?.error?.message;
  if (error !== undefined) return `the cluster says: ${error}`;
  const said = (await lastWord(api, content ?? object)) ?? (await lastWord(api, object));
  const className = object.spec.volumeSnapshotClassName ?? '(none)';
  const state =
    object.status?.boundVolumeSnapshotContentName === undefined
      ? 'nothing has taken it up: see that the snapshot controller runs'
      : content?.status?.snapshotHandle === undefined
        ? `the driver of VolumeSnapshotClass ${className} has not cut it: see that its csi-snapshotter runs`
        : 'it is cut, and the driver is not done with it, or its csi-snapshotter does not run';
  return said === undefined ? state : `${state}; ${said}`;
}

/**
 * A VolumeSnapshot that a volume is to be restored from: ours, ready, of the class's driver.
 * `undefined`: there is none, or it is going.
 */
export async function restorable(
  api: ClusterApi,
  name: string,
  storeId: string,
  wait: SnapshotWait,
): Promise<Restorable | Pending | undefined> {
  const object = await api.get(VOLUME_SNAPSHOT, name);
  if (object === undefined || object.metadata.deletionTimestamp !== undefined) return undefined;
  const record = readSnapshotRecord(object);
  assertStore('VolumeSnapshot', name, record.spec.storeId, storeId);
  return ready(api, object, record, wait);
}

export interface Restorable {
  readonly snapshot: VolumeSnapshot;
  readonly record: SnapshotRecord;
  readonly content: VolumeSnapshotContent;
}

/** Every ready VolumeSnapshot of ours, of any store. */
export async function allSnapshots(
  api: ClusterApi,
  labels: Readonly<Record<string, string>>,
): Promise<readonly VolumeSnapshot[]> {
  const { items } = await api.list(VOLUME_SNAPSHOT, { labels });
  const ours = items.flatMap(object => {
    const record = snapshotRecordOf(object);
    const going = object.metadata.deletionTimestamp !== undefined;
    return record === undefined || going ? [] : [{ object, record }];
  });
  if (ours.length === 0) return [];
  const contents = await contentsByName(
    api,
    ours.map(({ object }) => object),
  );
  return ours.flatMap(({ object, record }) => {
    const content = contents.get(object.status?.boundVolumeSnapshotContentName ?? '');
    const snapshot = snapshotOf(object, record, content);
    return snapshot === undefined ? [] : [snapshot];
  });
}

/** One list where there are many; a cluster may hold more contents of others than of ours. */
async function contentsByName(
  api: ClusterApi,
  objects: readonly VolumeSnapshotObject[],
): Promise<ReadonlyMap<string, VolumeSnapshotContent>> {
  const found =
    objects.length > 20
      ? (await api.list(VOLUME_SNAPSHOT_CONTENT)).items
      : await Promise.all(objects.map(object => contentOf(api, object)));
  return new Map(
    found.flatMap(content => (content === undefined ? [] : [[nameOf(content), content] as const])),
  );
}
