/** VolumeSnapshots: how one is asked for, and when one that is there is adopted. */
import { EngineError } from '../../errors';
import { markWords, snapshotDifferences } from '../adoption';
import type { Pending, VolumeSnapshotSpec } from '../target';
import type { KubernetesClass } from './classes';
import { nameOf } from './object-names';
import type { ClusterApi } from './cluster/cluster-api';
import {
  PERSISTENT_VOLUME_CLAIM,
  type Pod,
  POD,
  VOLUME_SNAPSHOT,
  type VolumeSnapshotObject,
} from './cluster/resources';
import { ANNOTATION, labelsOf, originAnnotations, vmwareAnnotations } from './layout';
import {
  assertStore,
  type FoundVolume,
  readSnapshotRecord,
  type SnapshotRecord,
  snapshotRecord,
  volumeOf,
} from './records';
import { restsAfter } from './pods/pod-rest';
import { podState } from './pods/pod-state';
import type { SnapshotWait } from './snapshot-readiness';
import { settledObject } from './waits';

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
 * A pod named after the volume that has not ended is its writer: nothing is cut under it, unless it
 * rests after just this layer (pods/pod-rest.ts). What another one reported is flushed and closed,
 * but only its end says that nobody holds the device any more; the kubelet takes a second or two to
 * say so.
 */
export async function pendingWriter(
  api: ClusterApi,
  { volume, layerId }: VolumeSnapshotSpec,
  { deadlines, limitMs, patienceMs }: SnapshotWait,
): Promise<Pending | undefined> {
  const what = `pod ${volume} to leave its volume`;
  const hasEnded = (pod: Pod | undefined) => !writes(pod, layerId);
  const pod = await api.get(POD, volume);
  const seen =
    pod === undefined ? undefined : await settledObject(api, POD, pod, hasEnded, patienceMs);
  if (!hasEnded(seen))
    return deadlines.pending(what, limitMs, `it is ${seen?.status?.phase ?? 'new'}`);
  deadlines.over(what);
  return undefined;
}

/** A second before its phase says so, a pod whose container ended writes no more. */
function writes(pod: Pod | undefined, layerId: string): boolean {
  return pod !== undefined && podState(pod).state !== 'ended' && restsAfter(pod) !== layerId;
}

/**
 * Looks once more when the VolumeSnapshot was asked for: the mark is set before a writer begins, so
 * a volume that still holds the layer was not written before the question. Else the question came
 * from a worker that had slept over the next layer's beginning, and is taken back.
 * @throws EngineError VOLUME_UNEXPECTED
 */
export async function assertUnwritten(
  api: ClusterApi,
  object: VolumeSnapshotObject,
  spec: VolumeSnapshotSpec,
): Promise<void> {
  const claim = await api.get(PERSISTENT_VOLUME_CLAIM, spec.volume);
  const mark = claim === undefined ? undefined : volumeOf(claim)?.mark;
  if (mark?.phase === 'holds' && mark.layerId === spec.layerId) return;
  await api.delete(VOLUME_SNAPSHOT, nameOf(object), { uid: object.metadata.uid ?? '' });
  throw new EngineError('VOLUME_UNEXPECTED', {
    where: { object: spec.volume },
    expected: `a volume that still holds layer ${spec.layerId} when ${spec.name} is cut`,
    found: mark === undefined ? 'no volume' : markWords(mark),
    hint: 'The VolumeSnapshot was taken back. The next look at the volume tells what it holds.',
  });
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
