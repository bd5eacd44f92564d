import { execFile } from 'node:child_process';

import type { Cluster } from './cluster';
import { until } from './until';

const PATIENCE_MS = 60_000;

export interface KubeObject {
  readonly metadata: { readonly name: string; readonly uid: string };
}

/** kubectl of a cluster in one namespace, enough for the tests of the cluster itself. */
export class Kubectl {
  constructor(
    private readonly cluster: Cluster,
    readonly namespace: string,
  ) {}

  /** A new namespace that admits restricted pods only. Its objects go when the cluster goes. */
  static async inNewNamespace(cluster: Cluster): Promise<Kubectl> {
    const name = `t-${Date.now().toString(36)}-${process.pid}`;
    const kubectl = new Kubectl(cluster, name);
    await kubectl.apply({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    });
    // Pods are refused before it is there.
    await until('the ServiceAccount', PATIENCE_MS, () => kubectl.get('serviceaccount/default'));
    return kubectl;
  }

  run(args: readonly string[], stdin = ''): Promise<string> {
    const common = [`--kubeconfig=${this.cluster.kubeconfigPath}`, `--namespace=${this.namespace}`];
    return new Promise((resolve, reject) => {
      const child = execFile(
        this.cluster.kubectlPath,
        [...common, ...args],
        { timeout: PATIENCE_MS },
        (error, stdout, stderr) => {
          if (error === null) resolve(stdout);
          else reject(new Error(`kubectl ${args.join(' ')}: ${stderr || error.message}`));
        },
      );
      // It may have ended without reading: its exit code says why.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(stdin);
    });
  }

  apply(object: object): Promise<string> {
    return this.run(['apply', '--server-side', '-f', '-'], JSON.stringify(object));
  }

  async get<T = KubeObject>(resource: string): Promise<T> {
    return JSON.parse(await this.run(['get', resource, '-o', 'json'])) as T;
  }

  /** Waits until the object is as it should be, and returns it. */
  until<T>(resource: string, isSo: (object: T) => boolean, timeoutMs = PATIENCE_MS): Promise<T> {
    return until(`${resource} in ${this.namespace}`, timeoutMs, async () => {
      const object = await this.get<T>(resource);
      return isSo(object) && object;
    });
  }
}
