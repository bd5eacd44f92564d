/**
 * Workers as real processes, whose movers are pods: whatever becomes of a worker in the middle of a
 * layer, the pod goes on for the next one. Its uid stays, every window is stored once, and the
 * receipt is the pod's own.
 */
import { execFileSync } from 'node:child_process';
import path from 'node:path';

import { seededBytes } from '../../packages/engine/src/testing/seeded-bytes';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { testEngine, type TestEngine } from '../../packages/engine/src/testing/test-engine';
import { VmBuilder } from '../../packages/engine/src/testing/vm-builder';
import type { WrittenVm } from '../../packages/engine/src/testing/write-vm-folder';
import { loggedWindows, logWindows } from '../kill/window-log';
import { WorkerFleet, type WorkerProcess } from '../kill/worker-fleet';
import { describeWithOwnCluster, ensureCluster, type Cluster } from '.';
import { loadBytesImage } from './expected-bytes';
import { Kubectl } from './kubectl';
import { loadMoverImage } from './mover-image';
import { fileOn, makeClaim, runPod } from './objects';
import { serveFolder } from './serve-folder';
import { until } from './until';

const MIB = 1024 * 1024;
const KIB = 1024;
const DISK_MIBS = 16;

describeWithOwnCluster('a worker that goes in the middle of a layer', () => {
  const folder = tempFolder();
  let cluster: Cluster;
  let kubectl: Kubectl;
  let test: TestEngine;
  let fleet: WorkerFleet;
  let vm: WrittenVm;

  beforeAll(async () => {
    cluster = await ensureCluster();
    cluster.clearFaults();
    await loadBytesImage(cluster);
    const image = await loadMoverImage(cluster);
    kubectl = await Kubectl.inNewNamespace(cluster);
    vm = writeVm(path.join(folder, 'store', 'vm'));
    execFileSync('chmod', ['-R', 'a+rX', folder]);
    await serveFolder(kubectl, 'store', path.join(folder, 'store'));
    const targets = [
      {
        name: 'lab',
        kind: 'kubernetes',
        isDefault: true,
        options: {
          kubeconfig: cluster.kubeconfigPath,
          namespace: kubectl.namespace,
          volumeMode: 'Block',
          moverImage: image,
          pods: { imagePullPolicy: 'Never' },
        },
      },
    ];
    test = await testEngine(folder, {
      sources: [
        {
          name: 'store',
          kind: 'vm-directory',
          options: { folder: path.join(folder, 'store'), pods: { persistentVolumeClaim: 'store' } },
        },
      ],
      targets,
    });
    await logWindows(test.engine.database);
    fleet = await WorkerFleet.open({
      databaseUrl: test.database.url,
      works: { sources: [], targets },
      settings: { windowBytes: 256 * KIB, leaseMs: 6_000, deadAfterMs: 6_000 },
    });
  }, 300_000);

  afterAll(async () => {
    await fleet?.close();
    await test?.close();
    await kubectl?.run(['delete', 'namespace', kubectl.namespace, '--wait=false']);
  });

  it.each<[string, (worker: WorkerProcess) => Promise<void>]>([
    [
      'killed',
      async worker => {
        worker.signal('SIGKILL');
        await worker.ended;
      },
    ],
    [
      'ended in an orderly way',
      async worker => {
        worker.signal('SIGTERM');
        await worker.ended;
      },
    ],
    ['stopped, and awake again after the take-over', async worker => worker.signal('SIGSTOP')],
  ])(
    '(%s) is followed by another one with the same pod',
    async (how, part) => {
      const began = performance.now();
      // The layer lasts longer than any take-over, and no longer than the case looks at it.
      await limit(256 * KIB);
      const [first] = fleet.start();
      if (first === undefined) throw new Error('no worker');
      const prefix = how.split(/[ ,]/)[0] ?? '';
      const { migration } = await test.engine.call('start', {
        vm: `store/${vm.displayName}`,
        options: { namePrefix: prefix, sampleWindows: 1 },
      });
      const windows = async () =>
        (await loggedWindows(test.engine.database)).filter(one => one.migrationId === migration);
      await until('windows of the layer', 120_000, async () => (await windows()).length >= 4);
      const [volume] = await test.engine.database.query<{ name: string; fence: number }>(
        `select v.base_name as name, s.fence from vm_migrate.volume v join vm_migrate.step s using (migration_id, volume_id)
          where v.migration_id = $1 and s.kind = 'applyLayer' and s.state = 'running'`,
        [migration],
      );
      const pods = await kubectl.get<{ items: Pod[] }>('pods');
      const pod = pods.items.find(one => one.metadata.name.startsWith(prefix));
      expect(pod).toBeDefined();
      await part(first);
      const storedBefore = (await windows()).length;
      const [second] = fleet.start();
      await until('the next claim to have the pod', 120_000, async () => {
        const now = await kubectl.get<Pod>(`pod/${pod?.metadata.name ?? ''}`);
        expect(now.metadata.uid).toBe(pod?.metadata.uid);
        return Number(now.metadata.annotations['vm-migrate.io/fence']) > (volume?.fence ?? 0);
      });
      if (how.startsWith('stopped')) {
        first.signal('SIGCONT');
        const stored = (await windows()).length;
        await until(
          'windows after it woke',
          120_000,
          async () => (await windows()).length > stored,
        );
        const now = await kubectl.get<Pod>(`pod/${pod?.metadata.name ?? ''}`);
        expect(now.metadata).toMatchObject({ uid: pod?.metadata.uid });
        expect(now.metadata.annotations['vm-migrate.io/stop']).toBeUndefined();
      }
      await limit(null);
      await test.until(migration, ['migrated'], 180_000);
      const logged = await windows();
      expect(logged.length).toBeGreaterThan(storedBefore);
      expect(new Set(logged.map(one => `${one.stepId} ${one.windowIndex}`)).size).toBe(
        logged.length,
      );
      expect(new Set(logged.map(one => one.fence)).size).toBeGreaterThanOrEqual(2);
      const [layer] = await test.engine.database.query<{ run: string; fence: number }>(
        `select l.receipt->>'runId' as run, s.fence from vm_migrate.layer l join vm_migrate.step s using (migration_id, layer_id)
          where l.migration_id = $1 and s.kind = 'applyLayer' and l.parent_id is null`,
        [migration],
      );
      // The pod's order was of the first claim; the step ended under a later one.
      expect(Number(layer?.run.split('/').at(-1))).toBeLessThan(layer?.fence ?? 0);
      expect(await digestOf(migration)).toBe(vm.snapshots[0]?.disks[0]?.sha256());
      second?.signal('SIGTERM');
      first.signal('SIGTERM');
      await Promise.all([first.ended, second?.ended]);
      process.stderr.write(`  ${how}: ${Math.round((performance.now() - began) / 1000)} s\n`);
    },
    600_000,
  );

  const limit = (bytesPerSecond: number | null) =>
    test.engine.call('setLimit', { scope: 'all', bytesPerSecond });

  async function digestOf(migration: string): Promise<string> {
    const report = await test.engine.call('getReport', { migration });
    const cut = report.snapshots[0]?.disks[0]?.volumeSnapshot?.name ?? '';
    const claim = `check-${cut}`.slice(0, 63);
    await makeClaim(kubectl, claim, { mode: 'Block', fromSnapshot: cut });
    const args = ['digest', fileOn('Block'), String(DISK_MIBS)];
    return runPod(kubectl, claim, 'Block', claim, args);
  }
});

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly annotations: Readonly<Record<string, string>>;
  };
}

/** One layer of many windows, which a snapshot names. */
function writeVm(folder: string): WrittenVm {
  const vm = new VmBuilder({ folder, name: 'going', displayName: 'going', seed: 3 });
  const disk = vm.addDisk({ format: 'hosted-sparse', sizeBytes: DISK_MIBS * MIB });
  vm.write(disk, 0, seededBytes(12 * MIB, 5));
  vm.takeSnapshot('only');
  return vm.finish();
}
