/** The engine's configuration as a worker in the cluster has it: sources that pods reach, and this cluster by the pod's own account. */
import { stringify } from 'yaml';
import type { KubeObject } from '../targets/kubernetes/cluster/resources';
import {
  type DeployedObject,
  HTTP_PORT,
  WORKER_LABELS,
  WORKER_NAME,
  type WorkerDeployment,
} from './worker-deployment';

export const CONFIG_FILE = 'app-config.yaml';
export const CONFIG_FOLDER = '/etc/vm-migrate';

export interface ConfigMap extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

export function configMap(
  deployment: WorkerDeployment,
): DeployedObject & { readonly object: ConfigMap } {
  const { sources, target, workLimits } = deployment;
  const vmMigrate = {
    ...(sources.length === 0
      ? {}
      : {
          sources: Object.fromEntries(
            sources.map(({ name, kind, options }) => [name, { kind, ...options }]),
          ),
        }),
    targets: { [target.name]: { kind: 'kubernetes', default: true, ...target.options } },
    ...(Object.keys(workLimits).length === 0 ? {} : { limits: workLimits }),
    worker: { healthPort: HTTP_PORT, metricsPort: HTTP_PORT, listen: '*' },
  };
  const certificates = sources.flatMap(({ name, caPem }) =>
    caPem === undefined ? [] : [[certificatesKey(name), caPem]],
  );
  return {
    why: 'the configuration of workers: no secret is in it',
    object: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: WORKER_NAME, labels: WORKER_LABELS },
      data: {
        [CONFIG_FILE]: stringify({ vmMigrate }, { lineWidth: 0, aliasDuplicateObjects: false }),
        ...Object.fromEntries(certificates),
      },
    },
  };
}

export function certificatesKey(source: string): string {
  return `${source}.ca.pem`;
}
