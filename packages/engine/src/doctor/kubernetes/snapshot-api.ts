/**
 * VolumeSnapshots need CRDs, a snapshot controller, and for each driver a csi-snapshotter. The API
 * tells of the CRDs alone: that the rest is alive is seen when a VolumeSnapshot becomes ready.
 */
import {
  VOLUME_SNAPSHOT,
  VOLUME_SNAPSHOT_CLASS,
  VOLUME_SNAPSHOT_CONTENT,
} from '../../targets/kubernetes/cluster/resources';
import { failed, ok, type DoctorCheck } from '../check';
import { kubectl, type ClusterCheck } from './cluster-check';

export const checkSnapshotApi: ClusterCheck = async context => {
  const { api, name } = context;
  const title = `snapshot API ${name}`;
  const kinds = [VOLUME_SNAPSHOT, VOLUME_SNAPSHOT_CONTENT, VOLUME_SNAPSHOT_CLASS];
  const served = await Promise.all(kinds.map(kind => api.serves(kind)));
  const absent = kinds.filter((_, index) => served[index] !== true);
  if (absent.length > 0)
    return [
      {
        name: title,
        state: 'failed',
        found: `snapshot.storage.k8s.io/v1 has no ${absent.map(({ plural }) => plural).join(', ')}`,
        remedy:
          'Install the CRDs and the snapshot controller of kubernetes-csi/external-snapshotter, in the version that your storage driver asks for.',
        command: `${kubectl(context)} api-resources --api-group snapshot.storage.k8s.io`,
      },
    ];
  return [
    ok(title, 'snapshot.storage.k8s.io/v1 is served'),
    await controllerCheck(context).catch(error => failed(`snapshot controller ${name}`, error)),
  ];
};

interface Seen {
  readonly name: string;
  readonly isReady: boolean;
  readonly at: number;
}

const controllerCheck = async (context: Parameters<ClusterCheck>[0]): Promise<DoctorCheck> => {
  const title = `snapshot controller ${context.name}`;
  const { items } = await context.api.list(VOLUME_SNAPSHOT);
  const seen = items
    .map(({ metadata, status }): Seen => ({
      name: metadata.name ?? '',
      isReady: status?.readyToUse === true,
      at: Date.parse(status?.creationTime ?? metadata.creationTimestamp ?? ''),
    }))
    .sort((one, other) => other.at - one.at);
  const ready = seen.find(one => one.isReady);
  const waiting = seen.filter(one => !one.isReady && Date.now() - one.at > STALE_MS);
  if (waiting.length > 0)
    return {
      name: title,
      state: 'warning',
      found: `${waiting.length} VolumeSnapshots are not ready since more than ${STALE_MS / 60_000} min: ${waiting
        .slice(0, 3)
        .map(one => one.name)
        .join(', ')}${waiting.length > 3 ? ', ...' : ''}`,
      remedy:
        'Their events say why. Without any, no snapshot controller runs, or no csi-snapshotter runs beside the driver.',
      command: `${kubectl(context)} describe volumesnapshot ${waiting[0]?.name ?? ''}`,
    };
  if (ready !== undefined)
    return ok(title, `made ${ready.name} ready, ${new Date(ready.at).toISOString()}`);
  return {
    name: title,
    state: 'skipped',
    found: 'nothing shows whether it runs: no VolumeSnapshot is in this namespace',
    remedy:
      'The probe shows it: it makes a volume, cuts and restores it, compares, and removes all.',
    command: 'kubectl vm-migrate doctor --probe',
  };
};

const STALE_MS = 300_000;
