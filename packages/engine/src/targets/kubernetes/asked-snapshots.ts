/**
 * Asks the cluster for a VolumeSnapshot of a volume that holds just this state and has no writer, or
 * takes the one that is there. When it is cut and when it is ready, snapshot-readiness.ts says.
 */
import type { Pending, VolumeSnapshotSpec } from '../target';
import type { ClusterApi } from './cluster/cluster-api';
import { VOLUME_SNAPSHOT, type VolumeSnapshotObject } from './cluster/resources';
import type { KnownClasses } from './known-classes';
import { checkedName, objectManager } from './layout';
import type { FoundVolume, SnapshotRecord } from './records';
import { pendingPredecessorSnapshot, type SnapshotWait } from './snapshot-readiness';
import {
  adoptSnapshot,
  assertHolds,
  assertUnwritten,
  pendingWriter,
  snapshotFor,
} from './volume-snapshots';
import { missing } from './volumes';

/** An object that a VolumeSnapshot was asked for with. */
export interface AskedSnapshot {
  readonly object: VolumeSnapshotObject;
  readonly record: SnapshotRecord;
}

export interface AskingDeps {
  readonly api: ClusterApi;
  readonly classes: KnownClasses;
  /** `undefined`: there is no such volume. */
  readonly volume: (name: string) => Promise<FoundVolume | undefined>;
  /** For a VolumeSnapshot to be made. */
  readonly making: SnapshotWait;
  /** For an earlier one of its name to go. */
  readonly going: SnapshotWait;
}

const CAME_AND_WENT =
  'the API server says that there is one of this name, and a moment later that there is none';

/**
 * The object that is there or was made now, as this spec's own.
 * @throws EngineError VOLUME_MISSING, VOLUME_FOREIGN, VOLUME_UNEXPECTED, CLASS_WITHOUT_SNAPSHOTS, CLUSTER_STUCK
 */
export async function askedSnapshot(
  spec: VolumeSnapshotSpec,
  deps: AskingDeps,
): Promise<AskedSnapshot | Pending> {
  const { api, classes, making } = deps;
  const there = await adoptedSnapshot(spec, deps);
  if (there !== undefined) return there;
  const found = await deps.volume(spec.volume);
  if (found === undefined) throw missing(spec.volume);
  assertHolds(found, spec);
  const object = snapshotFor(spec, found, await classes.named(found.volume.storageClass));
  const writer = await pendingWriter(api, spec, making);
  if (writer !== undefined) return writer;
  const manager = objectManager(spec.storeId);
  const made = await api.applyNew(VOLUME_SNAPSHOT, object, { manager });
  if (made !== 'exists') {
    await assertUnwritten(api, made, spec);
    return { object: made, record: adoptSnapshot(made, spec) };
  }
  // Another worker was sooner, or an earlier try of ours: what is there is compared.
  const sooner = await adoptedSnapshot(spec, deps);
  if (sooner !== undefined) return sooner;
  return making.deadlines.pending(
    `VolumeSnapshot ${spec.name} to be made`,
    making.limitMs,
    CAME_AND_WENT,
  );
}

/** `undefined`: there is none of that name. */
async function adoptedSnapshot(
  spec: VolumeSnapshotSpec,
  { api, going }: AskingDeps,
): Promise<AskedSnapshot | Pending | undefined> {
  const object = await api.get(VOLUME_SNAPSHOT, checkedName(spec.name));
  if (object === undefined) return undefined;
  if (object.metadata.deletionTimestamp !== undefined)
    return pendingPredecessorSnapshot(api, object, going);
  return { object, record: adoptSnapshot(object, spec) };
}
