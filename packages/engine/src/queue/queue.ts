/**
 * The contract of this folder: a queue that only wakes workers. What there is to do, in which order
 * and by whom is in our own tables; a job carries an id and means "look at this now". A job that is
 * lost is found again by the reconciler, a job too many finds nothing to do.
 */
import type { Pool } from 'pg';

/** Name -> what to do with a payload. It ends within a minute or so; long work is polled. */
export type Tasks = Readonly<
  Record<string, (payload: unknown, context: TaskContext) => Promise<void>>
>;

export interface TaskContext {
  /** Aborted when the runner is told to stop and the task has not ended by itself. */
  readonly signal: AbortSignal;
}

export interface RunnerOptions {
  readonly tasks: Tasks;
  /** Jobs at a time in this process. */
  readonly concurrency: number;
  /** For messages: which worker this is. */
  readonly workerName: string;
  /**
   * A task that threw. The job itself ends: whether and when to try again is the task's own
   * decision, written down as a new wake-up. Whoever leaves that out relies on the reconciler.
   */
  readonly onTaskError: (task: string, payload: unknown, error: unknown) => void;
  /** One line for the log: the queue's own troubles (a lost connection, say). */
  readonly onLog?: (level: 'error' | 'warning' | 'info' | 'debug', text: string) => void;
  /** Told every pool id that this runner works under, the first one and those after a lost database. */
  readonly onPool?: (poolId: string) => void | Promise<void>;
  /** How long `stop` waits for running tasks before it aborts their signal. */
  readonly stopAfterMs?: number;
}

export interface QueueRunner {
  /**
   * Under which name this runner's jobs are locked now; what `unlock` takes when its process has
   * died. It changes when the runner starts again after a lost database (`onPool`).
   */
  readonly poolId: string;
  /** Takes no more jobs, waits for the running ones (aborting them after `stopAfterMs`), frees everything. */
  stop(): Promise<void>;
}

export interface Queue {
  runner(options: RunnerOptions): Promise<QueueRunner>;
  /** Frees the jobs of runners that are known to be dead; they run again at the next poll. */
  unlock(poolIds: readonly string[]): Promise<void>;
  /** Pool ids that hold jobs at this moment: one that no living worker answers for is to be unlocked. */
  holders(): Promise<string[]>;
  /** Removes spent rows: jobs that were replaced while a worker that then died was running them. Returns how many. */
  sweep(): Promise<number>;
  /** For the library that implements it; closed with the queue. */
  readonly pool: Pool;
  close(): Promise<void>;
}

/** Whatever runs a statement, in a transaction or not (store/database.ts has one). */
export interface SqlRunner {
  query<Row>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
}

export interface WakeOptions {
  /** Not before this much time; 0 or absent = now. Counted by the database's clock. */
  readonly runInMs?: number;
  /** Wake-ups with the same key that have not started yet are one. At most 512 characters. */
  readonly jobKey?: string;
  /** Lower runs first; 0 when absent; -32768..32767. */
  readonly priority?: number;
}
