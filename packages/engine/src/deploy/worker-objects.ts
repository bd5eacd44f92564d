/** From a deployment to its objects, in the order in which they are applied. */
import { rbacObjects } from '../targets/kubernetes/rbac';
import { configMap } from './config-map';
import { workerPods } from './deployment';
import { moverPolicies, workerPolicy } from './network-policies';
import { postgresObjects } from './postgres';
import { disruptionBudget, metricsService, podMonitor } from './services';
import {
  type DeployedObject,
  type Manifest,
  WORKER_LABELS,
  type WorkerDeployment,
} from './worker-deployment';

export function workerObjects(deployment: WorkerDeployment): readonly DeployedObject[] {
  const { namespace, serviceAccount, postgres, replicas } = deployment;
  const config = configMap(deployment);
  const budget = replicas > 1 ? [disruptionBudget()] : [];
  const all: readonly DeployedObject[] = [
    ...rbacObjects({ namespace, serviceAccount }).map(object => ({
      object: {
        ...object,
        metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...WORKER_LABELS } },
      },
      why: 'the rights of workers: exactly those of doctor --rbac',
    })),
    ...(postgres === undefined ? [] : postgresObjects(postgres)),
    config,
    workerPolicy(deployment),
    ...moverPolicies(deployment.sources),
    metricsService(),
    ...budget,
    workerPods(deployment, config.object),
    ...(deployment.podMonitor === undefined ? [] : [podMonitor(deployment.podMonitor)]),
  ];
  return all.map(({ object, why }) => ({ object: inNamespace(object, namespace), why }));
}

function inNamespace(object: Manifest, namespace: string): Manifest {
  if (object.kind?.startsWith('ClusterRole') === true) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}
