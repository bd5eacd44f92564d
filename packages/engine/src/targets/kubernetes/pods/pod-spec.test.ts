import type { ApplyOrder, HashChainOrder, HashVolumeOrder, MoverOrder } from '../../../mover/mover';
import { CONTROL_ANNOTATIONS } from '../../../mover/control-file';
import { ANNOTATION } from '../layout';
import { podFor, podName } from './pod-spec';
import { mustBePushed, pushedOrder } from './pushed-order';

const block = { kind: 'block', path: '/dev/vm-migrate', sizeBytes: 1024, name: 'web-0' } as const;
const file = {
  kind: 'file',
  path: '/volume/disk.img',
  sizeBytes: 1024,
  name: 'web-0',
  missingFile: 'made',
} as const;
const source = {
  kind: 'vm-directory',
  folder: '/vms/web',
  roots: ['/vms'],
  datastores: {},
  pods: { persistentVolumeClaim: 'vms', path: 'export' },
} as const;

const apply = (change: object = {}): ApplyOrder =>
  ({
    order: 'apply',
    runId: 'm-1/step/3',
    fence: 3,
    bytesPerSecond: 1_000_000.5,
    volume: block,
    source,
    mark: {},
    proof: { stateSizeBytes: 1024, table: '/tables/b.table', parentTable: '/tables/a.table' },
    ...change,
  }) as unknown as ApplyOrder;

const facts = {
  image: 'registry.example/mover@sha256:1',
  options: {},
  labels: { 'vm-migrate.io/store': 'store', 'vm-migrate.io/vm': 'web' },
  secrets: ['web-0-order-1'],
  tables: { claim: 'web-0-tables', readOnly: false },
};

type Loose = Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any
const specOf = (order: MoverOrder, change: object = {}): Loose =>
  podFor(order, { ...facts, ...change }).spec as Loose;

/** What PodSecurity "restricted" of Kubernetes 1.34 asks for, written down from its documentation. */
function violations(spec: Loose): string[] {
  const pod = spec['securityContext'] as Loose;
  const allowedVolumes = [
    'configMap',
    'csi',
    'downwardAPI',
    'emptyDir',
    'ephemeral',
    'persistentVolumeClaim',
    'projected',
    'secret',
  ];
  const found: string[] = [];
  for (const name of ['hostNetwork', 'hostPID', 'hostIPC']) if (spec[name]) found.push(name);
  for (const volume of spec['volumes'] as Loose[])
    for (const kind of Object.keys(volume))
      if (kind !== 'name' && !allowedVolumes.includes(kind)) found.push(`volume ${kind}`);
  for (const container of spec['containers'] as Loose[]) {
    const own = container['securityContext'] as Loose;
    if (own['allowPrivilegeEscalation'] !== false) found.push('allowPrivilegeEscalation');
    if (own['privileged']) found.push('privileged');
    if (!own['capabilities']?.drop?.includes('ALL')) found.push('capabilities');
    if ((own['runAsNonRoot'] ?? pod['runAsNonRoot']) !== true) found.push('runAsNonRoot');
    if ((own['runAsUser'] ?? pod['runAsUser']) === 0) found.push('runAsUser');
    if ((own['seccompProfile'] ?? pod['seccompProfile'])?.type !== 'RuntimeDefault')
      found.push('seccompProfile');
    if (container['ports']?.some((port: Loose) => port['hostPort'])) found.push('hostPort');
  }
  return found;
}

describe('the pod of an order', () => {
  it.each([
    ['Block', apply()],
    ['Filesystem', apply({ volume: file })],
  ])('passes PodSecurity restricted, with a %s volume', (_, order) => {
    const spec = specOf(order);
    expect(violations(spec)).toEqual([]);
    expect(spec['containers'][0].securityContext.readOnlyRootFilesystem).toBe(true);
    expect(spec).toMatchObject({
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
    });
  });

  it('is named after its volume, and says whose run it is', () => {
    const { metadata } = podFor(apply(), facts);
    expect(metadata.name).toBe('web-0');
    expect(metadata.annotations).toEqual({
      'vm-migrate.io/run': 'm-1/step/3',
      'vm-migrate.io/fence': '3',
      'vm-migrate.io/bytes-per-second': '1000000',
      'vm-migrate.io/work': expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(metadata.labels).toEqual({
      'app.kubernetes.io/managed-by': 'vm-migrate',
      'app.kubernetes.io/component': 'mover',
      'vm-migrate.io/migration': 'm-1',
      'vm-migrate.io/store': 'store',
      'vm-migrate.io/vm': 'web',
    });
  });

  it('has a Block volume as a device, its tables as a folder, its source read-only where it is', () => {
    const spec = specOf(apply());
    const [container] = spec['containers'];
    expect(container.volumeDevices).toEqual([{ name: 'volume', devicePath: '/dev/vm-migrate' }]);
    expect(
      container.volumeMounts.map((mount: Loose) => [
        mount['name'],
        mount['mountPath'],
        mount['readOnly'],
      ]),
    ).toEqual([
      ['order', '/order', true],
      ['control', '/control', true],
      ['tables', '/tables', false],
      ['source', '/vms', true],
    ]);
    expect(container.volumeMounts[3].subPath).toBe('export');
    const claims = spec['volumes'].flatMap(
      (volume: Loose) => volume['persistentVolumeClaim']?.claimName ?? [],
    );
    expect(claims).toEqual(['web-0', 'web-0-tables', 'vms']);
  });

  it('has a Filesystem volume as a folder that belongs to its group', () => {
    const spec = specOf(apply({ volume: file, proof: undefined, source: { kind: 'vm-https' } }));
    expect(spec['containers'][0].volumeDevices).toEqual([]);
    expect(spec['containers'][0].volumeMounts[2]).toMatchObject({
      mountPath: '/volume',
      readOnly: false,
    });
    expect(spec['securityContext']).toMatchObject({
      fsGroup: 107,
      fsGroupChangePolicy: 'OnRootMismatch',
    });
  });

  it('has no group where it sees no files', () => {
    const spec = specOf(apply({ proof: undefined, source: { kind: 'vm-https' } }));
    expect(spec['securityContext']).not.toHaveProperty('fsGroup');
  });

  it('only reads a volume that it only reads', () => {
    const order = { order: 'hash-volume', runId: 'm/s/1', bytesPerSecond: 0, volume: file };
    const spec = specOf(order as unknown as HashVolumeOrder);
    expect(spec['containers'][0].volumeMounts[2]).toMatchObject({ name: 'volume', readOnly: true });
  });

  it('gets an order in several Secrets as one file and its parts', () => {
    const spec = specOf(apply(), { secrets: ['one', 'two'] });
    expect(spec['volumes'][0].projected.sources).toEqual([
      { secret: { name: 'one', items: [{ key: 'order', path: 'order.json' }] } },
      { secret: { name: 'two', items: [{ key: 'order', path: 'order.json.1' }] } },
    ]);
  });

  it('never shows the order or a secret in its own object', () => {
    const order = apply({
      source: { kind: 'vm-https', headers: { authorization: 'very secret' } },
    });
    expect(JSON.stringify(podFor(order, facts))).not.toContain('very secret');
  });

  it('passes through what an administrator says about its place', () => {
    const options = {
      nodeSelector: { disk: 'fast' },
      tolerations: [{ key: 'storage', operator: 'Exists' }],
      priorityClassName: 'low',
      imagePullSecrets: ['registry'],
      limits: { memory: '1Gi' },
      activeDeadlineSeconds: 600,
    };
    expect(specOf(apply(), { options })).toMatchObject({
      nodeSelector: { disk: 'fast' },
      tolerations: [{ key: 'storage', operator: 'Exists' }],
      priorityClassName: 'low',
      imagePullSecrets: [{ name: 'registry' }],
      activeDeadlineSeconds: 600,
      containers: [
        { resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '1Gi' } } },
      ],
    });
  });

  it('of an order without a volume has a name of its own, the same for the same run', () => {
    const chain = (runId: string) => ({ order: 'hash-chain', runId }) as HashChainOrder;
    expect(podName(chain('m/s/1'))).toMatch(/^vmm-chain-[0-9a-f]{16}$/);
    expect(podName(chain('m/s/1'))).toBe(podName(chain('m/s/1')));
    expect(podName(chain('m/s/1'))).not.toBe(podName(chain('m/s/2')));
  });

  it('of an order that is pushed mounts no source, and its key is not in the pod', () => {
    const order = apply({ source: { ...source, pods: undefined } });
    if (!mustBePushed(order)) throw new Error('it should be');
    const pushed = pushedOrder(order);
    const pod = podFor(pushed, facts);
    expect(JSON.stringify(pod)).not.toContain(pushed.source.key);
    expect(JSON.stringify(pod)).not.toContain('"source"');
    expect(pushedOrder(order).source.key).not.toBe(pushed.source.key);
    expect(() => podFor(order, facts)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });

  it('steers by the very annotations that the mover reads', () => {
    expect(CONTROL_ANNOTATIONS).toEqual({
      bytesPerSecond: ANNOTATION.bytesPerSecond,
      stop: ANNOTATION.stop,
      nextOrder: ANNOTATION.nextOrder,
    });
  });
});
