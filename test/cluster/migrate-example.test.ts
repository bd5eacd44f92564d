/**
 * The whole engine on the real cluster: the example VM becomes PVCs and VolumeSnapshots, written by
 * pods that a restricted namespace admits. Every VolumeSnapshot is restored by hand and read by a
 * program that knows nothing of us; what it reads is what the naive model of the VM holds.
 */
import { execFileSync } from 'node:child_process';
import path from 'node:path';

import { writeExampleVm } from '../../packages/engine/src/testing/example-vm';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { testEngine, type TestEngine } from '../../packages/engine/src/testing/test-engine';
import type { ExpectedDisk, WrittenVm } from '../../packages/engine/src/testing/write-vm-folder';
import { describeWithCluster, ensureCluster, type Cluster } from '.';
import { loadBytesImage } from './expected-bytes';
import { Kubectl } from './kubectl';
import { loadMoverImage } from './mover-image';
import { fileOn, makeClaim, runPod, type VolumeMode } from './objects';
import { serveFolder } from './serve-folder';

const MIB = 1024 * 1024;
const DISK_BYTES = 64 * MIB;

describeWithCluster('the example VM on the cluster', () => {
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
    vm = writeExampleVm(path.join(folder, 'store', 'vm'), { diskBytes: DISK_BYTES });
    execFileSync('chmod', ['-R', 'a+rX', folder]);
    if (cluster.hasFoldersOfThisMachine)
      await serveFolder(kubectl, 'store', path.join(folder, 'store'));
  }, 180_000);

  afterAll(async () => {
    await Promise.all(engines.map(engine => engine.close()));
    await kubectl.run(['delete', 'namespace', kubectl.namespace, '--wait=false']);
  });

  it.each<[VolumeMode, 'perLayer' | 'perVolume']>([
    ['Block', 'perLayer'],
    ['Filesystem', 'perVolume'],
  ])(
    'migrates onto %s volumes with movers %s, and every VolumeSnapshot restores to its state',
    async (volumeMode, movers) => {
      const test = await testEngine(folder, {
        sources: [
          {
            name: 'store',
            kind: 'vm-directory',
            options: {
              folder: path.join(folder, 'store'),
              // Elsewhere the engine reads it and pushes.
              ...(cluster.hasFoldersOfThisMachine
                ? { pods: { persistentVolumeClaim: 'store' } }
                : {}),
            },
          },
        ],
        targets: [
          {
            name: 'lab',
            kind: 'kubernetes',
            isDefault: true,
            options: {
              kubeconfig: cluster.kubeconfigPath,
              namespace: kubectl.namespace,
              volumeMode,
              movers,
              filesystemOverhead: 0.3,
              moverImage: image,
              pods: { imagePullPolicy: 'IfNotPresent' },
            },
          },
        ],
      });
      engines.push(test);
      await test.startWorker({ leaseMs: 10_000, deadAfterMs: 10_000 });
      const { migration } = await test.engine.call('start', {
        vm: `store/${vm.displayName}`,
        options: {
          namePrefix: volumeMode.toLowerCase(),
          storageClass: cluster.storageClass,
        },
      });
      await test.until(migration, ['migrated'], 300_000);

      const report = await test.engine.call('getReport', { migration });
      const wanted = vm.snapshots.flatMap(({ id, disks }) => disks.map(disk => ({ id, disk })));
      const found = await Promise.all(
        wanted.map(({ id, disk }) => {
          const cut = report.snapshots
            .find(snapshot => snapshot.id === id)
            ?.disks.find(
              ({ volumeSnapshot }) => path.basename(volumeSnapshot.layerFile) === disk.layerFile,
            )?.volumeSnapshot;
          return digestOfRestored(cut?.name ?? `${id}-is-missing`, volumeMode, disk);
        }),
      );
      expect(found).toEqual(wanted.map(({ disk }) => disk.sha256()));
    },
    600_000,
  );

  async function digestOfRestored(
    volumeSnapshot: string,
    mode: VolumeMode,
    disk: ExpectedDisk,
  ): Promise<string> {
    const claim = `check-${volumeSnapshot}`.slice(0, 63);
    await makeClaim(kubectl, claim, {
      mode,
      storageClass: cluster.storageClass,
      fromSnapshot: volumeSnapshot,
    });
    const digest = await runPod(kubectl, claim, mode, claim, [
      'digest',
      fileOn(mode),
      String(disk.sizeBytes / MIB),
    ]);
    await kubectl.run(['delete', 'pvc', claim, '--wait=false']);
    return digest;
  }
});
