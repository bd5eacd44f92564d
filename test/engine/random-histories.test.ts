import path from 'node:path';
import { expectMigrated } from '../../packages/engine/src/testing/expect-migrated';
import { writeRandomVm } from '../../packages/engine/src/testing/random-vm';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { testEngine, type TestEngine } from '../../packages/engine/src/testing/test-engine';
import { InProcessMover } from '../../packages/engine/src/testing/in-process-mover';
import { moverProgram } from '../../packages/engine/src/testing/test-engine';

/** VMs of one run; `npm run soak` has more. */
const COUNT = Number(process.env['VM_MIGRATE_RANDOM_VMS'] ?? 12);
const FIRST_SEED = Number(process.env['VM_MIGRATE_SEED'] ?? Math.floor(Math.random() * 1_000_000));

/** Model test of the whole engine: random trees, replayed, equal a naive model that knows nothing of deltas. */
describe(`random histories (replay with VM_MIGRATE_SEED=${FIRST_SEED} VM_MIGRATE_RANDOM_VMS=${COUNT})`, () => {
  const folder = tempFolder();
  let test: TestEngine;
  beforeAll(async () => {
    test = await testEngine(folder, { mover: new InProcessMover(moverProgram()) });
    await test.startWorker();
    await test.startWorker();
    await test.engine.call('setLimit', { scope: 'all', maxRunning: 6 });
  });
  afterAll(() => test?.close());

  const seeds = Array.from({ length: COUNT }, (_, index) => FIRST_SEED + index);

  it('all migrate side by side, and each point equals the model', async () => {
    const vms = seeds.map(seed => ({
      seed,
      vm: writeRandomVm(path.join(folder, `vm-${seed}`), { seed }),
    }));
    const started = [];
    for (const { seed, vm } of vms) {
      const { migration } = await test.engine.call('start', {
        vm: vm.folder,
        options: { sampleWindows: 2 },
      });
      started.push({ seed, vm, migration });
    }
    for (const { seed, vm, migration } of started) {
      await test
        .until(migration, ['migrated'], Number(process.env['VM_MIGRATE_WAIT_MS'] ?? 240_000))
        .catch((error: unknown) => {
          throw new Error(
            `seed ${seed}: ${error instanceof Error ? error.message : String(error)}`,
          );
        });
      const compared = await expectMigrated(test.engine, migration, vm, test.classFolder).catch(
        (error: unknown) => {
          throw new Error(
            `seed ${seed}: ${error instanceof Error ? error.message : String(error)}`,
          );
        },
      );
      expect({ seed, compared }).toEqual({
        seed,
        compared: vm.snapshots.reduce(
          (sum, state) => sum + state.disks.length,
          vm.current.disks.length,
        ),
      });
    }
  }, 300_000);
});
