/**
 * A target as it is configured, with mover pods, in a namespace that enforces `restricted`, by a
 * ServiceAccount that has exactly the printed rights.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import { type Cluster, describeWithOwnCluster, ensureCluster } from '../../../../../test/cluster';
import { Kubectl } from '../../../../../test/cluster/kubectl';
import { loadMoverImage } from '../../../../../test/cluster/mover-image';
import { MIB } from '../../bytes';
import type { Mover } from '../../mover/mover';
import { tempFolder } from '../../testing/temp-folder';
import { openTarget } from '../open-target';
import { proveClass } from '../prove-class';
import { type Target, isPending } from '../target';
import './cluster/client-node'; // loads now, which in jest takes longer than a test may
import { openCluster } from './cluster/http-cluster-api';
import { POD } from './cluster/resources';
import { KubernetesTarget } from './kubernetes-target';
import { CLUSTER_RULES, missingRights, NAMESPACE_RULES } from './rights';

jest.setTimeout(240_000);
const folder = tempFolder();

describeWithOwnCluster('a configured Kubernetes target', () => {
  let cluster: Cluster;
  let kubectl: Kubectl;
  let image: string;
  let kubeconfig: string;

  beforeAll(async () => {
    cluster = await ensureCluster();
    image = await loadMoverImage(cluster);
    kubectl = await Kubectl.inNewNamespace(cluster);
    kubeconfig = await accountWith(kubectl, 'mover', NAMESPACE_RULES, CLUSTER_RULES);
  });
  afterAll(async () => {
    await kubectl.run([
      'delete',
      'clusterrole,clusterrolebinding',
      '-l',
      `of=${kubectl.namespace}`,
    ]);
    await kubectl.run(['delete', 'namespace', kubectl.namespace, '--wait=false']);
  });

  /** A kubeconfig of a new ServiceAccount with these rights. */
  async function accountWith(
    by: Kubectl,
    name: string,
    inNamespace: typeof NAMESPACE_RULES,
    inCluster: typeof CLUSTER_RULES,
  ): Promise<string> {
    const { namespace } = by;
    const own = { name, namespace };
    const wide = { name: `${namespace}-${name}`, labels: { of: namespace } };
    const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' };
    const subjects = [{ kind: 'ServiceAccount', name, namespace }];
    const roleRef = (kind: string, role: string) => ({
      apiGroup: 'rbac.authorization.k8s.io',
      kind,
      name: role,
    });
    await by.apply({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: own },
        { ...rbac, kind: 'Role', metadata: own, rules: inNamespace },
        { ...rbac, kind: 'RoleBinding', metadata: own, subjects, roleRef: roleRef('Role', name) },
        { ...rbac, kind: 'ClusterRole', metadata: wide, rules: inCluster },
        {
          ...rbac,
          kind: 'ClusterRoleBinding',
          metadata: wide,
          subjects,
          roleRef: roleRef('ClusterRole', wide.name),
        },
      ],
    });
    const token = (await by.run(['create', 'token', name])).trim();
    const view = ['config', 'view', '--raw', '--flatten', '-o', 'json'];
    const config = JSON.parse(await by.run(view)) as { users: object[]; contexts: object[] };
    const users = config.users.map(user => ({ ...user, user: { token } }));
    const file = path.join(folder, `${name}.kubeconfig`);
    await writeFile(file, JSON.stringify({ ...config, users }));
    return file;
  }

  const open = (options: object = {}): Target =>
    openTarget(
      {
        name: 'lab',
        kind: 'kubernetes',
        kubeconfig,
        namespace: kubectl.namespace,
        moverImage: image,
        pods: { imagePullPolicy: 'Never' },
        ...options,
      },
      { mover: {} as Mover },
    );

  it.each(['Block', 'Filesystem'])(
    'proves a class with %s volumes through mover pods',
    async volumeMode => {
      const target = open({ volumeMode });
      const proof = await proveClass(target, {
        storageClass: 'fast',
        storeId: 'store',
        runId: `probe-${volumeMode}`,
        patternBytes: 2 * MIB,
      });
      expect(proof).toMatchObject({ storageClass: 'fast', snapshotsOutliveVolume: true });
      expect(await target.inventory()).toEqual({ volumes: [], volumeSnapshots: [] });
      const api = openCluster({ kubeconfig, namespace: kubectl.namespace });
      expect((await api.list(POD)).items).toEqual([]);
      api.close();
      if (target instanceof KubernetesTarget) await target.close();
    },
  );

  it('finds out by the probe that snapshots of a class die with their volume', async () => {
    // A restore of what is no more is tried by the cluster for ever.
    const target = open({ volumeMode: 'Block', deadlines: { volumeMs: 15_000 } });
    const proof = await proveClass(target, {
      storageClass: 'mortal',
      storeId: 'store',
      runId: 'probe-mortal',
      patternBytes: MIB,
    });
    expect(proof).toMatchObject({ snapshotsOutliveVolume: false });
    // The provisioner lets go of the VolumeSnapshot minutes later; its removal was asked for.
    const left = await kubectl.get<{ items: { metadata: { deletionTimestamp?: string } }[] }>(
      'volumesnapshots',
    );
    expect(left.items.filter(one => one.metadata.deletionTimestamp === undefined)).toEqual([]);
    expect(await target.inventory()).toEqual({ volumes: [], volumeSnapshots: [] });
    if (target instanceof KubernetesTarget) await target.close();
  });

  it('knows which rights are missing', async () => {
    const api = openCluster({ kubeconfig, namespace: kubectl.namespace });
    expect(await missingRights(api)).toEqual([]);
    api.close();
    const withoutPods = NAMESPACE_RULES.map(rule => ({
      ...rule,
      resources: rule.resources.filter(resource => resource !== 'pods'),
    })).filter(rule => rule.resources.length > 0);
    const poor = await accountWith(kubectl, 'poor', withoutPods, []);
    const theirs = openCluster({ kubeconfig: poor, namespace: kubectl.namespace });
    const missing = await missingRights(theirs);
    theirs.close();
    expect(missing.filter(right => right.onlyFor === undefined).map(right => right.words)).toEqual([
      ...['get', 'list', 'watch', 'create', 'patch', 'delete'].map(
        verb => `${verb} pods in namespace ${kubectl.namespace}`,
      ),
      'list storageclasses.storage.k8s.io in the cluster',
      'list volumesnapshotclasses.snapshot.storage.k8s.io in the cluster',
      'get volumesnapshotcontents.snapshot.storage.k8s.io in the cluster',
      'list volumesnapshotcontents.snapshot.storage.k8s.io in the cluster',
    ]);
    const refused = await open({ kubeconfig: poor })
      .capabilities()
      .then(isPending, error => (error as { code: string }).code);
    expect(refused).toBe('CLUSTER_FORBIDDEN');
  });
});
