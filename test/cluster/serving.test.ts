/**
 * One mover a volume serves its layers in turn while the volume stays attached: each VolumeSnapshot,
 * restored and read by a program that knows nothing of us, is what the naive model of the VM holds.
 * The same with a mover that leaves out its flush shows what the flush is for: states are lost, and
 * nobody says so.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';

import type { ClusterApi } from '../../packages/engine/src/targets/kubernetes/cluster/cluster-api';
import { openCluster } from '../../packages/engine/src/targets/kubernetes/cluster/http-cluster-api';
import { POD } from '../../packages/engine/src/targets/kubernetes/cluster/resources';
import { KubernetesTarget } from '../../packages/engine/src/targets/kubernetes/kubernetes-target';
import { kubernetesOptionsSchema } from '../../packages/engine/src/targets/kubernetes/options';
import { ClusterPods } from '../../packages/engine/src/targets/kubernetes/pods/cluster-pods';
import { restsAfter } from '../../packages/engine/src/targets/kubernetes/pods/pod-rest';
import { seededBytes } from '../../packages/engine/src/testing/seeded-bytes';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { testEngine, type TestEngine } from '../../packages/engine/src/testing/test-engine';
import { VmBuilder } from '../../packages/engine/src/testing/vm-builder';
import type { WrittenVm } from '../../packages/engine/src/testing/write-vm-folder';
import { describeWithOwnCluster, ensureCluster, type Cluster } from '.';
import { loadBytesImage } from './expected-bytes';
import { Kubectl } from './kubectl';
import { loadMoverImage } from './mover-image';
import { fileOn, makeClaim, runPod } from './objects';
import { serveFolder } from './serve-folder';

const MIB = 1024 * 1024;
const DISK_MIBS = 16;
const LAYERS = 5;
const MOST_RUNS = 3;
const DEVICE = '/dev/vm-migrate';

describeWithOwnCluster('a mover that serves the layers of its volume in turn', () => {
  const folder = tempFolder();
  let cluster: Cluster;
  let kubectl: Kubectl;
  let image: string;
  let vm: WrittenVm;
  const engines: TestEngine[] = [];

  beforeAll(async () => {
    cluster = await ensureCluster();
    cluster.clearFaults();
    await loadBytesImage(cluster);
    image = await loadMoverImage(cluster);
    kubectl = await Kubectl.inNewNamespace(cluster);
    vm = writeVm(path.join(folder, 'store', 'vm'));
    execFileSync('chmod', ['-R', 'a+rX', folder]);
    await serveFolder(kubectl, 'store', path.join(folder, 'store'));
  }, 180_000);

  afterAll(async () => {
    await Promise.all(engines.map(engine => engine.close()));
    await kubectl?.run(['delete', 'namespace', kubectl.namespace, '--wait=false']);
  });

  it('holds nothing open when its volume is cut, and every VolumeSnapshot is its state', async () => {
    const began = performance.now();
    const { digests, pods, atCuts } = await migrated('flushed', []);
    expect(digests).toEqual(vm.snapshots.map(({ disks }) => disks[0]?.sha256()));
    expect(pods).toHaveLength(1);
    expect(atCuts.map(({ rests }) => rests)).toEqual(vm.snapshots.map(() => true));
    expect(atCuts.flatMap(({ holders }) => holders)).toEqual([]);
    process.stderr.write(`  flushed: ${Math.round((performance.now() - began) / 1000)} s\n`);
  }, 240_000);

  it('loses states when it does not flush, which nobody notices', async () => {
    // What the kernel happens to write back before a cut is not lost: then another run shows it.
    let lost = 0;
    for (let run = 1; run <= MOST_RUNS && lost === 0; run++) {
      const began = performance.now();
      const { digests } = await migrated(`unflushed-${run}`, ['--no-flush']);
      lost = vm.snapshots.filter(({ disks }, nth) => digests[nth] !== disks[0]?.sha256()).length;
      process.stderr.write(
        `  unflushed: ${lost} of ${LAYERS} states lost, ${Math.round((performance.now() - began) / 1000)} s\n`,
      );
    }
    expect(lost).toBeGreaterThan(0);
  }, 900_000);

  interface Cut {
    /** The volume's pod was there, at rest. */
    readonly rests: boolean;
    /** Processes of the pod that had the device open. */
    readonly holders: readonly string[];
  }

  async function migrated(prefix: string, programArguments: readonly string[]) {
    const pods: string[] = [];
    const atCuts: Cut[] = [];
    const api = openCluster({ kubeconfig: cluster.kubeconfigPath, namespace: kubectl.namespace });
    const watched = watchedApi(api, prefix, pods, atCuts);
    const options = { volumeMode: 'Block', movers: 'perVolume', moverImage: image };
    const parsed = kubernetesOptionsSchema.parse(options);
    const target = new KubernetesTarget('lab', parsed, {
      api: watched,
      pods: new ClusterPods({
        api: watched,
        image: () => image,
        pods: { imagePullPolicy: 'Never' },
        programArguments,
      }),
    });
    const test = await testEngine(path.join(folder, prefix), {
      sources: [
        {
          name: 'store',
          kind: 'vm-directory',
          options: { folder: path.join(folder, 'store'), pods: { persistentVolumeClaim: 'store' } },
        },
      ],
      targets: [
        {
          name: 'lab',
          kind: 'kubernetes',
          isDefault: true,
          options: { ...options, kubeconfig: cluster.kubeconfigPath, namespace: kubectl.namespace },
        },
      ],
      openTarget: async () => target,
    });
    engines.push({
      ...test,
      close: async () => {
        await test.close();
        await target.close();
      },
    });
    await test.startWorker({ leaseMs: 10_000, deadAfterMs: 10_000 });
    const { migration } = await test.engine.call('start', {
      vm: `store/${vm.displayName}`,
      options: { namePrefix: prefix, sampleWindows: 0 },
    });
    await test.until(migration, ['migrated'], 200_000);
    const report = await test.engine.call('getReport', { migration });
    const digests = await Promise.all(
      vm.snapshots.map(({ id }) => {
        const found = report.snapshots.find(snapshot => snapshot.id === id);
        return digestOf(found?.disks[0]?.volumeSnapshot.name ?? `${id}-is-missing`);
      }),
    );
    return { digests, pods, atCuts };
  }

  /** Notes the pods that are made on the VM's volume, and what is open on it when a cut is asked for. */
  function watchedApi(api: ClusterApi, prefix: string, pods: string[], cuts: Cut[]): ClusterApi {
    return new Proxy(api, {
      get(target, property) {
        const member: unknown = Reflect.get(target, property, target);
        const makes = property === 'create' || property === 'applyNew';
        if (!makes || typeof member !== 'function') return member;
        return async (...args: Parameters<ClusterApi['applyNew']>): Promise<unknown> => {
          const [kind, object] = args;
          const name = object.metadata.name ?? '';
          const isOurs = name.startsWith(`${prefix}-`);
          if (isOurs && kind.kind === 'Pod') pods.push(name);
          if (isOurs && kind.kind === 'VolumeSnapshot') {
            const pod = await api.get(POD, pods.at(-1) ?? '');
            const rests = pod !== undefined && restsAfter(pod) !== undefined;
            cuts.push({ rests, holders: holdersOf(pod?.metadata.uid ?? 'none') });
          }
          return (member as ClusterApi['applyNew']).apply(target, args);
        };
      },
    });
  }

  async function digestOf(cut: string): Promise<string> {
    const claim = `check-${cut}`.slice(0, 63);
    await makeClaim(kubectl, claim, { mode: 'Block', fromSnapshot: cut });
    const args = ['digest', fileOn('Block'), String(DISK_MIBS)];
    return runPod(kubectl, claim, 'Block', claim, args);
  }
});

/** The node is this machine: processes in the cgroup of a pod that have the volume's device open. */
function holdersOf(uid: string): string[] {
  return readdirSync('/proc')
    .filter(pid => /^\d+$/.test(pid))
    .filter(pid => openedBy(pid).includes(DEVICE) && cgroupOf(pid).includes(uid));
}

function openedBy(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map(fd => readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return []; // it ended meanwhile
  }
}

function cgroupOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    return '';
  }
}

/** So many layers, each of which writes over a part of what the ones before wrote. */
function writeVm(folder: string): WrittenVm {
  const vm = new VmBuilder({ folder, name: 'served', displayName: 'served', seed: 9 });
  const disk = vm.addDisk({ format: 'hosted-sparse', sizeBytes: DISK_MIBS * MIB });
  for (let layer = 0; layer < LAYERS; layer++) {
    vm.write(disk, layer * 2 * MIB, seededBytes(4 * MIB, layer + 1));
    vm.takeSnapshot(`state ${layer}`);
  }
  return vm.finish();
}
