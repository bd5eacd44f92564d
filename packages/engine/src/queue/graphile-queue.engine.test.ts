import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { seededNumbers } from '../testing/encoders/grains';
import { openPool, testDatabase, type Database, type TestDatabase } from '../testing/test-database';
import { graphileQueue, QUEUE_SCHEMA } from './graphile-queue';
import type { Queue, QueueRunner, RunnerOptions, Tasks } from './queue';
import { wake } from './wake';

jest.setTimeout(180_000);
const SEED = Number(process.env['VM_MIGRATE_SEED'] ?? Math.floor(Math.random() * 1_000_000));

describe('queue', () => {
  let test: TestDatabase;
  let database: Database;
  let queue: Queue;
  let runners: QueueRunner[];

  beforeEach(async () => {
    test = await testDatabase();
    database = await test.open();
    queue = graphileQueue(openPool({ connectionString: test.url, max: 8 }));
    runners = [];
  });
  afterEach(async () => {
    await Promise.all(runners.map(runner => runner.stop()));
    await queue.close();
    await test.drop();
  });

  const run = async (tasks: Tasks, more: Partial<RunnerOptions> = {}): Promise<QueueRunner> => {
    const runner = await queue.runner({
      tasks,
      concurrency: 4,
      workerName: 'test',
      onTaskError: () => undefined,
      ...more,
    });
    runners.push(runner);
    return runner;
  };
  const jobs = (): Promise<
    { key: string | null; in_s: number; attempts: number; locked: boolean }[]
  > =>
    database.query(
      `select key, round(extract(epoch from run_at - now()))::int as in_s, attempts, locked_at is not null as locked from ${QUEUE_SCHEMA}.jobs order by id`,
    );

  it('runs a job once its transaction commits, never one of a transaction that was rolled back', async () => {
    const seen: unknown[] = [];
    await run({ look: async payload => void seen.push(payload) });
    await expect(
      database.transaction(async tx => {
        await wake(tx, 'look', { id: 'rolled back' });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    await database.transaction(tx => wake(tx, 'look', { id: 'committed' }));
    await until(() => seen.length > 0);
    expect(seen).toEqual([{ id: 'committed' }]);
    await until(async () => (await jobs()).length === 0);
  });

  it('merges wake-ups of one key that wait, and keeps the earlier time', async () => {
    await wake(database, 'look', { id: 1 }, { jobKey: 'k', runInMs: 60_000 });
    await wake(database, 'look', { id: 1 }, { jobKey: 'k', runInMs: 3_600_000 });
    const [earlier, ...others] = await jobs();
    expect({ key: earlier?.key, others }).toEqual({ key: 'k', others: [] });
    expect(earlier?.in_s).toBeGreaterThan(0);
    expect(earlier?.in_s).toBeLessThanOrEqual(60);
    await wake(database, 'look', { id: 1 }, { jobKey: 'k' });
    await wake(database, 'look', { id: 1 }, { jobKey: 'k', runInMs: 60_000 });
    const [now, ...more] = await jobs();
    expect({ key: now?.key, more }).toEqual({ key: 'k', more: [] });
    expect(now?.in_s).toBeLessThanOrEqual(0);
  });

  it('does not count a running job as the answer to a wake-up that comes meanwhile', async () => {
    let finish: () => void = () => undefined;
    const finished = new Promise<void>(resolve => (finish = resolve));
    let started = 0;
    await run({
      look: async () => {
        started++;
        if (started === 1) await finished;
      },
    });
    await wake(database, 'look', { id: 1 }, { jobKey: 'k' });
    await until(() => started === 1);
    await wake(database, 'look', { id: 1 }, { jobKey: 'k' });
    await until(() => started === 2);
    finish();
    await until(async () => (await jobs()).length === 0);
    expect(started).toBe(2);
  });

  it(`loses no wake-up when many wake the same keys while workers take them (VM_MIGRATE_SEED=${SEED})`, async () => {
    const random = seededNumbers(SEED);
    // The state that jobs are about: raised before a wake-up, read by the job. In the end each key
    // must have been looked at after its last change.
    const keys = 5;
    const changed = new Array<number>(keys).fill(0);
    const looked = new Array<number>(keys).fill(0);
    await run({
      look: async payload => {
        const { id } = payload as { id: number };
        const now = changed[id] ?? 0;
        await sleep(random() % 4);
        looked[id] = Math.max(looked[id] ?? 0, now);
      },
    });
    const waker = async (): Promise<void> => {
      for (let round = 0; round < 40; round++) {
        const id = random() % keys;
        await database.transaction(async tx => {
          changed[id] = (changed[id] ?? 0) + 1;
          await wake(
            tx,
            'look',
            { id },
            { jobKey: `key ${id}`, runInMs: random() % 10 < 3 ? 5 : 0 },
          );
        });
      }
    };
    await Promise.all([waker(), waker(), waker(), waker()]);
    await until(async () => (await jobs()).length === 0);
    expect(looked).toEqual(changed);
  });

  it('ends a job whose task throws, and reports it', async () => {
    const errors: unknown[] = [];
    await run(
      {
        bad: async () => {
          throw new Error('broken');
        },
      },
      { onTaskError: (task, payload, error) => errors.push([task, payload, String(error)]) },
    );
    await wake(database, 'bad', { id: 3 });
    await until(async () => errors.length === 1 && (await jobs()).length === 0);
    expect(errors).toEqual([['bad', { id: 3 }, 'Error: broken']]);
  });

  it('leaves tasks alone that it does not know', async () => {
    const seen: string[] = [];
    await run({ mine: async () => void seen.push('mine') });
    await wake(database, 'other', { id: 1 });
    await wake(database, 'mine', { id: 1 });
    await until(async () => seen.length === 1 && (await jobs()).length === 1);
    expect(await jobs()).toMatchObject([{ locked: false, attempts: 0 }]);
  });

  it('when stopped takes no more jobs, aborts what does not end, and leaves nothing locked', async () => {
    let aborted = false;
    const runner = await run(
      {
        long: (_, { signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              aborted = true;
              reject(new Error('aborted'));
            });
          }),
      },
      { stopAfterMs: 100 },
    );
    await wake(database, 'long', { id: 1 });
    await until(async () => (await jobs())[0]?.locked === true);
    await runner.stop();
    await runner.stop();
    expect(aborted).toBe(true);
    expect(await jobs()).toEqual([]);
  });

  it('runs the job of a dead worker again once it is unlocked', async () => {
    // A worker that died: its jobs are locked by a pool that no process answers for.
    await wake(database, 'look', { id: 1 }, { jobKey: 'k' });
    await database.query(
      `update ${QUEUE_SCHEMA}._private_jobs set locked_at = now(), locked_by = 'dead-pool', attempts = 1`,
    );
    const seen: unknown[] = [];
    await run({ look: async payload => void seen.push(payload) });
    expect(await queue.holders()).toEqual(['dead-pool']);
    await queue.unlock(['dead-pool']);
    await until(() => seen.length === 1);
  });

  it('sweeps what was replaced under a worker that then died', async () => {
    await wake(database, 'look', { id: 1 }, { jobKey: 'k' });
    await database.query(
      `update ${QUEUE_SCHEMA}._private_jobs set locked_at = now(), locked_by = 'dead-pool', attempts = 1`,
    );
    await wake(database, 'look', { id: 1 }, { jobKey: 'k' });
    expect(await jobs()).toHaveLength(2);
    await queue.unlock(['dead-pool']);
    expect(await queue.sweep()).toBe(1);
    expect(await jobs()).toMatchObject([{ key: 'k', attempts: 0 }]);
  });

  it('goes on under a new pool after its connections were cut in the middle of a job', async () => {
    const pools: string[] = [];
    const name = (): string => new URL(test.url).pathname.slice(1);
    const admin = async (sql: string): Promise<void> => {
      const url = new URL(test.url);
      url.pathname = 'postgres';
      const pool = new Pool({ connectionString: url.href, max: 1 });
      await pool.query(sql).finally(() => pool.end());
    };
    const seen: number[] = [];
    await run(
      {
        look: async payload => {
          const { id } = payload as { id: number };
          if (id === 1 && seen.length === 0) {
            seen.push(id);
            // The job's end cannot be written: no new connections, and the present ones are gone.
            await admin(`alter database ${name()} allow_connections false`);
            await admin(
              `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name()}'`,
            );
            setTimeout(() => void admin(`alter database ${name()} allow_connections true`), 300);
            return;
          }
          seen.push(id);
        },
      },
      { onPool: poolId => void pools.push(poolId) },
    );
    await wake(database, 'look', { id: 1 });
    await until(() => pools.length >= 2);
    // Its end was never written, so it runs again: at least once, never lost.
    await until(() => seen.filter(id => id === 1).length === 2);
    await wake(database, 'look', { id: 2 });
    await until(() => seen.includes(2));
    // It may have been started more than once while connections were refused.
    expect(runners[0]?.poolId).toBe(pools.at(-1));
  });
});

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`still not: ${condition}`);
    await sleep(10);
  }
}
