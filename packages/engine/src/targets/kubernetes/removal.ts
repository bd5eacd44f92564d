/** Taking a volume or VolumeSnapshot away: only this store's, only the very object that was looked at, and to its end. */
import type { Pending } from '../target';
import type { ClusterApi } from './cluster/cluster-api';
import {
  type KubeObject,
  PERSISTENT_VOLUME_CLAIM,
  type ResourceKind,
  VOLUME_SNAPSHOT,
} from './cluster/resources';
import { assertStore, readSnapshotRecord, readVolume } from './records';
import type { TargetPods } from './target-pods';
import { type Deadlines, settledObject, whyNotGone } from './waits';

export interface RemovalWait {
  readonly deadlines: Deadlines;
  readonly limitMs: number;
  readonly patienceMs: number;
}

/** Whose an object must be to be removed. Of another store it is refused, of another migration left. */
interface Owner {
  readonly storeId: string;
  readonly ofMigrations: ReadonlySet<string> | undefined;
}

/** @throws EngineError VOLUME_FOREIGN, VOLUME_BUSY, CLUSTER_STUCK */
export async function removeVolume(
  api: ClusterApi,
  pods: TargetPods,
  name: string,
  { storeId, ofMigrations }: Owner,
  wait: RemovalWait,
): Promise<void | Pending> {
  const claim = await api.get(PERSISTENT_VOLUME_CLAIM, name);
  if (claim === undefined) return undefined; // what stood beside it belongs to it, and goes with it
  const { mark } = readVolume(claim);
  assertStore('volume', name, mark.storeId, storeId);
  if (ofMigrations?.has(mark.migrationId) === false) return undefined;
  const what = `the pod of volume ${name} to go`;
  const busy = await pods.release(name);
  if (busy !== undefined) {
    const { retryMs, reason } = wait.deadlines.pending(what, wait.limitMs, busy.reason);
    return { pending: true, retryMs: Math.max(retryMs, busy.retryMs), reason };
  }
  wait.deadlines.over(what);
  return removeObject(api, PERSISTENT_VOLUME_CLAIM, claim, wait);
}

/** @throws EngineError VOLUME_FOREIGN, CLUSTER_STUCK */
export async function removeVolumeSnapshot(
  api: ClusterApi,
  name: string,
  { storeId, ofMigrations }: Owner,
  wait: RemovalWait,
): Promise<void | Pending> {
  const object = await api.get(VOLUME_SNAPSHOT, name);
  if (object === undefined) return undefined;
  const { spec } = readSnapshotRecord(object);
  assertStore('VolumeSnapshot', name, spec.storeId, storeId);
  if (ofMigrations?.has(spec.migrationId) === false) return undefined;
  return removeObject(api, VOLUME_SNAPSHOT, object, wait);
}

export async function removeObject<T extends KubeObject>(
  api: ClusterApi,
  kind: ResourceKind<T>,
  object: T,
  { deadlines, limitMs, patienceMs }: RemovalWait,
): Promise<void | Pending> {
  const { name = '', uid = '', deletionTimestamp } = object.metadata;
  const what = `${kind.kind} ${name} to go`;
  if (deletionTimestamp === undefined) {
    const answer = await api.delete(kind, name, { uid });
    // Another object has the name now: it is looked at like the first one.
    if (answer === 'changed')
      return { pending: true, retryMs: 0, reason: `${what}: looking again` };
  }
  const isGone = (seen: T | undefined) => seen?.metadata.uid !== uid;
  const left = await settledObject(api, kind, object, isGone, patienceMs);
  if (left !== undefined && !isGone(left))
    return deadlines.pending(what, limitMs, await whyNotGone(api, kind, left));
  deadlines.over(what);
  return undefined;
}
