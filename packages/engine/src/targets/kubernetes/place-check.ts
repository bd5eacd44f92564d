/** The configured cluster and an allowed namespace, or nothing is done. */
import { EngineError } from '../../errors';
import type { ClusterApi } from './cluster/cluster-api';
import type { KubernetesOptions } from './options';

/** Whose first request tells the namespace. @throws EngineError CLUSTER_REFUSED, CONFIG_INVALID */
export async function assertPlace(
  api: ClusterApi,
  target: string,
  { clusterId, namespaces }: Pick<KubernetesOptions, 'clusterId' | 'namespaces'>,
  firstRequest: () => Promise<unknown>,
): Promise<void> {
  const identity = clusterId === undefined ? undefined : await api.identity();
  if (identity !== clusterId) {
    throw new EngineError('CLUSTER_REFUSED', {
      where: { object: `target ${target}` },
      expected: `the cluster ${clusterId ?? ''} (uid of its namespace kube-system)`,
      found: `the cluster ${identity ?? ''}`,
      hint: 'The kubeconfig or context leads to another cluster than the target was configured for. Nothing was changed.',
    });
  }
  if (namespaces === undefined) return;
  await firstRequest();
  if (namespaces.includes(api.namespace)) return;
  throw new EngineError('CONFIG_INVALID', {
    where: { object: `target ${target}` },
    expected: `one of the namespaces ${namespaces.join(', ')}`,
    found: api.namespace,
  });
}
