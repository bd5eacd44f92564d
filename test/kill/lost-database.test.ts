/** The database is lost, or comes back older than the target: what stands on the target decides. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { writeExampleVm } from '../../packages/engine/src/testing/example-vm';
import { expectMigrated } from '../../packages/engine/src/testing/expect-migrated';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import {
  copyOfDatabase,
  testDatabase,
  type TestDatabase,
} from '../../packages/engine/src/testing/test-database';
import { testEngine, type TestEngine } from '../../packages/engine/src/testing/test-engine';
import type { WrittenVm } from '../../packages/engine/src/testing/write-vm-folder';
import { pace } from './pace';
import { writeSmallVm } from './small-vm';
import { until } from './until';
import { WorkerFleet } from './worker-fleet';
import { loggedWindows, logWindows } from './window-log';

const KIB = 1024;
const MIB = 1024 * KIB;
const OPTIONS = { sampleWindows: 2 } as const;

describe('a database', () => {
  const folder = tempFolder();
  const opened: { close(): Promise<void> }[] = [];
  const dropped: TestDatabase[] = [];
  afterAll(async () => {
    for (const one of opened.reverse()) await one.close();
    for (const database of dropped) await database.drop();
  });

  it('that is lost is recovered from the target, and nothing that was cut is copied again', async () => {
    const first = await begin(
      'lost',
      writeExampleVm(path.join(folder, 'lost', 'vm'), { diskBytes: 64 * MIB }),
    );
    await untilCut(first.test, 4);
    for (const worker of first.fleet.workers) worker.signal('SIGKILL');
    await Promise.all(first.fleet.workers.map(worker => worker.ended));
    await first.test.close();
    await first.database.drop();
    const cut = layersCut(first.test.classFolder);
    expect(cut.length).toBeGreaterThanOrEqual(4);

    const second = await open('lost', await testDatabase());
    await logWindows(second.test.engine.database);
    await expect(
      second.test.engine.call('recover', { vm: first.vm.folder, options: OPTIONS }),
    ).rejects.toMatchObject({ code: 'VOLUME_FOREIGN' });
    const recovered = await second.test.engine.call('recover', {
      vm: first.vm.folder,
      options: OPTIONS,
      takeOver: true,
    });
    expect(recovered).toMatchObject({ migration: first.migration, adopted: cut.length });
    expect(recovered.again).toBeGreaterThan(0);
    second.fleet.start(2);
    await finish(second, first);

    const copied = new Set(
      (await loggedWindows(second.test.engine.database)).map(window =>
        window.stepId.split(':').at(-1),
      ),
    );
    expect(copied.size).toBeGreaterThan(0);
    expect(cut.filter(layer => copied.has(layer))).toEqual([]);
  }, 360_000);

  it('that is older than the target goes on, whether the newer one was in the middle or had come to its end', async () => {
    await Promise.all([
      olderGoesOn('older', later => untilCut(later, 3)),
      olderGoesOn('oldest', async (later, migration) => {
        await later.engine.call('setLimit', { scope: 'all', bytesPerSecond: null });
        await later.until(migration, ['migrated']);
      }),
    ]);
  }, 360_000);

  it('that is lost after all was done is recovered without a copy', async () => {
    const first = await begin('done');
    await finish(first, first);
    await first.fleet.end();
    await first.test.close();
    await first.database.drop();
    const second = await open('done', await testDatabase());
    await logWindows(second.test.engine.database);
    await second.test.engine.call('recover', {
      vm: first.vm.folder,
      options: OPTIONS,
      takeOver: true,
    });
    second.fleet.start(1);
    await finish(second, first);
    // Only what no VolumeSnapshot holds, the current state of each disk, is written once more.
    const copied = new Set(
      (await loggedWindows(second.test.engine.database)).map(window =>
        window.stepId.split(':').at(-1),
      ),
    );
    expect(layersCut(second.test.classFolder).filter(layer => copied.has(layer))).toEqual([]);
  }, 360_000);

  async function olderGoesOn(
    name: string,
    goOn: (later: TestEngine, migration: string) => Promise<void>,
  ): Promise<void> {
    const first = await begin(name);
    await untilCut(first.test, 1);
    await first.fleet.end();
    await first.test.close();
    const dump = await copyOfDatabase(first.database);

    const newer = await open(name, first.database);
    newer.fleet.start(2);
    await goOn(newer.test, first.migration);
    await newer.fleet.end();
    await newer.test.close();
    await first.database.drop();

    const older = await open(name, dump);
    older.fleet.start(2);
    await finish(older, first);
  }

  interface Opened {
    readonly database: TestDatabase;
    readonly test: TestEngine;
    readonly fleet: WorkerFleet;
  }
  interface Begun extends Opened {
    readonly vm: WrittenVm;
    readonly migration: string;
  }

  async function open(name: string, database: TestDatabase): Promise<Opened> {
    const test = await testEngine(path.join(folder, name), { database });
    const fleet = await WorkerFleet.open({
      databaseUrl: database.url,
      works: { classFolder: test.classFolder },
      settings: { windowBytes: 128 * KIB },
    });
    opened.push(test, fleet);
    dropped.push(database);
    return { database, test, fleet };
  }

  async function begin(
    name: string,
    vm: WrittenVm = writeSmallVm(path.join(folder, name, 'vm'), { seed: 7, baseBytes: 3 * MIB }),
  ): Promise<Begun> {
    const own = await open(name, await testDatabase());
    await pace(own.test.engine, 1);
    const { migration } = await own.test.engine.call('start', { vm: vm.folder, options: OPTIONS });
    await pace(own.test.engine, 6);
    own.fleet.start(2);
    return { ...own, vm, migration };
  }

  async function finish({ test, fleet }: Opened, { migration, vm }: Begun): Promise<void> {
    await test.engine.call('setLimit', { scope: 'all', bytesPerSecond: null });
    await test.until(migration, ['migrated']).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${fleet.logs()}`);
    });
    expect(await expectMigrated(test.engine, migration, vm, test.classFolder)).toBe(
      vm.snapshots.reduce((sum, state) => sum + state.disks.length, vm.current.disks.length),
    );
  }

  async function untilCut(test: TestEngine, count: number): Promise<void> {
    await until(async () => {
      const [row] = await test.engine.database.query<{ ready: number; open: number }>(
        `select (select count(*) from vm_migrate.volume_snapshot where state = 'ready') as ready,
                (select count(*) from vm_migrate.step where kind = 'applyLayer' and state <> 'done') as open`,
      );
      if (row?.open === 0) throw new Error('all is copied already');
      return (row?.ready ?? 0) >= count;
    }, 180_000);
  }

  /** What the target itself says. */
  function layersCut(classFolder: string): string[] {
    const snapshots = path.join(classFolder, 'snapshots');
    return readdirSync(snapshots).map(name => {
      const record = JSON.parse(
        readFileSync(path.join(snapshots, name, 'snapshot.json'), 'utf8'),
      ) as { spec: { layerId: string } };
      return record.spec.layerId;
    });
  }
});
