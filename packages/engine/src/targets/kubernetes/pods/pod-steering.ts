/** What the engine tells a pod that runs or has run: annotations that its mover reads, and the end. */
import type { ClusterApi } from '../cluster/cluster-api';
import { type Pod, POD } from '../cluster/resources';
import { ANNOTATION } from '../layout';

/** Sets one annotation of exactly this pod; a pod that is gone needs none. */
export async function annotate(
  api: ClusterApi,
  pod: Pod,
  annotation: 'bytesPerSecond' | 'stop',
  value: string,
): Promise<void> {
  const { name = '', uid } = pod.metadata;
  let now: Pod | undefined = pod;
  for (;;) {
    if (now === undefined || now.metadata.uid !== uid) return;
    const answer = await api.patch(
      POD,
      name,
      { metadata: { annotations: { [ANNOTATION[annotation]]: value } } },
      { resourceVersion: now.metadata.resourceVersion ?? '' },
    );
    if (answer !== 'conflict') return;
    now = await api.get(POD, name);
  }
}

/** With the pod's own grace period: its mover finishes the window in hand. Never by force. */
export async function removePod(api: ClusterApi, pod: Pod): Promise<void> {
  const { name = '', uid = '' } = pod.metadata;
  await api.delete(POD, name, { uid });
}

export function isEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}
