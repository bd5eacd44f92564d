/** Where the bench runs: a namespace of the test cluster, with the images that its pods need. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { openCluster } from '../../packages/engine/src/targets/kubernetes/cluster/http-cluster-api';
import type { ClusterApi } from '../../packages/engine/src/targets/kubernetes/cluster/cluster-api';
import { ensureCluster, type Cluster } from '../cluster/cluster';
import { loadBytesImage } from '../cluster/expected-bytes';
import { Kubectl } from '../cluster/kubectl';
import { loadMoverImage } from '../cluster/mover-image';

export interface BenchPlace {
  readonly cluster: Cluster;
  readonly kubectl: Kubectl;
  /** For plain calls; who closes what it was given opens one of its own. */
  readonly api: ClusterApi;
  openApi(): ClusterApi;
  /** The mover's image, by digest. */
  readonly moverImage: string;
  /** Temporary; may be mounted by pods: the node is this machine. */
  readonly folder: string;
  close(): Promise<void>;
}

export async function openPlace(name: string): Promise<BenchPlace> {
  const cluster = await ensureCluster({ name });
  cluster.clearFaults();
  await loadBytesImage(cluster);
  const moverImage = await loadMoverImage(cluster);
  const kubectl = await Kubectl.inNewNamespace(cluster);
  const openApi = () =>
    openCluster({ kubeconfig: cluster.kubeconfigPath, namespace: kubectl.namespace });
  const api = openApi();
  const folder = mkdtempSync(path.join(tmpdir(), 'vm-migrate-bench-cluster-'));
  execFileSync('chmod', ['a+rX', folder]);
  return {
    cluster,
    kubectl,
    api,
    openApi,
    moverImage,
    folder,
    async close() {
      api.close();
      await kubectl.run(['delete', 'namespace', kubectl.namespace, '--wait=false']);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
