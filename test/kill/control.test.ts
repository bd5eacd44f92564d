/** Pause, resume, cancel and limits in the middle of running copies, with real workers and movers. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expectMigrated } from '../../packages/engine/src/testing/expect-migrated';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { testEngine, type TestEngine } from '../../packages/engine/src/testing/test-engine';
import { expectOnce } from './expect-once';
import { SMALL_VM_POINTS, writeSmallVm } from './small-vm';
import { until } from './until';
import { loggedWindows, logWindows } from './window-log';
import { WorkerFleet } from './worker-fleet';

const KIB = 1024;
const MIB = 1024 * KIB;

describe('in the middle of a migration', () => {
  const folder = tempFolder();
  let test: TestEngine;
  let fleet: WorkerFleet;
  beforeAll(async () => {
    test = await testEngine(folder);
    await logWindows(test.engine.database);
    fleet = await WorkerFleet.open({
      databaseUrl: test.database.url,
      works: { classFolder: test.classFolder },
      settings: { windowBytes: 64 * KIB },
    });
    fleet.start(3);
    await until(async () => fleet.running().length === 3, 60_000);
  }, 180_000);
  afterAll(async () => {
    await fleet?.close();
    await test?.close();
  });

  const start = async (name: string, baseBytes: number) => {
    const vm = writeSmallVm(path.join(folder, name), { seed: name.length + baseBytes, baseBytes });
    const { migration } = await test.engine.call('start', {
      vm: vm.folder,
      options: { sampleWindows: 1, namePrefix: name },
    });
    return { vm, migration };
  };
  const limit = (bytesPerSecond: number | null) =>
    test.engine.call('setLimit', { scope: 'all', bytesPerSecond });
  const windowsOf = async (migration: string) =>
    (await loggedWindows(test.engine.database)).filter(window => window.migrationId === migration);
  const steps = async (migration: string, state: string) => {
    const [row] = await test.engine.database.query<{ count: number }>(
      'select count(*) as count from vm_migrate.step where migration_id = $1 and state = $2',
      [migration, state],
    );
    return row?.count ?? 0;
  };
  const left = (name: string, kind: 'volumes' | 'snapshots') =>
    readdirSync(path.join(test.classFolder, kind))
      .filter(entry => entry.startsWith(`${name}-`))
      .sort();

  it('three workers share many small VMs, each of which comes out once', async () => {
    const started = await Promise.all(
      Array.from({ length: 5 }, (_, nth) => start(`many${nth}`, 256 * KIB)),
    );
    for (const { vm, migration } of started) {
      await test.until(migration, ['migrated']);
      expect(await expectMigrated(test.engine, migration, vm, test.classFolder)).toBe(
        SMALL_VM_POINTS,
      );
    }
    await test.engine.call('cleanup', { remove: true });
    await expectOnce(test.engine.database, test.classFolder);
    const owners = await test.engine.database.query(
      `select distinct actor from vm_migrate.event where kind = 'step-done'`,
    );
    expect(owners).toHaveLength(3);
  }, 360_000);

  it('pause ends every mover after its window, and resume copies none of them again', async () => {
    await limit(600 * KIB);
    const { vm, migration } = await start('pause', 3 * MIB);
    await until(async () => (await windowsOf(migration)).length >= 4);
    await test.engine.call('pause', { migration });
    await until(async () => (await steps(migration, 'running')) === 0);
    await until(async () => fleet.workers.every(worker => worker.movers().length === 0), 30_000);
    const before = await windowsOf(migration);
    expect(await test.until(migration, ['paused'])).toBe('paused');

    await limit(null);
    await test.engine.call('resume', { migration });
    await test.until(migration, ['migrated']);
    expect(await expectMigrated(test.engine, migration, vm, test.classFolder)).toBe(
      SMALL_VM_POINTS,
    );
    await test.engine.call('cleanup', { remove: true });
    await expectOnce(test.engine.database, test.classFolder);
    // The receipt says what its mover read: exactly the windows that the one before had not done.
    const after = await windowsOf(migration);
    const receipts = await test.engine.database.query<{
      layer: string;
      fence: number;
      read: number;
    }>(
      `select layer_id as layer, (receipt->>'fence')::int8 as fence, (receipt->'bytes'->>'read')::int8 as read from vm_migrate.layer where migration_id = $1`,
      [migration],
    );
    const paused = receipts.filter(({ layer }) =>
      before.some(
        window =>
          window.stepId.endsWith(layer) &&
          !after.some(later => later.stepId === window.stepId && later.fence < window.fence),
      ),
    );
    const base = paused.find(({ layer, fence }) =>
      before.some(window => window.stepId.endsWith(layer) && window.fence < fence),
    );
    if (base === undefined) throw new Error('no layer was paused in its middle');
    const ofLayer = after.filter(window => window.stepId.endsWith(base.layer));
    const sum = (windows: typeof ofLayer) =>
      windows.reduce((bytes, window) => bytes + window.bytes, 0);
    expect(base.read).toBe(sum(ofLayer.filter(window => window.fence === base.fence)));
    expect(sum(ofLayer)).toBeGreaterThan(base.read);
  }, 180_000);

  it.each(['keep-all', 'keep-snapshots', 'remove-all'] as const)(
    'cancel with %s leaves exactly that',
    async objects => {
      await limit(400 * KIB);
      const { migration } = await start(objects, MIB);
      await until(
        async () =>
          left(objects, 'snapshots').length >= 2 && (await windowsOf(migration)).length > 17,
      );
      await test.engine.call('cancel', { migration, objects });
      await limit(null);
      const [row] = await test.engine.call('getMigrations', { migration });
      expect(row?.state).toBe('canceled');
      const ready = await test.engine.database.query<{ name: string }>(
        `select name from vm_migrate.volume_snapshot where migration_id = $1 and state = 'ready' order by name collate "C"`,
        [migration],
      );
      const made = await test.engine.database.query<{ name: string }>(
        `select base_name as name from vm_migrate.volume where migration_id = $1 and made_at is not null and removed_at is null order by 1`,
        [migration],
      );
      expect(left(objects, 'snapshots')).toEqual(
        objects === 'remove-all' ? [] : ready.map(cut => cut.name),
      );
      expect(left(objects, 'volumes')).toEqual(
        objects === 'keep-all' ? made.map(volume => volume.name) : [],
      );
      expect(left(objects, 'snapshots').length > 0).toBe(objects !== 'remove-all');
      const { orphans } = await test.engine.call('cleanup', {});
      expect(orphans.filter(orphan => orphan.name.startsWith(`${objects}-`))).toEqual([]);
    },
    180_000,
  );

  it('a changed limit is kept within two seconds', async () => {
    await limit(MIB);
    const { vm, migration } = await start('limits', 32 * MIB);
    await until(async () => (await windowsOf(migration)).length > 0);
    const slow = await rate(migration, 3_000);
    await limit(4 * MIB);
    await sleep(2_000);
    let fast = await rate(migration, 2_000);
    // A moment in which the machine did something else says nothing of the limit.
    for (let more = 0; more < 3 && fast / MIB <= 1.7; more++) fast = await rate(migration, 2_000);
    // Nobody promises to reach a limit on a busy machine, but it is never exceeded (windows become
    // durable a second's worth at a time), and the new one is far above the old one.
    expect(slow / MIB).toBeLessThan(1.6);
    expect(fast / MIB).toBeGreaterThan(1.7);
    expect(fast / MIB).toBeLessThan(6.5);
    await limit(null);
    await test.until(migration, ['migrated']);
    expect(await expectMigrated(test.engine, migration, vm, test.classFolder)).toBe(
      SMALL_VM_POINTS,
    );
  }, 180_000);

  /** Bytes a second, of windows that became durable. */
  async function rate(migration: string, ms: number): Promise<number> {
    const look = async () => {
      const windows = await windowsOf(migration);
      return {
        bytes: windows.reduce((sum, window) => sum + window.bytes, 0),
        at: performance.now(),
      };
    };
    const from = await look();
    await sleep(ms);
    const to = await look();
    return ((to.bytes - from.bytes) * 1000) / (to.at - from.at);
  }
});
