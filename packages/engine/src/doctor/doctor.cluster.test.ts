/**
 * doctor, its printed rights, and --dry-run on the real cluster: a ServiceAccount with exactly what
 * `doctor --rbac` prints does all of a target's work and finds nothing missing.
 */
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import { type Cluster, describeWithOwnCluster, ensureCluster } from '../../../../test/cluster';
import { Kubectl } from '../../../../test/cluster/kubectl';
import { loadMoverImage } from '../../../../test/cluster/mover-image';
import { serveFolder } from '../../../../test/cluster/serve-folder';
import { MIB } from '../bytes';
import type { PlaceRow } from '../store/store';
import '../targets/kubernetes/cluster/client-node'; // loads now, which in jest takes longer than a test may
import { openCluster } from '../targets/kubernetes/cluster/http-cluster-api';
import { kubernetesOptionsSchema } from '../targets/kubernetes/options';
import { missingRights } from '../targets/kubernetes/rights';
import { writeExampleVm } from '../testing/example-vm';
import { fileServer } from '../testing/file-server';
import { tempFolder } from '../testing/temp-folder';
import { moverProgram } from '../testing/test-engine';
import type { DoctorCheck } from './check';
import { checkCluster } from './kubernetes/check-cluster';
import { probeCluster } from './kubernetes/probe-cluster';
import { targetRights } from './target-rights';

jest.setTimeout(240_000);
const folder = tempFolder();
const ACCOUNT = 'migrator';

describeWithOwnCluster('doctor of a Kubernetes target', () => {
  let cluster: Cluster;
  let kubectl: Kubectl;
  let image: string;
  /** Of the ServiceAccount. */
  let kubeconfig: string;

  beforeAll(async () => {
    cluster = await ensureCluster();
    image = await loadMoverImage(cluster);
    kubectl = await Kubectl.inNewNamespace(cluster);
    const rights = await targetRights(
      { kubeconfig: cluster.kubeconfigPath, namespace: kubectl.namespace },
      ACCOUNT,
    );
    await kubectl.apply({ apiVersion: 'v1', kind: 'List', items: rights });
    kubeconfig = await kubeconfigOf(ACCOUNT);
  });
  afterAll(async () => {
    const wide = `vm-migrate:${kubectl.namespace}:${ACCOUNT}`;
    await kubectl.run(['delete', `clusterrole/${wide}`, `clusterrolebinding/${wide}`]);
    await kubectl.run(['delete', 'namespace', kubectl.namespace, '--wait=false']);
  });
  afterEach(() => kubectl.run(['delete', 'resourcequota,limitrange', '--all']));

  async function kubeconfigOf(account: string): Promise<string> {
    const token = (await kubectl.run(['create', 'token', account])).trim();
    const view = await kubectl.run(['config', 'view', '--raw', '--flatten', '-o', 'json']);
    const config = JSON.parse(view) as { users: object[] };
    const users = config.users.map(user => ({ ...user, user: { token } }));
    const file = path.join(folder, `${account}.kubeconfig`);
    await writeFile(file, JSON.stringify({ ...config, users }));
    return file;
  }

  const optionsWith = (more: object = {}): Record<string, unknown> => ({
    kubeconfig,
    namespace: kubectl.namespace,
    moverImage: image,
    pods: { imagePullPolicy: 'Never' },
    ...more,
  });
  const checksOf = (more: object = {}): Promise<readonly DoctorCheck[]> =>
    checkCluster(
      { name: 'lab', options: optionsWith(more) },
      { moverProgram: '/nowhere', database: undefined, sources: [] },
    );
  const named = (checks: readonly DoctorCheck[], name: string): DoctorCheck | undefined =>
    checks.find(check => check.name === `${name} lab` || check.name === `${name} lab/fast`);

  it('prints rights that are all there; the probe below works with exactly these', async () => {
    const api = openCluster({ kubeconfig, namespace: kubectl.namespace });
    expect(await missingRights(api)).toEqual([]);
    api.close();
  });

  it('reads of the whole cluster only classes and contents: every cluster-wide rule is get or list', async () => {
    const rights = await targetRights(optionsWith(), ACCOUNT);
    const wide = rights
      .filter(({ kind }) => kind === 'ClusterRole')
      .flatMap(one => one.rules ?? []);
    expect(wide.length).toBeGreaterThan(0);
    expect([...new Set(wide.flatMap(({ verbs }) => verbs))].sort()).toEqual(['get', 'list']);
  });

  it('finds nothing wrong with the account, the namespace and the class', async () => {
    const checks = await checksOf();
    expect(checks.filter(({ state }) => state === 'failed')).toEqual([]);
    expect(named(checks, 'cluster')?.found).toMatch(
      /^Kubernetes v1\.\d+\.\d+ at https:.*, cluster /,
    );
    expect(named(checks, 'cluster clock')?.state).toBe('ok');
    expect(named(checks, 'rights')).toEqual({
      name: 'rights lab',
      state: 'ok',
      found: 'all that is needed',
    });
    expect(named(checks, 'class')?.found).toContain('VolumeSnapshotClass fast of the same driver');
    expect(named(checks, 'mover pod')?.state).toBe('ok');
    // The level itself is a label of the namespace, which only others may read.
    const seen = await checksOf({ kubeconfig: cluster.kubeconfigPath });
    expect(named(seen, 'mover pod')?.found).toContain('PodSecurity enforces restricted');
  });

  it('says why admission would refuse a pod', async () => {
    const checks = await checksOf({ pods: { runtimeClassName: 'no-such-runtime' } });
    expect(named(checks, 'mover pod')).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('no-such-runtime'),
    });
  });

  it('finds a quota and a limit range that would not fit, with the right to look', async () => {
    await kubectl.apply({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'team' },
      spec: { hard: { pods: '0', 'requests.storage': '1Gi' } },
    });
    await kubectl.apply({
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name: 'team' },
      spec: { limits: [{ type: 'PersistentVolumeClaim', min: { storage: '1Gi' } }] },
    });
    // Its status is filled in by a controller.
    await kubectl.until<{ status?: { hard?: object } }>(
      'resourcequota/team',
      ({ status }) => status?.hard !== undefined,
    );
    const checks = await checksOf({ kubeconfig: cluster.kubeconfigPath });
    expect(named(checks, 'quota')).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('pods 0 of 0 (team)'),
    });
    expect(named(checks, 'limit range')).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('1Gi'),
    });
    expect(named(checks, 'mover pod')).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('exceeded quota'),
    });
    // The account of the printed Role may not list quotas: it says so, and the pod tells all the same.
    const own = await checksOf();
    expect(named(own, 'quota')?.state).toBe('skipped');
    expect(named(own, 'mover pod')?.state).toBe('failed');
  });

  it('names what an account without rights may not do', async () => {
    await kubectl.run(['create', 'serviceaccount', 'nobody']);
    const checks = await checksOf({ kubeconfig: await kubeconfigOf('nobody') });
    expect(named(checks, 'rights')).toMatchObject({
      state: 'failed',
      found: expect.stringContaining(`create pods in namespace ${kubectl.namespace}`),
      command: expect.stringContaining('doctor --rbac'),
    });
  });

  describe('--probe', () => {
    const LOGIN = 'Bearer of-the-files';
    const [store, copy] = [path.join(folder, 'store'), path.join(folder, 'copy')];
    const server = fileServer({ address: () => cluster.bridgeAddress });
    const source = (name: string, kind: string, options: Record<string, unknown>): PlaceRow => ({
      name,
      kind,
      options,
      credentialRef: null,
      host: null,
    });
    const served = (): Record<string, unknown> => ({
      url: server.urlOf(`${store}/`),
      caFile: server.caFile,
      credentials: { env: 'DOCTOR_TEST_LOGIN' },
      allowAddresses: [cluster.bridgeAddress],
    });
    const probe = (more: object, classes: readonly string[], sources: readonly PlaceRow[]) =>
      probeCluster(
        { name: 'lab', options: kubernetesOptionsSchema.parse(optionsWith(more)) },
        { moverProgram: moverProgram(), database: undefined, classes, sources },
      );

    beforeAll(async () => {
      process.env['DOCTOR_TEST_LOGIN'] = LOGIN;
      writeExampleVm(path.join(store, 'vm'), { diskBytes: 64 * MIB, seed: 1 });
      writeExampleVm(path.join(copy, 'vm'), { diskBytes: 64 * MIB, seed: 2 });
      execFileSync('chmod', ['-R', 'a+rX', folder]);
      await serveFolder(kubectl, 'store', store);
      await serveFolder(kubectl, 'copy', copy);
    });
    afterAll(() => delete process.env['DOCTOR_TEST_LOGIN']);

    const stayingPods = async (): Promise<readonly string[]> => {
      const list = await kubectl.run(['get', 'pods', '-o', 'json']);
      const { items } = JSON.parse(list) as {
        items: { metadata: { name: string; deletionTimestamp?: string } }[];
      };
      return items.flatMap(({ metadata: { name, deletionTimestamp } }) =>
        deletionTimestamp === undefined ? [name] : [],
      );
    };

    it('shows by pods which sources are reached, and what pods meet on the nodes', async () => {
      server.fault = ({ headers }, response) => {
        if (headers.authorization === LOGIN) return false;
        response.writeHead(401).end();
        return true;
      };
      const checks = await probe(
        {},
        ['fast'],
        [
          source('mounted', 'vm-directory', {
            folder: store,
            pods: { persistentVolumeClaim: 'store' },
          }),
          source('elsewhere', 'vm-directory', {
            folder: store,
            pods: { persistentVolumeClaim: 'copy' },
          }),
          source('served', 'vm-https', served()),
          source('here', 'vm-directory', { folder: store }),
        ],
      );
      expect(checks.map(({ name, state, found }) => [name, state, found])).toEqual([
        [
          'source mounted from lab',
          'ok',
          expect.stringMatching(/^a pod opened .*\.vmdk of .* in \d+ ms$/),
        ],
        [
          'source elsewhere from lab',
          'failed',
          expect.stringContaining('has other bytes in a pod'),
        ],
        ['source served from lab', 'ok', expect.stringMatching(/^a pod opened .*\.vmdk of /)],
        ['probe lab/fast', 'ok', expect.stringContaining('snapshots outlive their volume')],
        ['image pull lab', 'ok', 'a node had it or pulled it'],
        ['device ownership lab', 'ok', 'a pod that runs as user 107 opens its block device'],
      ]);
      expect(await stayingPods()).toEqual([]);
    });

    it('names a server that only this machine reaches, and an image that no node gets', async () => {
      server.fault = ({ socket }, response) => {
        if (socket.remoteAddress === cluster.bridgeAddress) return false;
        response.writeHead(403).end();
        return true;
      };
      const [refused] = await probe({}, [], [source('served', 'vm-https', served())]);
      expect(refused).toMatchObject({
        state: 'failed',
        found: expect.stringContaining('403'),
        remedy: expect.stringContaining('credentials'),
      });
      const nowhere = { moverImage: 'nowhere.invalid/mover:1', deadlines: { podStartMs: 2_000 } };
      const checks = await probe(nowhere, [], [source('served', 'vm-https', served())]);
      expect(checks.map(({ name, state }) => [name, state])).toEqual([
        ['source served from lab', 'failed'],
        ['image pull lab', 'failed'],
      ]);
      expect(checks[1]?.found).toContain('cannot get its image: ErrImageNeverPull');
      expect(await stayingPods()).toEqual([]);
    });

    it('says of a folder of this machine that it is pushed, and whether that is allowed', async () => {
      const sources = [source('here', 'vm-directory', { folder: store })];
      const checks = await checkCluster(
        { name: 'lab', options: optionsWith() },
        { moverProgram: '/nowhere', database: undefined, sources },
      );
      expect(named(checks, 'source here from')).toMatchObject({
        state: 'ok',
        found: expect.stringContaining('pushed to pods through port-forward'),
      });
    });
  });

  it('refuses another cluster than the one that the target was first used with', async () => {
    const checks = await checksOf({ clusterId: 'another' });
    expect(named(checks, 'cluster')).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('the target is of cluster another'),
    });
  });

  it('says what does not answer', async () => {
    const dead = path.join(folder, 'dead.kubeconfig');
    const live = JSON.parse(
      await kubectl.run(['config', 'view', '--raw', '--flatten', '-o', 'json']),
    ) as { clusters: { name: string; cluster: object }[] };
    const clusters = live.clusters.map(one => ({
      ...one,
      cluster: { ...one.cluster, server: 'https://127.0.0.1:1' },
    }));
    await writeFile(dead, JSON.stringify({ ...live, clusters }));
    const checks = await checksOf({ kubeconfig: dead });
    expect(checks).toHaveLength(1);
    expect(checks[0]).toMatchObject({ state: 'failed', command: expect.stringContaining(dead) });
  });
});
