/** What stands around the pods of workers: how metrics are found, and how many may go at once. */
import { type DeployedObject, HTTP_PORT, WORKER_LABELS, WORKER_NAME } from './worker-deployment';

const metadata = { name: WORKER_NAME, labels: WORKER_LABELS };

/** Headless: each worker has metrics of its own. */
export function metricsService(): DeployedObject {
  const spec = {
    clusterIP: 'None',
    selector: WORKER_LABELS,
    ports: [{ name: 'http', port: HTTP_PORT, targetPort: 'http', protocol: 'TCP' }],
  };
  return {
    why: 'where metrics are found',
    object: { apiVersion: 'v1', kind: 'Service', metadata, spec },
  };
}

export function disruptionBudget(): DeployedObject {
  const spec = { maxUnavailable: 1, selector: { matchLabels: WORKER_LABELS } };
  return {
    why: 'nodes are drained one after the other',
    object: { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata, spec },
  };
}

/** For the Prometheus operator. @param labels by which it is chosen */
export function podMonitor(labels: Readonly<Record<string, string>>): DeployedObject {
  const spec = {
    selector: { matchLabels: WORKER_LABELS },
    podMetricsEndpoints: [{ port: 'http', path: '/metrics', interval: '30s' }],
  };
  return {
    why: 'for the Prometheus operator',
    object: {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PodMonitor',
      metadata: { ...metadata, labels: { ...WORKER_LABELS, ...labels } },
      spec,
    },
  };
}
