/** VolumeSnapshots: how one is asked for, adopted, and known to be ready. */
import { EngineError } from '../../errors';
import { markWords, snapshotDifferences } from '../adoption';
import { isPending, type Pending, type VolumeSnapshot, type VolumeSnapshotSpec } from '../target';
import { type KubernetesClass, nameOf } from './classes';
import type { ClusterApi } from './cluster/cluster-api';
import {
  type Pod,
  POD,
  VOLUME_SNAPSHOT,
  VOLUME_SNAPSHOT_CONTENT,
  type VolumeSnapshotContent,
  type VolumeSnapshotObject,
} from './cluster/resources';
import { ANNOTATION, labelsOf, originAnnotations, vmwareAnnotations } from './layout';
import {
  assertStore,
  type FoundVolume,
  readSnapshotRecord,
  type SnapshotRecord,
  snapshotRecord,
  snapshotRecordOf,
} from './records';
import { podState } from './pods/pod-state';
import { type Deadlines, lastWord, settledObject, whyNotGone } from './waits';

export interface SnapshotWait {
  readonly deadlines: Deadlines;
  readonly limitMs: number;
  readonly patienceMs: number;
}

/**
 * Takes a VolumeSnapshot that is there for the one asked for, or refuses it by name.
 * @throws EngineError VOLUME_FOREIGN not ours, or another store's; VOLUME_UNEXPECTED another state
 */
export function adoptSnapshot(
  object: VolumeSnapshotObject,
  spec: VolumeSnapshotSpec,
): SnapshotRecord {
  const record = readSnapshotRecord(object);
  assertStore('VolumeSnapshot', spec.name, record.spec.storeId, spec.storeId);
  const made = object.spec.source.persistentVolumeClaimName;
  const differences = [
    ...snapshotDifferences(record.spec, spec),
    ...(made === record.spec.volume ? [] : [`it was cut from PVC ${made ?? '(none)'}`]),
  ];
  if (differences.length === 0) return record;
  throw new EngineError('VOLUME_UNEXPECTED', {
    where: { object: spec.name },
    expected: `a VolumeSnapshot of layer ${spec.layerId} of volume ${spec.volume}`,
    found: differences.join('; '),
    hint: 'Nothing was changed. Remove the VolumeSnapshot if nobody needs it, or choose other names with --name-prefix.',
  });
}

/** @throws EngineError VOLUME_FOREIGN, VOLUME_UNEXPECTED when the volume does not hold the state to be cut */
export function assertHolds({ mark }: FoundVolume, spec: VolumeSnapshotSpec): void {
  assertStore('volume', spec.volume, mark.storeId, spec.storeId);
  if (mark.phase === 'holds' && mark.layerId === spec.layerId) return;
  throw new EngineError('VOLUME_UNEXPECTED', {
    where: { object: spec.volume },
    expected: `a volume that holds layer ${spec.layerId}, to cut ${spec.name}`,
    found: markWords(mark),
    hint: 'No VolumeSnapshot was made. The layer is applied again on a restore of its parent.',
  });
}

/**
 * A pod named after the volume that has not ended is its writer: nothing is cut under it. What it
 * reported is flushed and closed, but only its end says that nobody holds the device any more; the
 * kubelet takes a second or two to say so.
 */
export async function pendingWriter(
  api: ClusterApi,
  volume: string,
  { deadlines, limitMs, patienceMs }: SnapshotWait,
): Promise<Pending | undefined> {
  const what = `pod ${volume} to leave its volume`;
  // A second before the pod's phase says so.
  const hasEnded = (pod: Pod | undefined) => pod === undefined || podState(pod).state === 'ended';
  const pod = await api.get(POD, volume);
  const seen =
    pod === undefined ? undefined : await settledObject(api, POD, pod, hasEnded, patienceMs);
  if (!hasEnded(seen))
    return deadlines.pending(what, limitMs, `it is ${seen?.status?.phase ?? 'new'}`);
  deadlines.over(what);
  return undefined;
}

export function snapshotFor(
  spec: VolumeSnapshotSpec,
  found: FoundVolume,
  storageClass: KubernetesClass,
): VolumeSnapshotObject {
  const { snapshotClass } = storageClass;
  if (snapshotClass === undefined) throw withoutSnapshots(storageClass);
  return {
    metadata: {
      name: spec.name,
      labels: labelsOf(spec),
      annotations: {
        ...originAnnotations(spec.origin),
        ...vmwareAnnotations(spec.vmwareSnapshot),
        [ANNOTATION.spec]: JSON.stringify(snapshotRecord(spec, found)),
      },
    },
    spec: {
      volumeSnapshotClassName: nameOf(snapshotClass),
      source: { persistentVolumeClaimName: spec.volume },
    },
  };
}

function withoutSnapshots({ name, described }: KubernetesClass): EngineError {
  return new EngineError('CLASS_WITHOUT_SNAPSHOTS', {
    where: { object: name },
    found:
      described.snapshots.how === 'none' ? described.snapshots.reason : 'no VolumeSnapshotClass',
    hint: '`kubectl vm-migrate doctor` lists the classes that can take snapshots.',
  });
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
  const { uid } = content.spec.volumeSnapshotRef;
  if (uid !== metadata.uid) {
    throw new EngineError('VOLUME_UNEXPECTED', {
      where: { object: nameOf(object) },
      expected: `content ${nameOf(content)} to belong to this VolumeSnapshot (uid ${metadata.uid ?? ''})`,
      found: `uid ${uid ?? '(none)'}`,
      hint: 'Its bytes may be those of another VolumeSnapshot, so it is not used.',
    });
  }
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

async function whyNotReady(
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
