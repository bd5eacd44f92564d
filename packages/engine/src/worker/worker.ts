/**
 * One worker: a process that takes steps from the queue, keeps the leases of those it works on,
 * and finds what was lost. Several workers on one database share the work; any of them may die.
 */
import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';
import { toEngineError } from '../errors';
import type { QueueRunner } from '../queue/queue';
import { checkSchema } from '../store/migrate-schema';
import { beat, buryWorkers, removeWorker, storeId } from '../store/places';
import { Advancer } from './advance-step';
import { keepLeases } from './keep-leases';
import { every } from './loop';
import { observeState } from './observe-state';
import { reconcile } from './reconcile';
import { ServedPlaces } from './served-places';
import { ADVANCE_TASK, isStepKey } from './tasks';
import { healthLine, Vitals, type WorkerHealth } from './vitals';
import type { WorkerOptions } from './worker-options';

export type { WorkerHealth } from './vitals';

export interface Worker {
  readonly id: string;
  /** Steps that it holds now. */
  busy(): number;
  /** Asked by probes: looks at the database and at the targets it serves, for a few seconds at most. */
  health(): Promise<WorkerHealth>;
  /**
   * Finishes what is short and gives its steps back; from now on it is not ready. Movers that can
   * outlive it (pods) go on, any other stops at its next window. May be called twice.
   */
  stop(): Promise<void>;
}

export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { database, queue, settings, log } = options;
  const id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const served = new ServedPlaces(options);
  const vitals = new Vitals();
  await withinMs(served.refresh(), FIRST_LOOK_MS);
  let store = await storeId(database);
  const advancer = new Advancer({ ...options, owner: id, storeId: () => store, served });

  const runner: QueueRunner = await queue.runner({
    workerName: id,
    concurrency: settings.concurrency,
    stopAfterMs: 5_000,
    tasks: {
      [ADVANCE_TASK]: async payload => {
        if (isStepKey(payload)) await advancer.advance(payload);
      },
    },
    onTaskError: (task, payload, error) =>
      log(`${task} ${JSON.stringify(payload)}: ${toEngineError(error).message}`),
    onLog: (level, text) => {
      if (level === 'error' || level === 'warning') log(`queue: ${text}`);
    },
  });
  const heartbeat = async () => {
    store = await storeId(database);
    await beat(database, {
      id,
      poolId: runner.poolId,
      surface: options.surface,
      host: hostname(),
      pid: process.pid,
      version: options.version,
      serves: served.names(),
    });
    vitals.heartbeatStored();
  };
  const announce = async () => {
    await heartbeat();
    if (options.neighbours !== 'none') return;
    const gone = await buryWorkers(database, options.surface, id);
    await queue.unlock(gone.flatMap(worker => (worker.poolId === null ? [] : [worker.poolId])));
  };
  await announce().catch(async (error: unknown) => {
    // It takes steps already; a worker that nobody knows of would hold them without renewing them.
    await Promise.allSettled([runner.stop(), advancer.stop()]);
    throw error;
  });
  const loops = [
    every(settings.heartbeatMs, log, heartbeat),
    // Apart from the heartbeat: a cluster that is away takes its time to say so.
    every(settings.heartbeatMs, log, () => served.refresh()),
    every(Math.min(settings.leaseMs / 6, 1_000), log, () =>
      keepLeases({ database, settings, advancer }).finally(() => vitals.renewed()),
    ),
    every(settings.reconcileMs, log, () =>
      reconcile({ database, queue, settings, advancer, served }),
    ),
  ];
  const unobserve = observeState({
    database,
    vitals,
    busy: () => advancer.busy(),
    deadAfterMs: settings.deadAfterMs,
  });
  return {
    id,
    busy: () => advancer.busy(),
    health: () => healthOf({ ...options, vitals, served }),
    async stop() {
      vitals.stop();
      unobserve();
      for (const loop of loops) loop.end();
      await runner.stop();
      await advancer.stop();
      await Promise.all(loops.map(loop => loop.ended));
      await removeWorker(database, id).catch(() => {});
    },
  };
}

/** What a worker waits for the targets when it starts; they are looked at again after that. */
const FIRST_LOOK_MS = 10_000;
/** Shorter than the patience of whoever probes. */
const HEALTH_MS = 3_000;

interface Looked extends Pick<WorkerOptions, 'database' | 'settings'> {
  readonly vitals: Vitals;
  readonly served: ServedPlaces;
}

async function healthOf({ database, settings, vitals, served }: Looked): Promise<WorkerHealth> {
  const look = (name: string, ask: () => Promise<unknown>) =>
    healthLine(name, () => answerWithin(ask(), HEALTH_MS));
  const targets = served.openTargets();
  const [schema, ...reached] = await Promise.all([
    look('database', () => checkSchema(database)),
    ...targets.map(target => look(`target ${target.name}`, async () => target.reach?.())),
  ]);
  const alive = vitals.isAlive(settings.leaseMs);
  // With one target of several away there is still work to do.
  const hasTarget = reached.length === 0 || reached.some(({ ok }) => ok);
  return {
    alive,
    ready: alive && !vitals.isStopping && schema.ok && hasTarget,
    lines: [
      ...(vitals.isStopping ? ['stopping: gives its steps back'] : []),
      alive ? 'leases: renewed' : 'leases: no round of renewal has ended for a whole lease',
      schema.line,
      ...(reached.length === 0
        ? ['targets: none that this worker reaches']
        : reached.map(({ line }) => line)),
    ],
  };
}

async function withinMs(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>(resolve => (timer = setTimeout(resolve, ms)));
  await Promise.race([work, over]).finally(() => clearTimeout(timer));
}

async function answerWithin<T>(answer: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1_000} s`)), ms);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
