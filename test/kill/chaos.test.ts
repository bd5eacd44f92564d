/**
 * Workers and movers are killed and stopped at random moments of a running migration, three workers
 * at a time. Nothing may be lost or done twice.
 */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededNumbers } from '../../packages/engine/src/testing/encoders/grains';
import { writeExampleVm } from '../../packages/engine/src/testing/example-vm';
import { expectMigrated } from '../../packages/engine/src/testing/expect-migrated';
import { writeRandomVm } from '../../packages/engine/src/testing/random-vm';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import {
  testEngine,
  TEST_WORKER_SETTINGS,
  type TestEngine,
} from '../../packages/engine/src/testing/test-engine';
import type { WrittenVm } from '../../packages/engine/src/testing/write-vm-folder';
import { expectOnce } from './expect-once';
import { pace } from './pace';
import { until } from './until';
import { signalIfThere, WorkerFleet, type WorkerProcess } from './worker-fleet';
import { logWindows } from './window-log';

const KIB = 1024;
const MIB = 1024 * KIB;
const SEED = Number(process.env['VM_MIGRATE_SEED'] ?? Math.floor(Math.random() * 1_000_000));
/** `npm run soak` has more. */
const KILLS = Number(process.env['VM_MIGRATE_KILLS'] ?? 20);
const STOPS = Number(process.env['VM_MIGRATE_STOPS'] ?? 6);
const WORKERS = 3;
const LEASE_MS = TEST_WORKER_SETTINGS.leaseMs ?? 2_000;
/** An action waits for progress, but not for ever: after a takeover there may be none for a lease. */
const PROGRESS_WAIT_MS = 1_500;

type Victim = 'worker' | 'mover' | 'both';
interface Action {
  readonly what: 'kill' | 'stop';
  readonly victim: Victim;
}

describe(`${KILLS} kills and ${STOPS} stops (replay with VM_MIGRATE_SEED=${SEED} VM_MIGRATE_KILLS=${KILLS} VM_MIGRATE_STOPS=${STOPS})`, () => {
  const folder = tempFolder();
  const random = seededNumbers(SEED);
  const below = (limit: number) => random() % limit;
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T;
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
  });
  afterAll(async () => {
    await fleet?.close();
    await test?.close();
  });

  it(
    'lose nothing and repeat nothing',
    async () => {
      const vms: WrittenVm[] = [
        writeExampleVm(path.join(folder, 'example'), { diskBytes: 64 * MIB, seed: SEED }),
        ...[1, 2].map(nth =>
          writeRandomVm(path.join(folder, `random-${nth}`), {
            seed: SEED + nth,
            events: 16,
            maxDiskBytes: 6 * MIB,
          }),
        ),
      ];
      const actions = shuffled([
        ...Array.from({ length: KILLS }, (): Action => ({
          what: 'kill',
          victim: pick(['worker', 'worker', 'mover', 'both']),
        })),
        ...Array.from({ length: STOPS }, (_, nth): Action => ({
          what: 'stop',
          victim: (['worker', 'mover', 'both'] as const)[nth % 3] ?? 'worker',
        })),
      ]);
      await pace(test.engine, actions.length);
      fleet.start(WORKERS);
      const started = [];
      for (const vm of vms)
        started.push({
          vm,
          migration: (
            await test.engine.call('start', { vm: vm.folder, options: { sampleWindows: 2 } })
          ).migration,
        });
      // The class is proved before the first byte; a proof that is killed again and again is another test.
      await until(async () => (await reached()).copied > 0);

      const continuing: Promise<void>[] = [];
      const done: string[] = [];
      for (const [nth, action] of actions.entries()) {
        if (!(await progressed(1 + below(4)))) break;
        const victim = await until(async () => aVictim());
        done.push(`${action.what} ${await act(action, victim, continuing)}`);
        fleet.start(WORKERS - fleet.workers.filter(worker => worker.isAlive).length);
        await pace(test.engine, actions.length - nth - 1);
      }
      await Promise.all(continuing);
      // All of them met a running migration.
      expect(done).toHaveLength(actions.length);

      await test.engine.call('setLimit', { scope: 'all', bytesPerSecond: null });
      for (const { vm, migration } of started) {
        await test.until(migration, ['migrated']).catch((error: unknown) => {
          throw new Error(`${String(error)}\n${done.join('\n')}\n${fleet.logs()}`);
        });
        expect(await expectMigrated(test.engine, migration, vm, test.classFolder)).toBe(
          vm.snapshots.reduce((sum, state) => sum + state.disks.length, vm.current.disks.length),
        );
      }
      await fleet.end();
      await test.engine.call('cleanup', { remove: true });
      await tell();
      const counted = await expectOnce(test.engine.database, test.classFolder);
      process.stdout.write(
        `chaos: seed ${SEED}, ${done.length} actions, ${JSON.stringify(counted)}\n`,
      );
      expect(counted.skippedWindows).toBeGreaterThan(0);
    },
    240_000 + (KILLS + STOPS) * 15_000,
  );

  async function tell(): Promise<void> {
    if (process.env['VM_MIGRATE_TELL'] === undefined) return;
    const kinds = await test.engine.database.query<{
      kind: string;
      code: string | null;
      count: number;
    }>(
      `select kind, data->>'code' as code, count(*) as count from vm_migrate.event group by 1, 2 order by 1, 2`,
    );
    const replaced = await test.engine.database.query<{ text: string }>(
      `select step_id || ' ' || (data->>'mark') || ' again ' || (data->>'again') as text from vm_migrate.event where kind = 'volume-replaced'`,
    );
    const windows = await test.engine.database.query<{ text: string }>(
      `select step_id || ' gen ' || generation || ' fence ' || fence || ': ' || count(*) as text from test_log.copied group by migration_id, step_id, generation, fence order by 1`,
    );
    process.stdout.write(
      `${kinds.map(row => `${row.kind} ${row.code ?? ''} ${row.count}`).join('\n')}\n${replaced.map(row => row.text).join('\n')}\n${windows.map(row => row.text).join('\n')}\n`,
    );
  }

  /** Sends the signal; a stopped one goes on after more than a lease. */
  async function act(
    { what, victim }: Action,
    worker: WorkerProcess,
    continuing: Promise<void>[],
  ): Promise<string> {
    const movers = worker.movers();
    const pids = [
      ...(victim === 'mover' && movers.length > 0 ? [] : [worker.pid]),
      ...(victim === 'worker' ? [] : movers),
    ];
    const words = `${victim} ${pids.join(' ')}`;
    if (what === 'kill') {
      for (const pid of pids) signalIfThere(pid, 'SIGKILL');
      if (pids.includes(worker.pid)) await worker.ended;
      return words;
    }
    for (const pid of pids) signalIfThere(pid, 'SIGSTOP');
    worker.isStopped = true;
    const ms = LEASE_MS + 200 + below(800);
    continuing.push(
      sleep(ms).then(() => {
        for (const pid of pids) signalIfThere(pid, 'SIGCONT');
        worker.isStopped = false;
      }),
    );
    return `${words} for ${ms} ms`;
  }

  function aVictim(): WorkerProcess | undefined {
    const running = fleet.running();
    const atWork = running.filter(worker => worker.movers().length > 0);
    const candidates = atWork.length > 0 && below(4) > 0 ? atWork : running;
    return candidates.length > 0 ? pick(candidates) : undefined;
  }

  /** Until so many more windows or steps are done; false when there is nothing left to do. */
  async function progressed(by: number): Promise<boolean> {
    const start = await reached();
    const late = performance.now() + PROGRESS_WAIT_MS;
    return until(async () => {
      const now = await reached();
      if (now.open === 0) return 'all done';
      return now.copied + now.ended >= start.copied + start.ended + by || performance.now() > late
        ? 'progress'
        : undefined;
    }).then(end => end === 'progress');
  }

  async function reached(): Promise<{ copied: number; ended: number; open: number }> {
    const [row] = await test.engine.database.query<{ copied: number; ended: number; open: number }>(
      `select (select count(*) from test_log.copied) as copied, (select count(*) from vm_migrate.event where kind = 'step-done') as ended,
              (select count(*) from vm_migrate.migration where state <> 'migrated') as open`,
    );
    return row ?? { copied: 0, ended: 0, open: 0 };
  }

  function shuffled<T>(items: readonly T[]): T[] {
    const left = [...items];
    return Array.from({ length: left.length }, () => left.splice(below(left.length), 1)[0] as T);
  }
});
