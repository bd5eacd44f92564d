/**
 * The shared Target suite, and refusals, on the real cluster: real PVCs and VolumeSnapshots of a
 * real CSI driver. The suite's own way to the bytes is the driver's backing files, below everything
 * that the target uses.
 */
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';

import { type Cluster, describeWithOwnCluster, ensureCluster } from '../../../../../test/cluster';
import { driverState } from '../../../../../test/cluster/drivers';
import { existingInstance } from '../../../../../test/cluster/instance';
import { until } from '../../../../../test/cluster/until';
import { EngineError } from '../../errors';
import type { Mover } from '../../mover/mover';
import {
  describeTarget,
  settled,
  snapshotSpec,
  type TargetHarness,
  volumeSpec,
} from '../../testing/target-suite';
import { PATTERN_BLOCK_BYTES, patternBlock, patternBlocks } from '../probe-pattern';
import { isPending, type Target, type Volume } from '../target';
import type { ClusterApi } from './cluster/cluster-api';
import './cluster/client-node'; // loads now, which in jest takes longer than a test may
import { openCluster } from './cluster/http-cluster-api';
import {
  NAMESPACE,
  PERSISTENT_VOLUME,
  PERSISTENT_VOLUME_CLAIM,
  type KubeObject,
  VOLUME_SNAPSHOT,
} from './cluster/resources';
import { KubernetesTarget } from './kubernetes-target';
import { LABEL } from './layout';
import { kubernetesOptionsSchema } from './options';
import type { TargetPods } from './target-pods';

jest.setTimeout(240_000);

let cluster: Cluster;
const clusterUp = async (): Promise<Cluster> => (cluster ??= await ensureCluster());

let spaces = 0;

/** A namespace of its own, with a target over it; pods are left out: bytes are reached below the cluster. */
async function scene() {
  const { kubeconfigPath } = await clusterUp();
  const namespace = `target-${process.pid}-${Date.now().toString(36)}-${++spaces}`;
  const api = openCluster({ kubeconfig: kubeconfigPath, namespace });
  await api.create<KubeObject>(NAMESPACE, {
    metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  });
  const opened: KubernetesTarget[] = [];
  const openTarget = (options: object = {}, patienceMs = 2_000): KubernetesTarget => {
    const own = openCluster({ kubeconfig: kubeconfigPath, namespace });
    const target = new KubernetesTarget('lab', kubernetesOptionsSchema.parse(options), {
      api: own,
      pods: filePods(own),
      patienceMs,
    });
    opened.push(target);
    return target;
  };
  return {
    api,
    namespace,
    kubeconfigPath,
    openTarget,
    async close() {
      await Promise.all(opened.map(target => target.close()));
      const uid = (await api.get(NAMESPACE, namespace))?.metadata.uid ?? '';
      await api.delete(NAMESPACE, namespace, { uid });
      api.close();
    },
  };
}

const stateFolder = (): string => {
  const instance = existingInstance(cluster.name);
  if (instance === undefined) throw new Error(`no instance ${cluster.name}`);
  return driverState(instance, 'fast');
};

/** The file behind a volume of the driver. */
async function backingFile(api: ClusterApi, volume: string): Promise<string> {
  const claim = await api.get(PERSISTENT_VOLUME_CLAIM, volume);
  const bound = await api.get(PERSISTENT_VOLUME, claim?.spec.volumeName ?? '');
  const handle = bound?.spec.csi?.volumeHandle;
  if (handle === undefined) throw new Error(`volume ${volume} is not bound`);
  return path.join(stateFolder(), 'volumes', handle);
}

async function writeAt(file: string, offset: number, bytes: Uint8Array): Promise<void> {
  const content = await open(file, 'r+');
  try {
    await content.write(bytes, 0, bytes.length, offset);
    await content.sync();
  } finally {
    await content.close();
  }
}

function filePods(api: ClusterApi): TargetPods {
  return {
    mover: () => ({ close: async () => undefined }) as Partial<Mover> as Mover,
    release: async () => undefined,
    probeIo: () => ({
      async write(volume, pattern) {
        const file = await backingFile(api, volume.name);
        for (let index = 0; index < patternBlocks(pattern); index++)
          await writeAt(file, index * PATTERN_BLOCK_BYTES, patternBlock(pattern, index));
        return { durationMs: 1 };
      },
      async compare(volume, pattern) {
        const bytes = await readFile(await backingFile(api, volume.name));
        for (let index = 0; index < patternBlocks(pattern); index++) {
          const offsetBytes = index * PATTERN_BLOCK_BYTES;
          const found = bytes.subarray(offsetBytes, offsetBytes + PATTERN_BLOCK_BYTES);
          if (!found.equals(patternBlock(pattern, index))) return { equal: false, offsetBytes };
        }
        return { equal: true };
      },
    }),
  };
}

async function blockHarness(): Promise<TargetHarness> {
  const { api, openTarget, close } = await scene();
  const sized = async (volume: Volume): Promise<Buffer> =>
    (await readFile(await backingFile(api, volume.name))).subarray(0, volume.sizeBytes);
  return {
    target: openTarget(),
    storageClass: 'fast',
    sizeStepBytes: 512,
    another: () => openTarget(),
    write: async (volume, offset, bytes) =>
      writeAt(await backingFile(api, volume.name), offset, bytes),
    readVolume: sized,
    readSnapshot: async snapshot =>
      (await readFile(path.join(stateFolder(), 'snapshots', snapshot.handle))).subarray(
        0,
        snapshot.sizeBytes,
      ),
    close,
  };
}

describeWithOwnCluster('on the cluster:', () => {
  describeTarget('kubernetes, Block volumes of class fast', blockHarness);

  describe('a Kubernetes target', () => {
    let at: Awaited<ReturnType<typeof scene>>;
    beforeEach(async () => {
      at = await scene();
      cluster.clearFaults();
    });
    afterEach(async () => {
      cluster.clearFaults();
      await at.close();
    });

    const spec = (change: Parameters<typeof volumeSpec>[1] = {}) =>
      volumeSpec({ storageClass: 'fast', sizeStepBytes: 512 }, change);
    // Other test files share the cluster: faults are those of a class that they leave alone.
    const mortal = { storageClass: 'mortal' };
    const heldVolume = async (target: Target, change: Parameters<typeof volumeSpec>[1] = {}) => {
      const { mark } = await settled(() => target.ensureVolume(spec(change)));
      await target.mark('web-0', mark, { ...mark, phase: 'holds', layerId: 'base' });
    };
    const errorOf = async (call: () => Promise<unknown>): Promise<EngineError> => {
      const thrown: unknown = await settled(call as () => Promise<object>).then(
        () => undefined,
        error => error as unknown,
      );
      if (thrown instanceof EngineError) return thrown;
      throw new Error(`no EngineError: ${String(thrown)}`);
    };

    /** The driver has been asked, and its words are at the object: how soon is the cluster's matter. */
    const untilItSays = async (
      words: string,
      ask: (target: Target) => Promise<object>,
    ): Promise<void> => {
      const patient = at.openTarget({}, 200);
      await until(words, 90_000, async () => JSON.stringify(await ask(patient)).includes(words));
    };

    it('knows the cluster by its uid and tells what its classes can do', async () => {
      const clusterId = await at.api.identity();
      expect(clusterId).toMatch(/^[0-9a-f-]{36}$/);
      const { classes } = await at.openTarget({ clusterId }).capabilities();
      const said = new Map(
        classes.map(one => [
          one.name,
          one.snapshots.how === 'none' ? one.snapshots.reason : one.snapshots.how,
        ]),
      );
      expect(said.get('fast')).toBe('csi');
      expect(said.get('fast-wffc')).toBe('csi');
      expect(said.get('nosnap')).toContain('nosnap.csi.test');
      expect(said.get('local-static')).toContain('made by hand');
      expect(classes.filter(one => one.isDefault).map(one => one.name)).toEqual(['fast']);
      expect((await errorOf(() => at.openTarget({ clusterId: 'x' }).capabilities())).code).toBe(
        'CLUSTER_REFUSED',
      );
    });

    it('counts a volume of a waiting class as made, and asks for a Filesystem with room to spare', async () => {
      const target = at.openTarget({ volumeMode: 'Filesystem' });
      const volume = await target.ensureVolume(
        spec({ storageClass: 'fast-wffc', sizeBytes: 64 * 1024 ** 2 }),
      );
      if (isPending(volume)) throw new Error(volume.reason);
      expect(volume.address).toMatchObject({ kind: 'file', sizeBytes: 64 * 1024 ** 2 });
      const claim = await at.api.get(PERSISTENT_VOLUME_CLAIM, 'web-0');
      expect(claim?.spec.resources.requests.storage).toBe(String(88 * 1024 ** 2));
      expect(claim?.status?.phase).toBe('Pending');
    });

    it('names a driver that cannot make a volume, and goes on when it is mended', async () => {
      cluster.setFault('mortal', { errors: { CreateVolume: 'pool is full' } });
      await untilItSays('pool is full', target => target.ensureVolume(spec(mortal)));
      const target = at.openTarget({ deadlines: { volumeMs: 1_000 } }, 200);
      const error = await errorOf(() => target.ensureVolume(spec(mortal)));
      expect(error.code).toBe('CLUSTER_STUCK');
      expect(error.message).toContain('pool is full');
      cluster.clearFaults();
      expect(await settled(() => at.openTarget().ensureVolume(spec(mortal)))).toMatchObject({
        name: 'web-0',
      });
    });

    it('names a driver that cannot cut, and goes on when it is mended', async () => {
      await heldVolume(at.openTarget(), mortal);
      cluster.setFault('mortal', { errors: { CreateSnapshot: 'no space in the pool' } });
      await untilItSays('no space in the pool', target =>
        target.ensureVolumeSnapshot(snapshotSpec()),
      );
      const target = at.openTarget({ deadlines: { volumeSnapshotMs: 1_000 } }, 200);
      const error = await errorOf(() => target.ensureVolumeSnapshot(snapshotSpec()));
      expect(error.code).toBe('CLUSTER_STUCK');
      expect(error.message).toContain('no space in the pool');
      cluster.clearFaults();
      const cut = await settled(() => at.openTarget().ensureVolumeSnapshot(snapshotSpec()));
      expect(cut.handle).not.toBe('');
    });

    it('waits until a VolumeSnapshot is ready to use', async () => {
      await heldVolume(at.openTarget(), mortal);
      cluster.setFault('mortal', { snapshotReadyDelayMs: 3_600_000 });
      const target = at.openTarget({}, 100);
      const waiting = await target.ensureVolumeSnapshot(snapshotSpec());
      expect(isPending(waiting)).toBe(true);
      cluster.clearFaults();
      await settled(() => target.ensureVolumeSnapshot(snapshotSpec()));
    });

    it('refuses what a quota or another store refuses, by name', async () => {
      await at.api.create<KubeObject & { spec: object }>(
        { apiVersion: 'v1', kind: 'ResourceQuota', plural: 'resourcequotas', namespaced: true },
        { metadata: { name: 'small' }, spec: { hard: { persistentvolumeclaims: '1' } } },
      );
      const target = at.openTarget();
      await settled(() => target.ensureVolume(spec()));
      const error = await errorOf(() => target.ensureVolume(spec({ name: 'web-1' })));
      expect(error).toMatchObject({ code: 'CLUSTER_REFUSED', retry: 'later' });
      expect(error.message).toContain('exceeded quota: small');
    });

    it('refuses a class without snapshots before anything is made', async () => {
      const target = at.openTarget();
      await heldVolume(target, { storageClass: 'nosnap' });
      expect((await errorOf(() => target.ensureVolumeSnapshot(snapshotSpec()))).code).toBe(
        'CLASS_WITHOUT_SNAPSHOTS',
      );
      expect((await at.api.list(VOLUME_SNAPSHOT)).items).toEqual([]);
    });

    it('puts on its objects what finds them and what people read', async () => {
      const target = at.openTarget({ snapshotClass: { fast: 'fast-retain' } });
      await heldVolume(target);
      await settled(() => target.ensureVolumeSnapshot(snapshotSpec()));
      const [cut] = (await at.api.list(VOLUME_SNAPSHOT, { labels: { [LABEL.migration]: 'm1' } }))
        .items;
      expect(cut?.spec.volumeSnapshotClassName).toBe('fast-retain');
      expect(cut?.metadata.annotations).toMatchObject({
        'vm-migrate.io/vm-name': 'Web "1" ü',
        'vm-migrate.io/vmware-snapshot-name': 'before "the" change',
      });
    });

    it('waits for a volume that a pod still uses, and says which', async () => {
      const target = at.openTarget({}, 300);
      await settled(() => target.ensureVolume(spec()));
      const claim = await at.api.get(PERSISTENT_VOLUME_CLAIM, 'web-0');
      const held = await at.api.patch(
        PERSISTENT_VOLUME_CLAIM,
        'web-0',
        { metadata: { finalizers: ['example.com/held', 'kubernetes.io/pvc-protection'] } },
        { resourceVersion: claim?.metadata.resourceVersion ?? '' },
      );
      expect(held).not.toBe('conflict');
      const waiting = await target.remove('volume', 'web-0', 'store-one');
      expect(waiting).toHaveProperty('reason', expect.stringContaining('example.com/held'));
      const going = await at.api.get(PERSISTENT_VOLUME_CLAIM, 'web-0');
      await at.api.patch(
        PERSISTENT_VOLUME_CLAIM,
        'web-0',
        { metadata: { finalizers: null } },
        { resourceVersion: going?.metadata.resourceVersion ?? '' },
      );
      await settled(() => target.remove('volume', 'web-0', 'store-one'));
      expect(await target.findVolume('web-0')).toBeUndefined();
    });
  });
});
