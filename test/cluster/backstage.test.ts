/**
 * `npm start` on a machine whose kubectl talks to a cluster: Backstage finds it, makes it the default
 * target, and a start over HTTP, as the pages do it, becomes PVCs and VolumeSnapshots there, pushed
 * from the folder of this machine. They are read by a program that knows nothing of us.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { apiClient, type ApiClient } from '@vm-migrate/api';

import { seededBytes } from '../../packages/engine/src/testing/seeded-bytes';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { VmBuilder } from '../../packages/engine/src/testing/vm-builder';
import type { WrittenVm } from '../../packages/engine/src/testing/write-vm-folder';
import { startBackstage, type Backstage } from '../e2e/backstage-process';
import { describeWithOwnCluster, ensureCluster, type Cluster } from '.';
import { printedAccount, type Account } from './account';
import { loadBytesImage } from './expected-bytes';
import { digestsOf, digestsOfRestored } from './foreign-reader';
import { Kubectl } from './kubectl';
import { loadMoverImage } from './mover-image';
import { until } from './until';

const MIB = 1024 * 1024;

describeWithOwnCluster('npm start with a cluster', () => {
  const folder = tempFolder();
  let cluster: Cluster;
  let kubectl: Kubectl;
  let account: Account;
  let vm: WrittenVm;
  let backstage: Backstage | undefined;

  beforeAll(async () => {
    cluster = await ensureCluster();
    cluster.clearFaults();
    await loadBytesImage(cluster);
    // The nodes have it by name; nothing is configured.
    await loadMoverImage(cluster);
    kubectl = await Kubectl.inNewNamespace(cluster);
    account = await printedAccount(kubectl, folder);
    inNamespace(account.kubeconfig, kubectl.namespace);
    // Where the example VM would stand; what is there is left alone.
    vm = writeVm(path.join(folder, '.demo', 'backstage', 'vms', 'example'));
  }, 180_000);

  afterAll(async () => {
    await backstage?.stop();
    await account?.remove();
    await kubectl?.run(['delete', 'namespace', kubectl.namespace, '--wait=false']);
  });

  it('migrates to it, by an account with just the printed rights and nothing configured', async () => {
    backstage = await startBackstage(folder, {
      environment: { KUBECONFIG: account.kubeconfig },
      timeoutMs: 150_000,
    });
    const { url, token } = backstage;
    const guest = apiClient({ baseUrl: () => `${url}/api/vm-migrate`, token });

    const targets = await guest.call('getTargets', {});
    expect(targets.map(({ name, isDefault }) => ({ name, isDefault }))).toEqual([
      { name: 'kubernetes', isDefault: true },
      { name: 'local', isDefault: false },
    ]);
    expect(targets[0]).toMatchObject({ error: null, namespaces: [kubectl.namespace] });
    expect(targets[0]?.classes.map(({ name }) => name)).toContain('fast');

    const { migration } = await guest.call('start', { vm: `demo/${vm.displayName}` });
    await untilMigrated(guest, migration);
    expect(await found(guest, migration)).toEqual(wanted());
  }, 600_000);

  /** A point that is not there is a name that nothing has. */
  async function found(guest: ApiClient, migration: string): Promise<string[]> {
    const report = await guest.call('getReport', { migration });
    const cuts = vm.snapshots.flatMap(({ id, disks }) =>
      disks.map(({ layerFile, sizeBytes }) => ({
        sizeBytes,
        volumeSnapshot:
          report.snapshots
            .find(snapshot => snapshot.id === id)
            ?.disks.find(
              ({ volumeSnapshot }) => path.basename(volumeSnapshot.layerFile) === layerFile,
            )?.volumeSnapshot.name ?? `${id}-is-missing`,
      })),
    );
    const current = vm.current.disks.map(({ layerFile, sizeBytes }) => ({
      sizeBytes,
      claim:
        report.current.find(point => path.basename(point.layerFile) === layerFile)?.volume ??
        'no-volume',
    }));
    const digests = await Promise.all([
      digestsOfRestored(kubectl, 'Block', cuts),
      digestsOf(kubectl, 'Block', current),
    ]);
    return digests.flat();
  }

  function wanted(): string[] {
    const states = [...vm.snapshots, vm.current].flatMap(({ disks }) => disks);
    expect(states).toHaveLength(2);
    return states.map(disk => disk.sha256());
  }

  async function untilMigrated(guest: ApiClient, migration: string): Promise<void> {
    await until('the end of the migration', 300_000, async () => {
      const [row] = await guest.call('getMigrations', { migration });
      return row?.state !== 'running';
    }).catch(async (error: unknown) => {
      const { steps } = await guest.call('getQueue', { migration });
      throw new Error(`${String(error)}\n${JSON.stringify(steps, null, 1)}\n${backstage?.said()}`);
    });
    const [row] = await guest.call('getMigrations', { migration });
    expect(row).toMatchObject({ state: 'migrated', target: 'kubernetes' });
  }
});

function inNamespace(kubeconfig: string, namespace: string): void {
  const config = JSON.parse(readFileSync(kubeconfig, 'utf8')) as {
    contexts: { context: object }[];
  };
  const contexts = config.contexts.map(one => ({ ...one, context: { ...one.context, namespace } }));
  writeFileSync(kubeconfig, JSON.stringify({ ...config, contexts }));
}

/** One snapshot: what histories become on a cluster is shown by the engine's own tests. */
function writeVm(at: string): WrittenVm {
  const vm = new VmBuilder({ folder: at, name: 'web' });
  const disk = vm.addDisk({ format: 'hosted-sparse', sizeBytes: 8 * MIB });
  vm.write(disk, MIB, seededBytes(2 * MIB, 1));
  vm.takeSnapshot('installed');
  vm.write(disk, 2 * MIB, seededBytes(2 * MIB, 2));
  vm.writeZeros(disk, MIB, MIB / 2);
  return vm.finish();
}
