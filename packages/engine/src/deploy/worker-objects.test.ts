/** What matters of the objects: restricted to the letter, no secret, labels that select what they should. */
import { parse } from 'yaml';
import { rbacObjects } from '../targets/kubernetes/rbac';
import { planDeployment, type DeployChoices } from './deploy-choices';
import { kubernetesOptionsSchema } from '../targets/kubernetes/options';
import { postgresSecret } from './postgres';
import { POSTGRES_LABELS } from './postgres';
import { HTTP_PORT, type Manifest, WORKER_LABELS } from './worker-deployment';
import { workerObjects } from './worker-objects';

interface PodTemplate {
  readonly metadata: { readonly labels: Record<string, string>; readonly annotations?: object };
  readonly spec: {
    readonly securityContext: Record<string, unknown>;
    readonly containers: readonly Record<string, unknown>[];
    readonly volumes: readonly Record<string, unknown>[];
    readonly [field: string]: unknown;
  };
}

const CHOICES: DeployChoices = {
  serviceAccount: 'vm-migrate',
  workerImage: 'registry.test/worker@sha256:0123',
  workerProgram: '/nowhere/cli.cjs',
  replicas: 1,
  placement: {},
  requests: { cpu: '100m', memory: '256Mi' },
  limits: { memory: '512Mi' },
  arguments: [],
  database: { secret: 'database', key: 'url' },
  sourceSecrets: new Map(),
  sourceAddresses: new Map(),
};

const SOURCES = [
  {
    name: 'Lab.1',
    kind: 'vm-https',
    options: {
      url: 'https://10.1.2.3:8443/vms/',
      credentials: { env: 'LAB_LOGIN' },
    },
  },
  {
    name: 'files',
    kind: 'vm-https',
    options: {
      url: 'https://files.test/vms/',
      credentials: { file: '/etc/files-login' },
    },
  },
  {
    name: 'store',
    kind: 'vm-directory',
    options: { folder: '/mnt/store', pods: { persistentVolumeClaim: 'store', path: 'vms' } },
  },
  { name: 'laptop', kind: 'vm-directory', options: { folder: '/home/me/vms' } },
];

const TARGET_OPTIONS = {
  kubeconfig: '/home/me/.kube/config',
  context: 'prod',
  as: 'admin',
  namespace: 'vms',
  classes: ['fast'],
  pods: { imagePullSecrets: ['pull'], tolerations: [{ key: 'gpu', operator: 'Exists' as const }] },
};

async function planned(more: Partial<DeployChoices> = {}) {
  const choices: DeployChoices = {
    ...CHOICES,
    sourceSecrets: new Map([
      ['Lab.1', { secret: 'lab', key: 'login' }],
      ['files', { secret: 'files', key: 'login' }],
    ]),
    sourceAddresses: new Map([['files', ['10.9.0.0/24']]]),
    ...more,
  };
  const target = { name: 'prod', kind: 'kubernetes', isDefault: true, options: TARGET_OPTIONS };
  const limits = [
    { scope: 'all', maxRunning: 8 },
    { scope: 'source:Lab.1', bytesPerSecond: 1000 },
  ];
  return planDeployment(
    { sources: SOURCES, limits },
    target,
    kubernetesOptionsSchema.parse(TARGET_OPTIONS),
    choices,
    {
      namespace: 'vms',
      clusterId: 'uid-1',
      apiServer: { blocks: ['10.0.0.10/32'], ports: [6443] },
    },
  );
}

async function objects(more: Partial<DeployChoices> = {}): Promise<readonly Manifest[]> {
  return workerObjects((await planned(more)).deployment).map(({ object }) => object);
}

function one(all: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = all.find(
    object => object.kind === kind && (name === undefined || object.metadata.name === name),
  );
  if (found === undefined) throw new Error(`no ${kind} ${name ?? ''}`);
  return found;
}

const template = (object: Manifest): PodTemplate =>
  (object.spec as { readonly template: PodTemplate }).template;

/** The rules of PodSecurity "restricted", as its page lists them. */
function breaches({ spec }: PodTemplate): string[] {
  const found: string[] = [];
  const allowed = new Set(
    'configMap csi downwardAPI emptyDir ephemeral persistentVolumeClaim projected secret'.split(
      ' ',
    ),
  );
  for (const volume of spec.volumes)
    for (const key of Object.keys(volume))
      if (key !== 'name' && !allowed.has(key)) found.push(`volume ${key}`);
  for (const key of ['hostNetwork', 'hostPID', 'hostIPC'])
    if (spec[key] !== undefined) found.push(key);
  const pod = spec.securityContext;
  if (pod['runAsNonRoot'] !== true || pod['runAsUser'] === 0) found.push('root');
  const profile = (context: Record<string, unknown>) =>
    (context['seccompProfile'] as { type?: string } | undefined)?.type;
  if (profile(pod) !== 'RuntimeDefault') found.push('seccomp of the pod');
  for (const container of spec.containers) {
    const own = container['securityContext'] as Record<string, unknown>;
    if (own['allowPrivilegeEscalation'] !== false) found.push('escalation');
    if (own['privileged'] !== undefined) found.push('privileged');
    if (own['readOnlyRootFilesystem'] !== true) found.push('a root that can be written');
    if (profile(own) !== 'RuntimeDefault') found.push('seccomp');
    const { drop, add } = own['capabilities'] as { drop: string[]; add?: string[] };
    if (!drop.includes('ALL') || add !== undefined) found.push('capabilities');
    if ((container['ports'] as { hostPort?: number }[]).some(({ hostPort }) => hostPort))
      found.push('hostPort');
  }
  return found;
}

describe('a worker in the cluster, as objects', () => {
  it('is admitted by PodSecurity "restricted", the database too', async () => {
    const all = await objects({ database: undefined, postgres: { storage: '1Gi' } });
    expect(breaches(template(one(all, 'Deployment')))).toEqual([]);
    expect(breaches(template(one(all, 'StatefulSet')))).toEqual([]);
    // So that the check can fail.
    const loose = template(one(all, 'Deployment'));
    expect(
      breaches({ ...loose, spec: { ...loose.spec, securityContext: {}, hostNetwork: true } }),
    ).toEqual(['hostNetwork', 'root', 'seccomp of the pod']);
  });

  it('holds no password, and no way of the machine that it was made on', async () => {
    const { deployment } = await planned({ database: undefined, postgres: { storage: '1Gi' } });
    const text = JSON.stringify(workerObjects(deployment));
    const { stringData = {} } = postgresSecret('vms');
    expect(stringData['password']).toMatch(/^[0-9a-f]{48}$/);
    expect(stringData['url']).toContain(`:${stringData['password']}@vm-migrate-postgres.vms.svc:`);
    expect(postgresSecret('vms').stringData?.['password']).not.toBe(stringData['password']);
    expect(text).not.toMatch(/"kind":"Secret"|postgres:\/\/|kubeconfig|"context"|admin/);
  });

  it('has the rights that doctor --rbac prints, and no other', async () => {
    const all = await objects();
    const rights = rbacObjects({ namespace: 'vms', serviceAccount: 'vm-migrate' });
    for (const { kind, rules, roleRef, subjects } of rights)
      expect(one(all, kind)).toMatchObject({
        ...(rules && { rules }),
        ...(roleRef && { roleRef, subjects }),
      });
    const roles = all.filter(({ kind }) => kind?.includes('Role') || kind === 'ServiceAccount');
    expect(roles).toHaveLength(rights.length);
    expect(template(one(all, 'Deployment')).spec['serviceAccountName']).toBe('vm-migrate');
  });

  it('is configured with the sources that pods reach and this cluster by the pod’s account', async () => {
    const { deployment, notes } = await planned();
    const all = workerObjects(deployment).map(({ object }) => object);
    const { data } = one(all, 'ConfigMap') as Manifest & { data: Record<string, string> };
    const { vmMigrate } = parse(data['app-config.yaml'] ?? '') as {
      vmMigrate: Record<string, Record<string, unknown>>;
    };
    expect(vmMigrate['sources']).toEqual(
      Object.fromEntries(
        SOURCES.slice(0, 3).map(({ name, kind, options }) => [name, { kind, ...options }]),
      ),
    );
    expect(vmMigrate['targets']).toEqual({
      prod: {
        kind: 'kubernetes',
        default: true,
        namespace: 'vms',
        clusterId: 'uid-1',
        classes: ['fast'],
        pods: TARGET_OPTIONS.pods,
      },
    });
    expect(vmMigrate['limits']).toEqual({
      all: { maxRunning: 8 },
      sources: { 'Lab.1': { bytesPerSecond: 1000 } },
    });
    expect(notes).toEqual([expect.stringMatching(/^source laptop is left out/)]);
  });

  it('gets at each source by the very paths and variables that its options name', async () => {
    const { spec } = template(one(await objects(), 'Deployment'));
    const [container = {}] = spec.containers;
    expect(container['env']).toEqual([
      { name: 'LAB_LOGIN', valueFrom: { secretKeyRef: { name: 'lab', key: 'login' } } },
    ]);
    const mounts = container['volumeMounts'] as { mountPath: string; name: string }[];
    const volumeAt = (path: string) =>
      spec.volumes.find(
        ({ name }) => name === mounts.find(({ mountPath }) => mountPath === path)?.name,
      );
    expect(volumeAt('/mnt/store')).toMatchObject({
      persistentVolumeClaim: { claimName: 'store', readOnly: true },
    });
    expect(mounts.find(({ mountPath }) => mountPath === '/mnt/store')).toMatchObject({
      subPath: 'vms',
      readOnly: true,
    });
    expect(volumeAt('/etc/files-login')).toMatchObject({
      secret: { secretName: 'files', items: [{ key: 'login' }] },
    });
    expect(volumeAt('/etc/vm-migrate-database')).toMatchObject({
      secret: { secretName: 'database', items: [{ key: 'url', path: 'url' }], defaultMode: 0o440 },
    });
  });

  it('says which source needs a Secret', async () => {
    await expect(planned({ sourceSecrets: new Map() })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      where: { object: 'source Lab.1' },
    });
    const stranger = new Map([['nobody', { secret: 'a', key: 'b' }]]);
    await expect(planned({ sourceSecrets: stranger })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      where: { object: 'source nobody' },
    });
  });

  it('is placed where movers are, unless said otherwise', async () => {
    const usual = template(one(await objects(), 'Deployment')).spec;
    expect(usual['tolerations']).toEqual(TARGET_OPTIONS.pods.tolerations);
    expect(usual['imagePullSecrets']).toEqual([{ name: 'pull' }]);
    const said = { nodeSelector: { disk: 'ssd' }, tolerations: [{ key: 'own' }] };
    const own = template(one(await objects({ placement: said }), 'Deployment')).spec;
    expect(own).toMatchObject(said);
  });

  it('selects its own pods only, which have the port that is probed', async () => {
    const all = await objects({ replicas: 2, podMonitor: { release: 'prometheus' } });
    const pods = template(one(all, 'Deployment'));
    expect(pods.metadata.labels).toEqual(WORKER_LABELS);
    for (const kind of ['Deployment', 'PodDisruptionBudget', 'PodMonitor'])
      expect((one(all, kind).spec as { selector: object }).selector).toEqual({
        matchLabels: WORKER_LABELS,
      });
    expect(one(all, 'PodMonitor').metadata.labels).toMatchObject({ release: 'prometheus' });
    expect((one(all, 'Service').spec as { selector: object }).selector).toEqual(WORKER_LABELS);
    expect(pods.spec.containers[0]).toMatchObject({
      ports: [{ name: 'http', containerPort: HTTP_PORT }],
      livenessProbe: { httpGet: { path: '/livez', port: 'http' } },
      readinessProbe: { httpGet: { path: '/readyz', port: 'http' } },
    });
    const one1 = await objects({ replicas: 1 });
    expect(one1.some(({ kind }) => kind === 'PodDisruptionBudget')).toBe(false);
    // By this label a deployment is removed: no volume of ours may carry it, nor may the database.
    expect(WORKER_LABELS['app.kubernetes.io/instance']).not.toBe(
      POSTGRES_LABELS['app.kubernetes.io/instance'],
    );
    expect(WORKER_LABELS['app.kubernetes.io/managed-by']).toBeUndefined();
  });

  it('rolls when its configuration changes, and only then', async () => {
    const annotations = async (more: Partial<DeployChoices>) =>
      template(one(await objects(more), 'Deployment')).metadata.annotations;
    expect(await annotations({})).toEqual(await annotations({ replicas: 3 }));
    const { deployment } = await planned();
    const changed = workerObjects({ ...deployment, workLimits: { all: { maxRunning: 9 } } });
    const pods = changed.find(({ object }) => object.kind === 'Deployment')?.object;
    expect(pods && template(pods).metadata.annotations).not.toEqual(await annotations({}));
  });
});
