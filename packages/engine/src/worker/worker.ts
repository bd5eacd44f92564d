/**
 * One worker: a process that takes steps from the queue, keeps the leases of those it works on,
 * and finds what was lost. Several workers on one database share the work; any of them may die.
 */
import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';
import { toEngineError } from '../errors';
import type { Queue, QueueRunner } from '../queue/queue';
import type { Source } from '../sources/source';
import type { StepKind, StepSettings } from '../steps/step';
import type { StepKindName } from '../plan/plan';
import type { Database } from '../store/database';
import { beat, places, removeWorker, storeId } from '../store/places';
import type { PlaceRow } from '../store/store';
import type { Target } from '../targets/target';
import { Advancer } from './advance-step';
import { keepLeases } from './keep-leases';
import { reconcile } from './reconcile';
import { ADVANCE_TASK, isStepKey } from './tasks';

export interface WorkerOptions {
  readonly database: Database;
  readonly queue: Queue;
  /** Opens a configured source or target; throws when this worker cannot serve it. */
  readonly openSource: (place: PlaceRow) => Promise<Source>;
  readonly openTarget: (place: PlaceRow) => Promise<Target>;
  readonly kinds: Readonly<Record<StepKindName, StepKind>>;
  /** Who runs it: `background`, `cli`, `backstage`. */
  readonly surface: string;
  readonly version: string;
  readonly settings: WorkerSettings;
  /** One line for the log. */
  readonly log: (line: string) => void;
}

export interface WorkerSettings extends StepSettings {
  /** Steps at a time that do not copy; copying is capped by the limits in the store. */
  readonly concurrency: number;
  /** A worker silent for this long is taken for dead. */
  readonly deadAfterMs: number;
  readonly heartbeatMs: number;
  readonly reconcileMs: number;
}

/** 60 s until another worker takes over; all other times follow from it. */
export const DEFAULT_WORKER_SETTINGS: WorkerSettings = {
  leaseMs: 60_000,
  patienceMs: 700,
  windowBytes: 64 * 1024 * 1024,
  classProofMaxAgeMs: 7 * 24 * 3_600_000,
  concurrency: 8,
  deadAfterMs: 60_000,
  heartbeatMs: 1_000,
  reconcileMs: 2_000,
};

export interface Worker {
  readonly id: string;
  /** Steps that it holds now. */
  busy(): number;
  /** Finishes what is short, stops movers at their next window, gives its steps back. */
  stop(): Promise<void>;
}

export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { database, queue, settings, log } = options;
  const id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const served = new ServedPlaces(options);
  await served.refresh();
  const advancer = new Advancer({ ...options, owner: id, storeId: await storeId(database), served });

  const runner: QueueRunner = await queue.runner({
    workerName: id,
    concurrency: settings.concurrency,
    stopAfterMs: 5_000,
    tasks: {
      [ADVANCE_TASK]: async payload => {
        if (isStepKey(payload)) await advancer.advance(payload);
      },
    },
    onTaskError: (task, payload, error) => log(`${task} ${JSON.stringify(payload)}: ${toEngineError(error).message}`),
    onLog: (level, text) => {
      if (level === 'error' || level === 'warning') log(`queue: ${text}`);
    },
  });
  const heartbeat = async () => {
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
  const loops = [
    every(settings.heartbeatMs, log, heartbeat),
    every(Math.min(settings.leaseMs / 6, 1_000), log, () => keepLeases({ database, owner: id, settings, advancer })),
    every(settings.reconcileMs, log, () => reconcile({ database, queue, settings, advancer })),
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

/** Sources and targets that this process can reach, opened once and again when their row changes. */
export class ServedPlaces {
  private readonly sources = new Map<string, Opened<Source>>();
  private readonly targets = new Map<string, Opened<Target>>();

  constructor(private readonly options: Pick<WorkerOptions, 'database' | 'openSource' | 'openTarget'>) {}

  async refresh(): Promise<void> {
    const { database, openSource, openTarget } = this.options;
    await openAll(await places(database, 'source'), this.sources, openSource);
    await openAll(await places(database, 'target'), this.targets, openTarget);
  }

  source(name: string): Source | undefined {
    return this.sources.get(name)?.place;
  }

  target(name: string): Target | undefined {
    return this.targets.get(name)?.place;
  }

  names(): { sources: string[]; targets: string[] } {
    return { sources: servedNames(this.sources), targets: servedNames(this.targets) };
  }
}

interface Opened<T> {
  readonly row: string;
  readonly place: T | undefined;
}

async function openAll<T>(rows: readonly PlaceRow[], opened: Map<string, Opened<T>>, open: (row: PlaceRow) => Promise<T>): Promise<void> {
  for (const row of rows) {
    const text = JSON.stringify(row);
    if (opened.get(row.name)?.row === text) continue;
    const elsewhere = row.host !== null && row.host !== hostname();
    const place = elsewhere ? undefined : await open(row).catch(() => undefined);
    opened.set(row.name, { row: text, place });
  }
}

function servedNames<T>(opened: ReadonlyMap<string, Opened<T>>): string[] {
  return [...opened].filter(([, entry]) => entry.place !== undefined).map(([name]) => name);
}

interface Loop {
  readonly ended: Promise<void>;
  end(): void;
}

/** Runs `work` again and again with a pause between; a failure is logged and the loop goes on. */
function every(ms: number, log: (line: string) => void, work: () => Promise<void>): Loop {
  const control = new AbortController();
  let wake = () => {};
  const pause = () =>
    new Promise<void>(resolve => {
      wake = resolve;
      const timer = setTimeout(resolve, ms);
      control.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    });
  const run = async () => {
    while (!control.signal.aborted) {
      await work().catch((error: unknown) => log(toEngineError(error).message));
      if (!control.signal.aborted) await pause();
    }
  };
  return {
    ended: run(),
    end() {
      control.abort();
      wake();
    },
  };
}
