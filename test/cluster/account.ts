/** A ServiceAccount that may do exactly what `doctor --rbac` prints, and a kubeconfig for it. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { rbacObjects } from '../../packages/engine/src/targets/kubernetes/rbac';
import type { Kubectl } from './kubectl';

export interface Account {
  readonly kubeconfig: string;
  /** Removes what it has outside of its namespace. */
  remove(): Promise<void>;
}

/** @param server stands in for the API server's own URL, such as a proxy's */
export async function printedAccount(
  kubectl: Kubectl,
  folder: string,
  server?: string,
): Promise<Account> {
  const name = 'vm-migrate';
  const { namespace } = kubectl;
  const items = rbacObjects({ namespace, serviceAccount: name });
  await kubectl.apply({ apiVersion: 'v1', kind: 'List', items });
  const token = (await kubectl.run(['create', 'token', name])).trim();
  const view = await kubectl.run(['config', 'view', '--raw', '--flatten', '-o', 'json']);
  const config = JSON.parse(view) as {
    clusters: { cluster: object }[];
    users: object[];
    contexts: { context: object }[];
  };
  const kubeconfig = path.join(folder, `${namespace}.kubeconfig`);
  const asAccount = {
    ...config,
    users: config.users.map(user => ({ ...user, user: { token } })),
    clusters: config.clusters.map(one => ({
      ...one,
      cluster: { ...one.cluster, ...(server === undefined ? {} : { server }) },
    })),
  };
  writeFileSync(kubeconfig, JSON.stringify(asAccount));
  return {
    kubeconfig,
    async remove() {
      const wide = items.filter(({ kind }) => kind.startsWith('ClusterRole'));
      for (const { kind, metadata } of wide)
        await kubectl.run(['delete', kind, metadata.name ?? '', '--ignore-not-found']);
    },
  };
}
