/**
 * What a run does to its pod. A pod belongs to the run that its annotation names: a later claim that
 * takes it over writes its own name there, under the pod's resourceVersion. So every act of a run is
 * bound to a resourceVersion at which the pod was still its own, and the API server refuses what a
 * stale worker meant for a pod that goes on for somebody else.
 */
import { EngineError } from '../../../errors';
import type { ClusterApi } from '../cluster/cluster-api';
import { type Pod, POD } from '../cluster/resources';
import { ANNOTATION } from '../layout';

export type Annotations = Readonly<Record<string, string | null>>;

export function belongsTo({ metadata }: Pod, runId: string): boolean {
  return metadata.annotations?.[ANNOTATION.run] === runId;
}

/** A pod that is gone needs no annotations: it counts as our own. */
export async function annotateOwn(
  api: ClusterApi,
  pod: Pod,
  runId: string,
  annotations: Annotations,
): Promise<'own' | 'taken over'> {
  return onOwn(api, pod, runId, async now => {
    const answer = await api.patch(
      POD,
      now.metadata.name ?? '',
      { metadata: { annotations } },
      { resourceVersion: now.metadata.resourceVersion ?? '' },
    );
    return answer !== 'conflict';
  });
}

/** With the pod's own grace period: its mover finishes the window in hand. Never by force. */
export async function removeOwn(
  api: ClusterApi,
  pod: Pod,
  runId: string,
): Promise<'own' | 'taken over'> {
  return onOwn(api, pod, runId, async ({ metadata }) => {
    const { name = '', uid = '', resourceVersion = '' } = metadata;
    return (await api.delete(POD, name, { uid, resourceVersion })) !== 'changed';
  });
}

/** `act` answers whether the pod was still as given; it is tried again on the pod as it then is. */
async function onOwn(
  api: ClusterApi,
  pod: Pod,
  runId: string,
  act: (now: Pod) => Promise<boolean>,
): Promise<'own' | 'taken over'> {
  const { name = '', uid } = pod.metadata;
  let now: Pod | undefined = pod;
  for (;;) {
    if (now === undefined || now.metadata.uid !== uid) return 'own';
    if (!belongsTo(now, runId)) return 'taken over';
    if (await act(now)) return 'own';
    now = await api.get(POD, name);
  }
}

/** Whether it was read before the other one. Versions are numbers on every API server that keeps its objects in etcd. */
export function isOlder(pod: Pod, than: Pod): boolean {
  return Number(pod.metadata.resourceVersion) < Number(than.metadata.resourceVersion);
}

/** What a run ends with whose pod goes on for a later claim. */
export function takenOver(pod: Pod, runId: string): EngineError {
  return new EngineError('STORE_CONFLICT', {
    where: { object: `pod ${pod.metadata.name ?? '?'}` },
    expected: `the pod to belong to run ${runId}`,
    found: `run ${pod.metadata.annotations?.[ANNOTATION.run] ?? '(none)'}, which took it over`,
  });
}
