/**
 * One worker: a process that takes steps from the queue, keeps the leases of those it works on,
 * and finds what was lost. Several workers on one database share the work; any of them may die.
 */
import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';
import { toEngineError } from '../errors';
import type { QueueRunner } from '../queue/queue';
import { beat, buryWorkers, removeWorker, storeId } from '../store/places';
import { Advancer } from './advance-step';
import { keepLeases } from './keep-leases';
import { every } from './loop';
import { reconcile } from './reconcile';
import { ServedPlaces } from './served-places';
import { ADVANCE_TASK, isStepKey } from './tasks';
import type { WorkerOptions } from './worker-options';

export interface Worker {
  readonly id: string;
  /** Steps that it holds now. */
  busy(): number;
  /** Finishes what is short and gives its steps back; movers that end with this process stop at their next window, pods go on. */
  stop(): Promise<void>;
}

export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { database, queue, settings, log } = options;
  const id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const served = new ServedPlaces(options);
  await served.refresh();
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
    await served.refresh();
    await beat(database, {
      id,
      poolId: runner.poolId,
      surface: options.surface,
      host: hostname(),
      pid: process.pid,
      version: options.version,
      serves: served.names(),
    });
  };
  await heartbeat();
  if (options.neighbours === 'none') {
    const gone = await buryWorkers(database, options.surface, id);
    await queue.unlock(gone.flatMap(worker => (worker.poolId === null ? [] : [worker.poolId])));
  }
  const loops = [
    every(settings.heartbeatMs, log, heartbeat),
    every(Math.min(settings.leaseMs / 6, 1_000), log, () =>
      keepLeases({ database, settings, advancer }),
    ),
    every(settings.reconcileMs, log, () =>
      reconcile({ database, queue, settings, advancer, served }),
    ),
  ];
  return {
    id,
    busy: () => advancer.busy(),
    async stop() {
      for (const loop of loops) loop.end();
      await runner.stop();
      await advancer.stop();
      await Promise.all(loops.map(loop => loop.ended));
      await removeWorker(database, id).catch(() => {});
    },
  };
}
