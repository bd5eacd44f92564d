/**
 * A VM's folder that only this machine has, migrated by an account that has just the printed rights:
 * the engine reads it and pushes it into the pods. The connections are cut in the middle, at a proxy
 * in front of the API server. Every VolumeSnapshot is restored by hand and read by a program that
 * knows nothing of us.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import { rbacObjects } from '../../packages/engine/src/targets/kubernetes/rbac';
import { seededBytes } from '../../packages/engine/src/testing/seeded-bytes';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { testEngine, type TestEngine } from '../../packages/engine/src/testing/test-engine';
import { VmBuilder } from '../../packages/engine/src/testing/vm-builder';
import type { ExpectedDisk, WrittenVm } from '../../packages/engine/src/testing/write-vm-folder';
import { describeWithOwnCluster, ensureCluster, type Cluster } from '.';
import { cuttingProxy, type CuttingProxy } from './cutting-proxy';
import { loadBytesImage } from './expected-bytes';
import { Kubectl } from './kubectl';
import { loadMoverImage } from './mover-image';
import { fileOn, makeClaim, runPod } from './objects';

const MIB = 1024 * 1024;
const DISK_BYTES = 32 * MIB;
const SEED = Number(process.env['PUSH_SEED'] ?? Math.floor(Math.random() * 1e9));

/** One disk: a base, and after its snapshot a side branch and the branch of the present state. */
function writeForkedVm(at: string): WrittenVm {
  const vm = new VmBuilder({ folder: at, name: 'web' });
  const disk = vm.addDisk({ format: 'hosted-sparse', sizeBytes: DISK_BYTES });
  vm.write(disk, MIB, seededBytes(6 * MIB, 1));
  const installed = vm.takeSnapshot('installed');
  vm.write(disk, 5 * MIB, seededBytes(3 * MIB, 2));
  vm.writeZeros(disk, 2 * MIB, MIB);
  vm.takeSnapshot('tried');
  vm.revert(installed);
  vm.write(disk, 20 * MIB, seededBytes(4 * MIB, 3));
  vm.writeZeros(disk, MIB, MIB);
  vm.takeSnapshot('in use');
  vm.write(disk, 30 * MIB, seededBytes(MIB, 4));
  return vm.finish();
}

describeWithOwnCluster('a folder of this machine', () => {
  const folder = tempFolder();
  let cluster: Cluster;
  let kubectl: Kubectl;
  let image: string;
  let vm: WrittenVm;
  let proxy: CuttingProxy;
  let test: TestEngine;

  beforeAll(async () => {
    cluster = await ensureCluster();
    cluster.clearFaults();
    await loadBytesImage(cluster);
    image = await loadMoverImage(cluster);
    kubectl = await Kubectl.inNewNamespace(cluster);
    vm = writeForkedVm(path.join(folder, 'store', 'vm'));
  }, 180_000);

  afterAll(async () => {
    await test?.close();
    proxy?.close();
    await kubectl.run([
      'delete',
      'clusterrole,clusterrolebinding',
      `vm-migrate:${kubectl.namespace}:pusher`,
      '--ignore-not-found',
    ]);
    await kubectl.run(['delete', 'namespace', kubectl.namespace, '--wait=false']);
  });

  it(`is pushed through cut connections with just the printed rights, and every VolumeSnapshot restores to its state (PUSH_SEED=${SEED})`, async () => {
    const kubeconfig = await accountOf('pusher');
    test = await testEngine(folder, {
      sources: [
        { name: 'here', kind: 'vm-directory', options: { folder: path.join(folder, 'store') } },
      ],
      targets: [
        {
          name: 'lab',
          kind: 'kubernetes',
          isDefault: true,
          options: {
            kubeconfig,
            namespace: kubectl.namespace,
            moverImage: image,
            pods: { imagePullPolicy: 'Never' },
          },
        },
      ],
    });
    const plan = await test.engine.call('plan', { vm: `here/${vm.displayName}` });
    expect(plan.findings).toContainEqual(
      expect.objectContaining({ kind: 'source-pushed', severity: 'informs' }),
    );
    expect(plan.totals.estimateMs?.basis).toContain('pushed');

    await test.startWorker({ leaseMs: 10_000, deadAfterMs: 10_000 });
    const { migration } = await test.engine.call('start', { vm: `here/${vm.displayName}` });
    await test.until(migration, ['migrated'], 300_000);
    expect(proxy.cuts()).toBeGreaterThan(2);

    const report = await test.engine.call('getReport', { migration });
    const wanted = vm.snapshots.flatMap(({ id, disks }) => disks.map(disk => ({ id, disk })));
    const found = await Promise.all(
      wanted.map(({ id, disk }) => {
        const cut = report.snapshots
          .find(snapshot => snapshot.id === id)
          ?.disks.find(
            ({ volumeSnapshot }) => path.basename(volumeSnapshot.layerFile) === disk.layerFile,
          )?.volumeSnapshot;
        return digestOfRestored(cut?.name ?? `${id}-is-missing`, disk);
      }),
    );
    expect(found).toEqual(wanted.map(({ disk }) => disk.sha256()));
  }, 600_000);

  /** A kubeconfig of a new account with what `doctor --rbac` prints, by way of a proxy that cuts. */
  async function accountOf(serviceAccount: string): Promise<string> {
    const { namespace } = kubectl;
    const objects = rbacObjects({ namespace, serviceAccount });
    await kubectl.apply({ apiVersion: 'v1', kind: 'List', items: objects });
    const token = (await kubectl.run(['create', 'token', serviceAccount])).trim();
    const view = ['config', 'view', '--raw', '--flatten', '-o', 'json'];
    const config = JSON.parse(await kubectl.run(view)) as {
      clusters: { cluster: { server: string } }[];
      users: object[];
    };
    proxy = await cuttingProxy(config.clusters[0]?.cluster.server ?? '', {
      mostBytes: MIB,
      mostCuts: 6,
      seed: SEED,
    });
    const clusters = config.clusters.map(one => ({
      ...one,
      cluster: { ...one.cluster, server: proxy.server },
    }));
    const users = config.users.map(user => ({ ...user, user: { token } }));
    const file = path.join(folder, `${serviceAccount}.kubeconfig`);
    await writeFile(file, JSON.stringify({ ...config, clusters, users }));
    return file;
  }

  async function digestOfRestored(volumeSnapshot: string, disk: ExpectedDisk): Promise<string> {
    const claim = `check-${volumeSnapshot}`.slice(0, 63);
    await makeClaim(kubectl, claim, { mode: 'Block', fromSnapshot: volumeSnapshot });
    const digest = await runPod(kubectl, claim, 'Block', claim, [
      'digest',
      fileOn('Block'),
      String(disk.sizeBytes / MIB),
    ]);
    await kubectl.run(['delete', 'pvc', claim, '--wait=false']);
    return digest;
  }
});
