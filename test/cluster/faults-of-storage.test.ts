/** Storage and its controllers fail under a migration: the step says why, and what was asked for comes to be. */
import { closeSync, existsSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';

import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import type { WrittenVm } from '../../packages/engine/src/testing/write-vm-folder';
import { writeSmallVm } from '../kill/small-vm';
import { describeWithOwnCluster } from '.';
import {
  driverDown,
  quotaHit,
  readinessDelayed,
  snapshotControllerDown,
  snapshotError,
  volumeRefused,
} from './faults';
import { STATE_FOLDER } from './instance';
import { Lab, type LabEngine } from './lab';
import { liveThrough, liveThroughInTurn } from './live-through';
import { startPod } from './objects';
import { until } from './until';

const MIB = 1024 * 1024;
jest.setTimeout(900_000);

describeWithOwnCluster('when storage fails, a migration', () => {
  const folder = tempFolder();
  let lab: Lab;
  let engine: LabEngine;
  beforeAll(async () => {
    lab = await Lab.open(folder);
    engine = await lab.engine();
    await lab.trustClass(engine);
  });
  afterAll(() => lab?.close());

  it('names quota, driver, snapshot controller and snapshot errors, and goes on by itself', async () => {
    const vm = writeSmallVm(lab.vmFolder('storage'), { seed: 11 });
    engine.fleet.start(1);
    const tight = await quotaHit.begin(lab, engine);
    const migration = await lab.start(engine, vm, { namePrefix: 'storage' });
    await lab.named(engine, /exceeded quota/);
    const refused = await volumeRefused.begin(lab, engine);
    await tight();
    await lab.named(engine, /has not made it; .*no free extent/);
    await refused();
    // The base's VolumeSnapshot meets all three.
    await liveThroughInTurn(lab, engine, [snapshotControllerDown, snapshotError, readinessDelayed]);
    await liveThrough(lab, engine, driverDown);
    await lab.expectMigrated(engine, [{ migration, vm }]);
  });

  it('refuses a class that takes no snapshots before anything is made', async () => {
    const vm = writeSmallVm(lab.vmFolder('nosnap'), { seed: 12 });
    await expect(
      lab.start(engine, vm, { namePrefix: 'nosnap', storageClass: 'nosnap' }),
    ).rejects.toMatchObject({ message: expect.stringMatching(/snapshot/i) });
    expect(await lab.kubectl.run(['get', 'pvc', '-o', 'name'])).not.toContain('nosnap');
  });
});

describeWithOwnCluster('when a volume is full, a migration', () => {
  const folder = tempFolder();
  let lab: Lab;
  let engine: LabEngine;
  let vm: WrittenVm;
  beforeAll(async () => {
    lab = await Lab.open(folder, { volumeMode: 'Filesystem' });
    engine = await lab.engine();
    await lab.trustClass(engine);
    vm = writeSmallVm(lab.vmFolder('full'), { seed: 13, baseBytes: 2 * MIB });
  });
  afterAll(() => lab?.close());

  it('fails by name, and goes on with `retry` when there is room', async () => {
    await engine.test.engine.call('setLimit', { scope: 'all', bytesPerSecond: MIB / 4 });
    engine.fleet.start(1);
    const migration = await lab.start(engine, vm, { namePrefix: 'full' });
    const volume = await lab.copying(engine, 0);
    fill(await mountOf(volume));
    await engine.test.until(migration, ['failed'], 180_000);
    const { steps } = await engine.test.engine.call('describe', { migration });
    expect(steps.flatMap(step => (step.error === null ? [] : [step.error.code]))).toEqual([
      'VOLUME_FULL',
    ]);
    await engine.test.engine.call('setLimit', { scope: 'all', bytesPerSecond: null });
    await makeRoom(volume);
    await engine.test.engine.call('retry', { migration });
    await lab.expectMigrated(engine, [{ migration, vm }]);
  });

  /** Where the kubelet has mounted a volume for the pod that uses it; the node is this machine. */
  async function mountOf(claim: string): Promise<string> {
    const { spec } = await lab.kubectl.get<{ spec: { volumeName: string } }>(`pvc/${claim}`);
    const pods = path.join(STATE_FOLDER, lab.cluster.name, 'kubelet/pods');
    return until(`a mount of ${claim}`, 30_000, () =>
      readdirSync(pods)
        .map(pod => path.join(pods, pod, 'volumes/kubernetes.io~csi', spec.volumeName, 'mount'))
        .find(mount => existsSync(mount)),
    );
  }

  /** To the last block, as root may. */
  function fill(mount: string): void {
    const file = openSync(path.join(mount, 'somebody-elses'), 'w');
    try {
      for (;;) writeSync(file, Buffer.alloc(MIB / 4, 1));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  /** Through a pod of somebody else, on which the volume is mounted. */
  async function makeRoom(claim: string): Promise<void> {
    await startPod(lab.kubectl, 'makes-room', 'Filesystem', claim, ['hold']);
    rmSync(path.join(await mountOf(claim), 'somebody-elses'));
    await lab.kubectl.run(['delete', 'pod', 'makes-room']);
  }
});
