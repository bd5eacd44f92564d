/** Each check against an API server that has what the check is about; a real cluster is in doctor.cluster.test.ts. */
import { FakeApiServer } from '../../testing/fake-api-server';
import { classesOf } from '../../targets/kubernetes/classes';
import { kubernetesOptionsSchema } from '../../targets/kubernetes/options';
import { checkApiClock } from './api-clock';
import type { ClusterContext } from './cluster-check';
import { checkLimitRange } from './limit-range';
import { checkPodAdmission } from './pod-admission';
import { checkQuota } from './quota';
import { checkRights } from './rights';
import { checkSnapshotApi } from './snapshot-api';
import { checkStorageClasses } from './storage-classes';

describe('checks of a Kubernetes target', () => {
  let fake: FakeApiServer;
  let context: ClusterContext;

  const storage = (snapshotDriver: string) => ({
    storageClasses: [
      {
        metadata: {
          name: 'fast',
          annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
        },
        provisioner: 'fast.csi.test',
        volumeBindingMode: 'WaitForFirstConsumer' as const,
      },
    ],
    snapshotClasses: [
      { metadata: { name: 'snaps' }, driver: snapshotDriver, deletionPolicy: 'Delete' as const },
    ],
    profiles: [],
    drivers: ['fast.csi.test'],
  });

  beforeEach(async () => {
    fake = await FakeApiServer.start();
    const options = kubernetesOptionsSchema.parse({
      kubeconfig: '/home/me/my kube',
      context: 'prod',
      moverImage: 'registry.test/mover@sha256:1234',
    });
    const api = fake.client();
    await api.identity(); // so that the namespace is known, as after the first check
    context = {
      name: 'prod',
      options,
      api,
      server: { server: fake.url, namespace: 'ns', version: 'v1.34.0', aheadMs: 0 },
      classes: classesOf(storage('fast.csi.test'), options),
      moverProgram: '/nowhere/mover.cjs',
      database: undefined,
      sources: [],
    };
  });
  afterEach(async () => {
    context.api.close();
    await fake.close();
  });

  const only = <T>(answers: readonly T[]): T => {
    expect(answers).toHaveLength(1);
    return answers[0] as T;
  };

  it('clock: a skew of seconds is a warning that says which way', async () => {
    const at = async (aheadMs: number | undefined) =>
      checkApiClock({ ...context, server: { ...context.server, aheadMs } });
    expect(only(await at(900))).toMatchObject({ state: 'ok' });
    expect(only(await at(-61_000))).toMatchObject({
      state: 'warning',
      found: "61 s behind this machine's",
    });
    expect(await at(undefined)).toEqual([]);
  });

  it('rights: names each that is missing, with the command that grants them', async () => {
    let reviews = 0;
    const api = Object.assign(Object.create(context.api) as typeof context.api, {
      create: async (kind: unknown, object: { spec?: object }) => {
        const { resourceAttributes } = (object.spec ?? {}) as {
          resourceAttributes: { resource: string; subresource?: string; verb: string };
        };
        reviews++;
        const { resource, subresource, verb } = resourceAttributes;
        const isPods = resource === 'pods' && subresource === undefined;
        return { status: { allowed: !isPods || verb === 'get' } };
      },
      serves: async () => true,
    });
    const [failed, ...rest] = await checkRights({ ...context, api });
    expect(rest).toEqual([]);
    expect(reviews).toBeGreaterThan(20);
    expect(failed).toMatchObject({
      state: 'failed',
      found: expect.stringMatching(/^may not: list pods in namespace ns; .*delete pods/),
      command: expect.stringContaining(
        "doctor --rbac -o yaml | kubectl --kubeconfig '/home/me/my kube' --context prod -n ns apply -f -",
      ),
    });
    expect(failed?.found).not.toContain('get pods');
  });

  it('rights: without port-forward only folders of this machine cannot be migrated', async () => {
    const api = Object.assign(Object.create(context.api) as typeof context.api, {
      create: async (_kind: unknown, object: { spec?: object }) => {
        const { resourceAttributes } = (object.spec ?? {}) as {
          resourceAttributes: { subresource?: string };
        };
        return { status: { allowed: resourceAttributes.subresource !== 'portforward' } };
      },
      serves: async () => true,
    });
    expect(await checkRights({ ...context, api })).toEqual([
      expect.objectContaining({ state: 'ok' }),
      expect.objectContaining({
        state: 'warning',
        found:
          'cannot push folders of this machine: get pods/portforward in namespace ns; create pods/portforward in namespace ns',
      }),
    ]);
  });

  it('snapshot API: says which CRDs are not served', async () => {
    fake.served.set('/apis/snapshot.storage.k8s.io/v1', ['volumesnapshots']);
    expect(only(await checkSnapshotApi(context))).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('no volumesnapshotcontents, volumesnapshotclasses'),
    });
  });

  it('snapshot controller: what it did, or did not do, shows whether it lives', async () => {
    const snapshots = '/apis/snapshot.storage.k8s.io/v1/namespaces/ns/volumesnapshots';
    const controller = async () => (await checkSnapshotApi(context))[1];
    expect(await controller()).toMatchObject({
      state: 'skipped',
      command: 'kubectl vm-migrate doctor --probe',
    });
    fake.put(snapshots, { metadata: { name: 'good' }, status: { readyToUse: true } });
    expect(await controller()).toMatchObject({
      state: 'ok',
      found: expect.stringContaining('good'),
    });
    const longAgo = new Date(Date.now() - 3_600_000).toISOString();
    fake.put(snapshots, { metadata: { name: 'stuck', creationTimestamp: longAgo } as never });
    expect(await controller()).toMatchObject({
      state: 'warning',
      found: expect.stringContaining('stuck'),
      command: expect.stringContaining('describe volumesnapshot stuck'),
    });
  });

  it('classes: tells drivers, modes, binding and policy, and refuses a snapshot class of another driver', async () => {
    const [summary, fast] = await checkStorageClasses(context);
    expect(summary).toMatchObject({ state: 'ok' });
    expect(fast).toMatchObject({
      state: 'ok',
      found: expect.stringMatching(
        /driver fast\.csi\.test; VolumeSnapshotClass snaps of the same driver, deletionPolicy Delete; ReadWriteOnce Block; binds at first use/,
      ),
      remedy: expect.stringContaining('Retain'),
    });
    const classes = classesOf(storage('other.csi.test'), context.options);
    const answers = await checkStorageClasses({ ...context, classes });
    expect(answers.map(({ state }) => state)).toEqual(['failed', 'warning']);
    expect(answers[1]?.found).toContain('no VolumeSnapshotClass is of its driver fast.csi.test');
  });

  const quota = (hard: Record<string, string>, used: Record<string, string>): void => {
    fake.put('/api/v1/namespaces/ns/resourcequotas', {
      metadata: { name: 'team' },
      status: { hard, used },
    });
  };

  it.each([
    [{ 'requests.cpu': '2' }, { 'requests.cpu': '1900m' }, 'ok'],
    [{ 'requests.cpu': '2' }, { 'requests.cpu': '1950m' }, 'failed'],
    [{ 'requests.storage': '10Gi' }, { 'requests.storage': '10Gi' }, 'failed'],
    [{ 'fast.storageclass.storage.k8s.io/persistentvolumeclaims': '1' }, {}, 'failed'],
    [
      { 'count/volumesnapshots.snapshot.storage.k8s.io': '5' },
      { 'count/volumesnapshots.snapshot.storage.k8s.io': '5' },
      'failed',
    ],
    [{ 'count/deployments.apps': '0' }, {}, 'ok'],
  ])('quota: %j with %j used is %s', async (hard, used, state) => {
    quota(hard as Record<string, string>, used as Record<string, string>);
    const check = only(await checkQuota(context));
    expect(check.state).toBe(state);
    expect(check.found).toContain(Object.keys(hard)[0]);
  });

  it('quota: an account that may not look is told so', async () => {
    fake.failNext(({ path }) => path.endsWith('/resourcequotas'), {
      status: 403,
      reason: 'Forbidden',
      message: 'resourcequotas is forbidden: User "x" cannot list resource "resourcequotas"',
    });
    expect(only(await checkQuota(context)).state).toBe('skipped');
  });

  it.each([
    [{ type: 'Container', max: { memory: '200Mi' } }, 'failed'],
    [{ type: 'Container', max: { memory: '1Gi' }, min: { memory: '64Mi' } }, 'ok'],
    [{ type: 'Pod', min: { memory: '1Gi' } }, 'failed'],
    [{ type: 'PersistentVolumeClaim', min: { storage: '1Gi' } }, 'failed'],
    [{ type: 'PersistentVolumeClaim', max: { storage: '100Gi' } }, 'ok'],
  ])('limit range: %j is %s', async (limit, state) => {
    fake.put('/api/v1/namespaces/ns/limitranges', {
      metadata: { name: 'team' },
      spec: { limits: [limit] },
    });
    expect(only(await checkLimitRange(context)).state).toBe(state);
  });

  it('mover pod: is sent as it would be, stored nowhere, and a refusal is repeated', async () => {
    fake.put('/api/v1/namespaces', {
      metadata: {
        name: 'ns',
        labels: { 'pod-security.kubernetes.io/enforce': 'baseline' },
      } as never,
    });
    const states = async () =>
      (await checkPodAdmission(context)).map(({ name, state, found }) => [name, state, found]);
    expect(await states()).toEqual([
      ['mover image prod', 'ok', 'registry.test/mover@sha256:1234'],
      ['mover pod prod', 'ok', 'admitted by namespace ns; PodSecurity enforces baseline'],
    ]);
    const sent = fake.requests.find(({ method, path }) => method === 'POST' && /pods$/.test(path));
    expect(sent?.query.get('dryRun')).toBe('All');
    fake.failNext(({ method }) => method === 'POST', {
      status: 403,
      reason: 'Forbidden',
      message: 'pods "x" is forbidden: violates PodSecurity "restricted:latest"',
    });
    expect((await states())[1]).toEqual([
      'mover pod prod',
      'failed',
      expect.stringContaining('violates PodSecurity'),
    ]);
  });

  it('mover image: without any, says how to come by one', async () => {
    const options = { ...context.options, moverImage: undefined };
    expect(only(await checkPodAdmission({ ...context, options }))).toMatchObject({
      state: 'failed',
      remedy: expect.stringContaining('npm run image'),
    });
  });
});
