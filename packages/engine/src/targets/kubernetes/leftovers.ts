/**
 * What of ours stands in a namespace beside volumes and ready VolumeSnapshots: found by label. A
 * Secret with an order belongs to its pod, and tables to their volume, so the cluster removes them
 * when that goes; Secrets are never listed, since who may list them may read them.
 */
import type { Leftover, Pending } from '../target';
import { nameOf } from './object-names';
import type { ClusterApi } from './cluster/cluster-api';
import {
  type KubeObject,
  PERSISTENT_VOLUME_CLAIM,
  type PersistentVolumeClaim,
  POD,
  type Pod,
  VOLUME_SNAPSHOT,
  type VolumeSnapshotObject,
} from './cluster/resources';
import { ANNOTATION, LABEL, OURS } from './layout';
import { podState } from './pods/pod-state';
import { snapshotRecordOf, volumeOf } from './records';
import { removeObject, type RemovalWait } from './removal';
import { whyNotReady } from './snapshot-readiness';

export async function leftoversOf(api: ClusterApi): Promise<readonly Leftover[]> {
  const query = { labels: OURS };
  const [snapshots, pods, claims] = await Promise.all([
    api.list(VOLUME_SNAPSHOT, query),
    api.list(POD, query),
    api.list(PERSISTENT_VOLUME_CLAIM, query),
  ]);
  const unready = snapshots.items.filter(one => one.status?.readyToUse !== true).filter(isStaying);
  return [
    ...(await Promise.all(unready.map(object => unreadySnapshot(api, object)))).flat(),
    ...pods.items.filter(isStaying).map(podOf),
    ...tablesOf(claims.items),
  ];
}

async function unreadySnapshot(
  api: ClusterApi,
  object: VolumeSnapshotObject,
): Promise<readonly Leftover[]> {
  const record = snapshotRecordOf(object);
  if (record === undefined) return [];
  const { spec } = record;
  return [
    {
      ...idsOf(object),
      kind: 'volume-snapshot',
      storeId: spec.storeId,
      migrationId: spec.migrationId,
      state: `not ready: ${await whyNotReady(api, object, undefined)}`,
      spec,
    },
  ];
}

function podOf(pod: Pod): Leftover {
  const run = pod.metadata.annotations?.[ANNOTATION.run]?.split('/')[0];
  return {
    ...idsOf(pod),
    ...(run === undefined ? {} : { migrationId: run }),
    kind: 'pod',
    state: `a mover, ${podState(pod).state}`,
  };
}

/** Those whose volume is not there: with it they are part of it, and go with it. */
function tablesOf(claims: readonly PersistentVolumeClaim[]): readonly Leftover[] {
  const present = new Set(claims.map(claim => claim.metadata.uid));
  return claims
    .filter(isStaying)
    .filter(claim => volumeOf(claim) === undefined && isTables(claim))
    .filter(({ metadata: { ownerReferences = [] } }) =>
      ownerReferences.every(owner => !present.has(owner.uid)),
    )
    .map((claim): Leftover => ({
      ...idsOf(claim),
      kind: 'tables',
      state: 'block tables of a volume that is gone',
    }));
}

function isTables({ metadata }: PersistentVolumeClaim): boolean {
  return metadata.labels?.['app.kubernetes.io/component'] === 'tables';
}

function isStaying({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp === undefined;
}

function idsOf(object: KubeObject): Pick<Leftover, 'name' | 'id' | 'storeId' | 'migrationId'> {
  const { uid = '', labels = {} } = object.metadata;
  return {
    name: nameOf(object),
    id: uid,
    storeId: labels[LABEL.store],
    migrationId: labels[LABEL.migration] ?? '',
  };
}

const KIND_OF = {
  'volume-snapshot': VOLUME_SNAPSHOT,
  pod: POD,
  tables: PERSISTENT_VOLUME_CLAIM,
} as const;

/** Only the very object that was found: another of its name has another uid. @throws EngineError CLUSTER_STUCK */
export async function removeLeftover(
  api: ClusterApi,
  { kind, name, id }: Leftover,
  wait: RemovalWait,
): Promise<void | Pending> {
  const resource = KIND_OF[kind];
  const object = await api.get<KubeObject>(resource, name);
  if (object === undefined || object.metadata.uid !== id) return undefined;
  return removeObject<KubeObject>(api, resource, object, wait);
}
