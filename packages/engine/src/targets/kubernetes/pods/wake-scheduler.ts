/**
 * The scheduler may look at a pod just before it learns that the pod's volumes are bound, file it as
 * one that no node takes, and look again only after five minutes: its queue and its cache of claims
 * hear of a change one after the other (seen twice with kube-scheduler 1.34 on busy machines; the
 * claim was bound 20 ms before its last look). Any change of a claim makes it look at once.
 */
import type { ClusterApi } from '../cluster/cluster-api';
import {
  PERSISTENT_VOLUME_CLAIM,
  type PersistentVolumeClaim,
  type Pod,
} from '../cluster/resources';
import { ANNOTATION, LABEL, OURS } from '../layout';

/** Its words since Kubernetes 1.6. */
const UNBOUND = /unbound immediate PersistentVolumeClaims/;

/** Touches a claim of a pod that is said to wait for one, when all of them are bound. Returns whether it did. */
export async function wakeScheduler(api: ClusterApi, pod: Pod): Promise<boolean> {
  if (!saysUnbound(pod)) return false;
  const claims = await Promise.all(
    claimsOf(pod).map(name => api.get(PERSISTENT_VOLUME_CLAIM, name)),
  );
  if (!claims.every(claim => claim?.status?.phase === 'Bound')) return false;
  const ours = claims.find(
    claim => claim?.metadata.labels?.[LABEL.managedBy] === OURS[LABEL.managedBy],
  );
  // A conflict is a change by somebody else, which does as well.
  if (ours !== undefined) await touch(api, ours);
  return ours !== undefined;
}

function touch(api: ClusterApi, { metadata }: PersistentVolumeClaim) {
  const annotations = { [ANNOTATION.bound]: new Date().toISOString() };
  const { name = '', resourceVersion = '' } = metadata;
  return api.patch(
    PERSISTENT_VOLUME_CLAIM,
    name,
    { metadata: { annotations } },
    { resourceVersion },
  );
}

function saysUnbound({ status }: Pod): boolean {
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  return scheduled?.status === 'False' && UNBOUND.test(scheduled.message ?? '');
}

function claimsOf({ spec }: Pod): string[] {
  const volumes = (spec['volumes'] ?? []) as readonly {
    readonly persistentVolumeClaim?: { readonly claimName: string };
  }[];
  return volumes.flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []);
}
