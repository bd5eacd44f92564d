import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expectMigrated } from '../../packages/engine/src/testing/expect-migrated';
import { InProcessMover } from '../../packages/engine/src/testing/in-process-mover';
import { seededBytes } from '../../packages/engine/src/testing/seeded-bytes';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import {
  moverProgram,
  testEngine,
  type TestEngine,
} from '../../packages/engine/src/testing/test-engine';
import { VmBuilder } from '../../packages/engine/src/testing/vm-builder';
import type { WrittenVm } from '../../packages/engine/src/testing/write-vm-folder';

const MIB = 1024 * 1024;

describe('a VM that goes on after its history was migrated', () => {
  const folder = tempFolder();
  const vmFolder = path.join(folder, 'vm');
  let test: TestEngine;
  beforeAll(async () => {
    test = await testEngine(folder, { mover: new InProcessMover(moverProgram()) });
    await test.startWorker();
  });
  afterAll(() => test?.close());

  /** Files that did not change keep their inode and time, as on a datastore. */
  function publish(vm: WrittenVm): void {
    mkdirSync(vmFolder, { recursive: true });
    for (const name of readdirSync(vm.folder)) {
      const [from, to] = [path.join(vm.folder, name), path.join(vmFolder, name)];
      if (!existsSync(to) || !readFileSync(from).equals(readFileSync(to))) copyFileSync(from, to);
    }
  }

  async function migrated(vm: WrittenVm, migration: string): Promise<void> {
    await test.until(migration, ['migrated']);
    const points = vm.snapshots.reduce(
      (sum, state) => sum + state.disks.length,
      vm.current.disks.length,
    );
    expect(await expectMigrated(test.engine, migration, vm, test.classFolder)).toBe(points);
  }

  it('new snapshots and layers are added to the same migration, what was written stays', async () => {
    const build = (name: string) =>
      new VmBuilder({ folder: path.join(folder, name), name: 'goes on', seed: 7 });
    const live = (name: string, steps: number): WrittenVm => {
      const vm = build(name);
      const disk = vm.addDisk({ format: 'hosted-sparse', sizeBytes: 2 * MIB });
      vm.write(disk, 0, seededBytes(200_704, 1));
      const first = vm.takeSnapshot('one');
      vm.write(disk, MIB, seededBytes(100_352, 2));
      vm.takeSnapshot('two');
      vm.write(disk, 1024, seededBytes(1024, 3));
      if (steps > 0) {
        // The running layer goes on, freezes, and gets a child; a second disk is added.
        vm.write(disk, 512 * 1024, seededBytes(66_048, 4));
        vm.takeSnapshot('three');
        const other = vm.addDisk({ format: 'flat+se-sparse', sizeBytes: MIB });
        vm.write(other, 4096, seededBytes(8192, 5));
        vm.write(disk, 0, seededBytes(512, 6));
      }
      if (steps > 1) {
        vm.takeSnapshot('four');
        vm.revert(first);
        vm.write(disk, 2048, seededBytes(2048, 8));
      }
      return vm.finish();
    };

    const before = live('before', 0);
    publish(before);
    const first = await test.engine.call('start', { vm: vmFolder });
    await migrated(before, first.migration);
    const cutsBefore = await test.engine.call('getSnapshots', { migration: first.migration });

    const after = live('after', 1);
    publish(after);
    const second = await test.engine.call('start', { vm: vmFolder });
    expect(second).toMatchObject({ outcome: 'started', migration: first.migration });
    await migrated(after, second.migration);
    const cutsAfter = await test.engine.call('getSnapshots', { migration: first.migration });
    for (const snapshot of cutsBefore) {
      expect(cutsAfter.find(candidate => candidate.id === snapshot.id)?.volumeSnapshots).toEqual(
        snapshot.volumeSnapshots,
      );
    }
    expect(await test.engine.call('start', { vm: vmFolder })).toMatchObject({ outcome: 'already' });

    // A revert moves the main path: what was migrated stays, and the way on is named.
    publish(live('reverted', 2));
    await expect(test.engine.call('start', { vm: vmFolder })).rejects.toMatchObject({
      code: 'STATE_REFUSED',
    });
  }, 360_000);
});
