/**
 * graphile-worker 0.18 as the queue, with the settings that its traps ask for: no queue names (a
 * named queue stalls until the next poll since 0.17), no local queue, no batching of completions
 * (a batched one is lost when the process ends), no signal handlers of its own, a schema of its
 * own, and jobs that never fail: a failed job would stay for ever and slow every fetch.
 */
import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  Runner,
  RunnerOptions as LibraryOptions,
  TaskList,
  WorkerEvents,
} from 'graphile-worker';
import type { Pool } from 'pg';
import { EngineError } from '../errors';
import type { Queue, QueueRunner, RunnerOptions } from './queue';

export const QUEUE_SCHEMA = 'vm_migrate_queue';

/** The newest migration of graphile-worker 0.18.0; a test compares it with the installed library. */
export const QUEUE_SCHEMA_NUMBER = 20;

const POLL_MS = 1_000;
const STOP_AFTER_MS = 5_000;
const RESTART_MS = { first: 250, most: 10_000 } as const;

/** Loading it takes 70 ms, which a command that only asks need not pay. */
const library = () => import('graphile-worker');

type Log = NonNullable<RunnerOptions['onLog']>;
const silent: Log = () => undefined;

/**
 * Installs or updates the queue's schema. The only place that does: `run` would migrate as well, so
 * a runner is started on a schema of exactly this version only. Call it under the schema lock
 * (store/migrate-schema.ts).
 * @throws EngineError DATABASE_NEWER
 */
export async function installQueueSchema(pool: Pool): Promise<void> {
  const installed = await installedNumber(pool);
  refuseNewer(installed);
  if (installed === QUEUE_SCHEMA_NUMBER) return;
  const { runMigrations } = await library();
  await runMigrations(await settings(pool, silent));
}

/** The queue on `pool`, which it owns from now on: at least concurrency + 2 connections, error handlers installed. */
export function graphileQueue(pool: Pool): Queue {
  return {
    pool,
    runner: options => startRunner(pool, options),
    async unlock(poolIds) {
      await pool.query(`select ${QUEUE_SCHEMA}.force_unlock_workers($1::text[])`, [[...poolIds]]);
    },
    async holders() {
      const result = await pool.query<{ holder: string }>(
        `select distinct locked_by as holder from ${QUEUE_SCHEMA}.jobs where locked_by is not null`,
      );
      return result.rows.map(row => row.holder);
    },
    async sweep() {
      const result = await pool.query(
        `select id from ${QUEUE_SCHEMA}.complete_jobs(array(
           select id from ${QUEUE_SCHEMA}.jobs where attempts >= max_attempts and locked_at is null))`,
      );
      return result.rowCount ?? 0;
    },
    close: () => pool.end(),
  };
}

/** 0: not installed. */
async function installedNumber(pool: Pool): Promise<number> {
  const there = await pool.query<{ there: boolean }>(
    'select to_regclass($1) is not null as there',
    [`${QUEUE_SCHEMA}.migrations`],
  );
  if (there.rows[0]?.there !== true) return 0;
  const newest = await pool.query<{ id: number }>(
    `select coalesce(max(id), 0)::int as id from ${QUEUE_SCHEMA}.migrations`,
  );
  return newest.rows[0]?.id ?? 0;
}

function refuseNewer(installed: number): void {
  if (installed <= QUEUE_SCHEMA_NUMBER) return;
  throw new EngineError('DATABASE_NEWER', {
    where: { object: `schema ${QUEUE_SCHEMA}` },
    expected: `migration ${QUEUE_SCHEMA_NUMBER} or older`,
    found: `migration ${installed}`,
    hint: 'Update this program to the version of the other workers on this database.',
  });
}

async function settings(
  pool: Pool,
  log: Log,
  more: Partial<LibraryOptions> = {},
): Promise<LibraryOptions> {
  const { Logger } = await library();
  return {
    pgPool: pool,
    schema: QUEUE_SCHEMA,
    pollInterval: POLL_MS,
    noHandleSignals: true,
    logger: new Logger(() => (level, message) => log(String(level) as Parameters<Log>[0], message)),
    preset: {
      worker: { localQueue: { size: -1 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 },
    },
    ...more,
  };
}

async function startRunner(pool: Pool, options: RunnerOptions): Promise<QueueRunner> {
  const installed = await installedNumber(pool);
  refuseNewer(installed);
  if (installed < QUEUE_SCHEMA_NUMBER) {
    throw new EngineError('DATABASE_UNSUITABLE', {
      where: { object: `schema ${QUEUE_SCHEMA}` },
      expected: `migration ${QUEUE_SCHEMA_NUMBER}`,
      found: installed === 0 ? 'no queue' : `migration ${installed}`,
      hint: 'Install the schema first (migrateSchema).',
    });
  }
  const runner = new RestartingRunner(pool, options);
  await runner.start();
  return runner;
}

/**
 * A worker of the library ends for good when it cannot write a job's end, as during a restart of
 * the database. This one starts another, under a new pool id, and frees what the old one held.
 */
class RestartingRunner implements QueueRunner {
  readonly #stopping = new AbortController();
  readonly #log: Log;
  #current: { readonly runner: Runner; readonly poolId: string } | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly pool: Pool,
    private readonly options: RunnerOptions,
  ) {
    this.#log = options.onLog ?? silent;
  }

  get poolId(): string {
    if (this.#current === undefined)
      throw new EngineError('INTERNAL', { expected: 'a started runner' });
    return this.#current.poolId;
  }

  async start(): Promise<void> {
    this.#current = await this.startLibrary();
    this.#loop = this.watch(this.#current);
  }

  async stop(): Promise<void> {
    if (!this.#stopping.signal.aborted) {
      this.#stopping.abort();
      // Rejects when it is stopping already: the loop waits for that end as well.
      await this.#current?.runner.stop().catch(() => undefined);
    }
    await this.#loop;
  }

  private async watch(first: { readonly runner: Runner; readonly poolId: string }): Promise<void> {
    let current = first;
    for (;;) {
      await current.runner.promise.catch((error: unknown) =>
        this.#log('error', `${this.options.workerName}: the queue runner ended: ${String(error)}`),
      );
      if (this.#stopping.signal.aborted) return;
      const next = await this.restart(current.poolId);
      if (next === undefined) return;
      current = next;
      this.#current = next;
      // `stop` may have come while the new one started, and seen the old one.
      if (this.#stopping.signal.aborted) await next.runner.stop().catch(() => undefined);
    }
  }

  /** Undefined: told to stop meanwhile. */
  private async restart(
    deadPoolId: string,
  ): Promise<{ readonly runner: Runner; readonly poolId: string } | undefined> {
    for (
      let delayMs: number = RESTART_MS.first;
      ;
      delayMs = Math.min(delayMs * 2, RESTART_MS.most)
    ) {
      try {
        await sleep(delayMs, undefined, { signal: this.#stopping.signal });
        refuseNewer(await installedNumber(this.pool));
        const next = await this.startLibrary();
        await this.freeJobsOf(deadPoolId).catch(async (error: unknown) => {
          // The next try starts another one: nobody would ever end this one.
          await next.runner.stop().catch(() => undefined);
          throw error;
        });
        return next;
      } catch (error) {
        if (this.#stopping.signal.aborted) return undefined;
        this.#log(
          'warning',
          `${this.options.workerName}: the queue runner cannot start again yet: ${String(error)}`,
        );
      }
    }
  }

  private async freeJobsOf(deadPoolId: string): Promise<void> {
    await this.pool.query(`select ${QUEUE_SCHEMA}.force_unlock_workers($1::text[])`, [
      [deadPoolId],
    ]);
  }

  private async startLibrary(): Promise<{ readonly runner: Runner; readonly poolId: string }> {
    const events: WorkerEvents = new EventEmitter();
    let poolId: string | undefined;
    events.once('pool:create', ({ workerPool }) => {
      poolId = workerPool.id;
    });
    const options = await settings(this.pool, this.#log, {
      concurrency: this.options.concurrency,
      gracefulShutdownAbortTimeout: this.options.stopAfterMs ?? STOP_AFTER_MS,
      taskList: this.taskList(),
      // Else the library looks for a file `crontab` in whatever folder the user stands in.
      parsedCronItems: [],
      events,
    });
    const { run } = await library();
    const runner = await run(options);
    if (poolId === undefined)
      throw new EngineError('INTERNAL', { expected: 'the queue to name its pool' });
    await this.options.onPool?.(poolId);
    return { runner, poolId };
  }

  private taskList(): TaskList {
    const entries = Object.entries(this.options.tasks).map(([name, task]) => {
      const run: TaskList[string] = async (payload, helpers) => {
        try {
          await task(payload, { signal: helpers.abortSignal });
        } catch (error) {
          // The job ends as done. Thrown on, it would be retried by the queue's own rules, and be
          // stuck after its last attempt.
          this.report(name, payload, error);
        }
      };
      return [name, run] as const;
    });
    return Object.fromEntries(entries);
  }

  private report(task: string, payload: unknown, error: unknown): void {
    try {
      this.options.onTaskError(task, payload, error);
    } catch (second) {
      this.#log(
        'error',
        `${this.options.workerName}: onTaskError of ${task} threw ${String(second)} about ${String(error)}`,
      );
    }
  }
}
