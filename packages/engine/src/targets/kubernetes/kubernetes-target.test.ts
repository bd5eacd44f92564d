/**
 * The shared Target suite over the fake API server with bytes in memory, and what a real cluster
 * does not do on demand: silence, errors of drivers, contents that belong to another one.
 */
import { EngineError } from '../../errors';
import type { Mover } from '../../mover/mover';
import { FakeApiServer } from '../../testing/fake-api-server';
import {
  CLAIMS,
  CLASSES,
  CONTENTS,
  EVENTS,
  FakeStorage,
  SNAPSHOT_CLASSES,
  SNAPSHOTS,
} from '../../testing/fake-storage';
import {
  describeTarget,
  settled,
  snapshotSpec,
  type TargetHarness,
  volumeSpec,
} from '../../testing/target-suite';
import { PATTERN_BLOCK_BYTES, patternBlock, patternBlocks } from '../probe-pattern';
import { isPending, type Target } from '../target';
import { KubernetesTarget } from './kubernetes-target';
import { ANNOTATION, LABEL } from './layout';
import { kubernetesOptionsSchema } from './options';
import type { TargetPods } from './target-pods';

/** Where pods would be: straight to the bytes in memory. */
function memoryPods({ volumes }: FakeStorage): TargetPods {
  const bytesOf = (name: string): Buffer => {
    const bytes = volumes.get(name);
    if (bytes === undefined) throw new Error(`no bytes of volume ${name}`);
    return bytes;
  };
  return {
    mover: () => ({ close: async () => undefined }) as Partial<Mover> as Mover,
    release: async () => undefined,
    probeIo: () => ({
      async write(volume, pattern) {
        for (let index = 0; index < patternBlocks(pattern); index++)
          patternBlock(pattern, index).copy(bytesOf(volume.name), index * PATTERN_BLOCK_BYTES);
        return { durationMs: 1 };
      },
      async compare(volume, pattern) {
        for (let index = 0; index < patternBlocks(pattern); index++) {
          const offsetBytes = index * PATTERN_BLOCK_BYTES;
          const found = bytesOf(volume.name).subarray(
            offsetBytes,
            offsetBytes + PATTERN_BLOCK_BYTES,
          );
          if (!found.equals(patternBlock(pattern, index))) return { equal: false, offsetBytes };
        }
        return { equal: true };
      },
    }),
  };
}

interface Scene {
  readonly server: FakeApiServer;
  readonly storage: FakeStorage;
  readonly target: KubernetesTarget;
  open(options?: object, patienceMs?: number): KubernetesTarget;
  close(): Promise<void>;
}

async function scene(): Promise<Scene> {
  const server = await FakeApiServer.start();
  const storage = new FakeStorage(server);
  const opened: KubernetesTarget[] = [];
  const open = (options: object = {}, patienceMs = 200): KubernetesTarget => {
    const target = new KubernetesTarget('lab', kubernetesOptionsSchema.parse(options), {
      api: server.client(),
      pods: memoryPods(storage),
      patienceMs,
    });
    opened.push(target);
    return target;
  };
  return {
    server,
    storage,
    target: open(),
    open,
    async close() {
      await Promise.all(opened.map(target => target.close()));
      await server.close();
    },
  };
}

describeTarget('kubernetes, over a fake API server', async (): Promise<TargetHarness> => {
  const { server, storage, target, open, close } = await scene();
  return {
    target,
    storageClass: 'fast',
    sizeStepBytes: 512,
    another: () => open(),
    async write(volume, offset, bytes) {
      storage.volumes.get(volume.name)?.set(bytes, offset);
    },
    readVolume: async volume => Buffer.from(storage.volumes.get(volume.name) ?? []),
    readSnapshot: async snapshot =>
      Buffer.from(storage.cuts.get(server.get(SNAPSHOTS, snapshot.name)?.metadata.uid ?? '') ?? []),
    close,
  };
});

describe('a Kubernetes target', () => {
  let at: Scene;
  beforeEach(async () => {
    at = await scene();
  });
  afterEach(() => at.close());

  const spec = (change: Parameters<typeof volumeSpec>[1] = {}) =>
    volumeSpec({ storageClass: 'fast', sizeStepBytes: 512 }, change);

  const errorOf = async (call: () => Promise<unknown>): Promise<EngineError> => {
    const thrown: unknown = await settled(call as () => Promise<object>).then(
      () => undefined,
      error => error as unknown,
    );
    if (thrown instanceof EngineError) return thrown;
    throw new Error(`no EngineError: ${String(thrown)}`);
  };

  const heldVolume = async (target: Target = at.target): Promise<void> => {
    const { mark } = await settled(() => target.ensureVolume(spec()));
    await target.mark('web-0', mark, { ...mark, phase: 'holds', layerId: 'base' });
  };
  const warn = (uid: string, reason: string, message: string) =>
    at.server.put(EVENTS, {
      metadata: { name: `event-${uid}-${reason}` },
      involvedObject: { uid },
      type: 'Warning',
      reason,
      message,
      lastTimestamp: new Date().toISOString(),
    });

  it('labels what it makes, and tells people where it comes from', async () => {
    await heldVolume();
    await settled(() => at.target.ensureVolumeSnapshot(snapshotSpec()));
    const claim = at.server.get(CLAIMS, 'web-0');
    expect(claim?.metadata.labels).toMatchObject({
      [LABEL.managedBy]: 'vm-migrate',
      [LABEL.store]: 'store-one',
      [LABEL.migration]: 'm1',
    });
    expect(claim?.['spec']).toMatchObject({
      volumeMode: 'Block',
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1048576' } },
    });
    expect(at.server.get(SNAPSHOTS, 'web-0-s1')?.metadata.annotations).toMatchObject({
      [ANNOTATION.vmName]: 'Web "1" ü',
      [ANNOTATION.vmwareSnapshotName]: 'before "the" change',
      [ANNOTATION.vmwareSnapshotCreatedAt]: '2023-11-14T22:13:20.000Z',
    });
    expect(at.server.get(SNAPSHOTS, 'web-0-s1')?.['spec']).toMatchObject({
      volumeSnapshotClassName: 'fast',
    });
  });

  it('gives a Filesystem volume the room that its file system takes', async () => {
    const target = at.open({ volumeMode: 'Filesystem', filesystemOverhead: 0.5 });
    const MIB = 1024 ** 2;
    const sizes = [1, 100, 400].map(async (mibs, index) => {
      const name = `web-${index}`;
      const volume = await settled(() =>
        target.ensureVolume(spec({ name, sizeBytes: mibs * MIB })),
      );
      expect(volume.address).toMatchObject({ kind: 'file', sizeBytes: mibs * MIB });
      const { volumeMode, resources } = at.server.get(CLAIMS, name)?.['spec'] as {
        volumeMode: string;
        resources: { requests: { storage: string } };
      };
      expect(volumeMode).toBe('Filesystem');
      return Number(resources.requests.storage) / MIB;
    });
    expect(await Promise.all(sizes)).toEqual([18, 200, 800]);
  });

  it('counts a volume that binds at first use as made', async () => {
    at.server.put(CLASSES, {
      metadata: { name: 'late' },
      provisioner: 'fast.csi.lab',
      volumeBindingMode: 'WaitForFirstConsumer',
    });
    at.storage.provisions = false;
    const volume = await at.target.ensureVolume(spec({ storageClass: 'late' }));
    expect(isPending(volume)).toBe(false);
  });

  it('says what a volume waits for, and gives up by name', async () => {
    at.storage.provisions = false;
    const target = at.open({ deadlines: { volumeMs: 150 } }, 20);
    const silent = await target.ensureVolume(spec());
    expect(silent).toMatchObject({ pending: true });
    expect(silent).toHaveProperty('reason', expect.stringContaining('nothing says why'));
    const uid = at.server.get(CLAIMS, 'web-0')?.metadata.uid ?? '';
    warn(uid, 'ProvisioningFailed', 'pool is full');
    const error = await errorOf(() => target.ensureVolume(spec()));
    expect(error.code).toBe('CLUSTER_STUCK');
    expect(error.message).toContain('ProvisioningFailed: pool is full');
    const claim = at.server.get(CLAIMS, 'web-0');
    if (claim !== undefined) at.storage.provision(claim);
    await settled(() => target.ensureVolume(spec())); // a retry finds it mended
  });

  it('waits for a quota by name, and refuses what admission refuses', async () => {
    const message = 'persistentvolumeclaims "web-0" is forbidden: exceeded quota: small';
    at.server.failNext(request => request.method === 'PATCH', {
      status: 403,
      reason: 'Forbidden',
      message,
    });
    const error = await errorOf(() => at.target.ensureVolume(spec()));
    expect(error).toMatchObject({ code: 'CLUSTER_REFUSED', retry: 'later' });
    expect(error.message).toContain('exceeded quota');
  });

  it('names a snapshotter that stays silent, and an error of the driver', async () => {
    await heldVolume();
    at.storage.snapshots = false;
    const target = at.open({ deadlines: { volumeSnapshotMs: 150 } }, 20);
    const silent = await target.ensureVolumeSnapshot(snapshotSpec());
    expect(silent).toHaveProperty('reason', expect.stringContaining('snapshot controller'));
    const object = at.server.get(SNAPSHOTS, 'web-0-s1');
    at.server.put(SNAPSHOTS, {
      ...object,
      metadata: { name: 'web-0-s1', ...object?.metadata },
      status: { readyToUse: false, error: { message: 'rpc error: pool is full' } },
    });
    const error = await errorOf(() => target.ensureVolumeSnapshot(snapshotSpec()));
    expect(error.code).toBe('CLUSTER_STUCK');
    expect(error.message).toContain('pool is full');
  });

  it('does not take a VolumeSnapshot whose content belongs to another one', async () => {
    await heldVolume();
    at.storage.snapshots = false;
    await at.open({}, 0).ensureVolumeSnapshot(snapshotSpec());
    const object = at.server.get(SNAPSHOTS, 'web-0-s1');
    if (object === undefined) throw new Error('no VolumeSnapshot');
    at.storage.cut(object, { uid: 'another' });
    expect((await errorOf(() => at.target.ensureVolumeSnapshot(snapshotSpec()))).code).toBe(
      'VOLUME_UNEXPECTED',
    );
    expect(at.server.get(CONTENTS, `content-${object.metadata.uid}`)).toBeDefined();
  });

  it('cuts nothing while a pod is on the volume', async () => {
    await heldVolume();
    const pods = '/api/v1/namespaces/ns/pods';
    at.server.put(pods, { metadata: { name: 'web-0' }, spec: {}, status: { phase: 'Running' } });
    const waiting = await at.target.ensureVolumeSnapshot(snapshotSpec());
    expect(waiting).toHaveProperty('reason', expect.stringContaining('pod web-0'));
    expect(at.server.get(SNAPSHOTS, 'web-0-s1')).toBeUndefined();
    at.server.put(pods, {
      metadata: { name: 'web-0' },
      spec: {},
      status: { phase: 'Succeeded' },
    });
    await settled(() => at.target.ensureVolumeSnapshot(snapshotSpec()));
  });

  it('refuses a class that takes no snapshots, before anything is made', async () => {
    const { mark } = await settled(() => at.target.ensureVolume(spec({ storageClass: 'nosnap' })));
    await at.target.mark('web-0', mark, { ...mark, phase: 'holds', layerId: 'base' });
    const error = await errorOf(() => at.target.ensureVolumeSnapshot(snapshotSpec()));
    expect(error.code).toBe('CLASS_WITHOUT_SNAPSHOTS');
    expect(error.message).toContain('nosnap.csi.lab');
    expect(at.server.get(SNAPSHOTS, 'web-0-s1')).toBeUndefined();
  });

  it('restores only to a class of the same driver', async () => {
    await heldVolume();
    await settled(() => at.target.ensureVolumeSnapshot(snapshotSpec()));
    const { mark } = spec();
    const branch = spec({
      name: 'web-0-b1',
      storageClass: 'nosnap',
      mark: { ...mark, volumeId: 'web-0-b1', phase: 'holds', layerId: 'base' },
    });
    const error = await errorOf(() => at.target.ensureVolumeFrom(branch, 'web-0-s1'));
    expect(error.code).toBe('VOLUME_UNEXPECTED');
    expect(error.message).toContain('nosnap.csi.lab');
  });

  it('waits for finalizers, names who holds a volume, and leaves a later one of its name alone', async () => {
    await settled(() => at.target.ensureVolume(spec()));
    const claim = at.server.get(CLAIMS, 'web-0');
    if (claim === undefined) throw new Error('no PVC');
    const finalizers = ['kubernetes.io/pvc-protection'];
    at.server.put(CLAIMS, {
      ...claim,
      metadata: Object.assign({}, claim.metadata, { finalizers }),
    });
    at.server.put('/api/v1/namespaces/ns/pods', {
      metadata: { name: 'reader' },
      spec: { volumes: [{ persistentVolumeClaim: { claimName: 'web-0' } }] },
      status: { phase: 'Running' },
    });
    const target = at.open({}, 20);
    const waiting = await target.remove('volume', 'web-0', 'store-one');
    expect(waiting).toHaveProperty('reason', expect.stringMatching(/pvc-protection.*pod reader/));
    expect(await target.findVolume('web-0')).toBeUndefined(); // it is going
    expect(await target.ensureVolume(spec())).toHaveProperty(
      'reason',
      expect.stringContaining('an earlier volume web-0'),
    );
    at.server.drop(CLAIMS, 'web-0');
    await settled(() => target.ensureVolume(spec()));
    at.server.failNext(request => request.method === 'DELETE', { cut: 'after' });
    await settled(() => target.remove('volume', 'web-0', 'store-one'));
    expect(at.server.get(CLAIMS, 'web-0')).toBeUndefined();
  });

  it('takes no object that somebody else made under its name', async () => {
    at.server.put(CLAIMS, { metadata: { name: 'web-0' }, spec: {} });
    for (const call of [
      () => at.target.ensureVolume(spec()),
      () => at.target.findVolume('web-0'),
      () => at.target.remove('volume', 'web-0', 'store-one'),
    ])
      expect((await errorOf(call as () => Promise<object>)).code).toBe('VOLUME_FOREIGN');
    expect(await at.target.inventory()).toEqual({ volumes: [], volumeSnapshots: [] });
  });

  it('swaps a mark although a controller touched the PVC in between', async () => {
    const { mark } = await settled(() => at.target.ensureVolume(spec()));
    at.server.failNext(request => request.method === 'PATCH', {
      status: 409,
      reason: 'Conflict',
      message: 'the object has been modified',
    });
    await at.target.mark('web-0', mark, { ...mark, fence: 2 });
    expect((await at.target.findVolume('web-0'))?.mark.fence).toBe(2);
  });

  it('swaps a mark once although the answer was lost', async () => {
    const { mark } = await settled(() => at.target.ensureVolume(spec()));
    at.server.failNext(request => request.method === 'PATCH', { cut: 'after' });
    await at.target.mark('web-0', mark, { ...mark, fence: 2 });
    expect((await at.target.findVolume('web-0'))?.mark.fence).toBe(2);
  });

  it('swaps a mark that it has just seen without another look, and never one that changed since', async () => {
    const { mark } = await settled(() => at.target.ensureVolume(spec()));
    await at.target.findVolume('web-0');
    const before = at.server.requests.length;
    await at.target.mark('web-0', mark, { ...mark, fence: 2 });
    await at.target.mark('web-0', { ...mark, fence: 2 }, { ...mark, fence: 3 });
    expect(at.server.requests.slice(before).map(({ method }) => method)).toEqual([
      'PATCH',
      'PATCH',
    ]);
    // Another worker's, of which this target knows nothing.
    await at.open().mark('web-0', { ...mark, fence: 3 }, { ...mark, fence: 7 });
    const stale = () => at.target.mark('web-0', { ...mark, fence: 3 }, { ...mark, fence: 4 });
    expect(await errorOf(stale as () => Promise<never>)).toMatchObject({
      code: 'VOLUME_UNEXPECTED',
      found: expect.stringContaining('7'),
    });
    expect((await at.target.findVolume('web-0'))?.mark.fence).toBe(7);
  });

  it('works on the configured cluster only, and in allowed namespaces', async () => {
    const clusterId = await at.server.client().identity();
    expect((await at.open({ clusterId }).capabilities()).classes).toHaveLength(2);
    expect((await errorOf(() => at.open({ clusterId: 'other' }).capabilities())).code).toBe(
      'CLUSTER_REFUSED',
    );
    expect((await errorOf(() => at.open({ namespaces: ['else'] }).capabilities())).code).toBe(
      'CONFIG_INVALID',
    );
  });

  it('offers the classes that it may use, and says of one why it takes no snapshots', async () => {
    at.server.put(SNAPSHOT_CLASSES, {
      metadata: { name: 'other' },
      driver: 'x',
      deletionPolicy: 'Delete',
    });
    const { classes } = await at.target.capabilities();
    expect(classes.map(one => [one.name, one.isDefault, one.snapshots.how])).toEqual([
      ['fast', true, 'csi'],
      ['nosnap', false, 'none'],
    ]);
    const { classes: allowed } = await at.open({ classes: ['fast'] }).capabilities();
    expect(allowed.map(one => one.name)).toEqual(['fast']);
    expect(
      (
        await errorOf(() =>
          at.open({ classes: ['fast'] }).ensureVolume(spec({ storageClass: 'nosnap' })),
        )
      ).code,
    ).toBe('CLASS_NOT_FOUND');
  });
});

it('pushes a folder that no pod can reach, and says so', async () => {
  const { target, close } = await scene();
  try {
    const here = { kind: 'vm-directory', folder: '/vms/web', roots: [], datastores: {} } as const;
    expect(target.pushes(here)?.how).toContain('/vms/web');
    expect(target.pushes(here)?.bytesPerSecond).toBeGreaterThan(0);
    const mounted = { ...here, pods: { persistentVolumeClaim: 'vms' } };
    expect(target.pushes(mounted)).toBeUndefined();
  } finally {
    await close();
  }
});
