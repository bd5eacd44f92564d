/** Work that may outlast the call that asked for it: the next call with the same key finds it and collects its end. */
import type { Pending } from '../target';

interface Job {
  /** What exactly was asked; another wish for the same key waits for this one to end. */
  readonly wish: string;
  readonly startedAt: number;
  outcome: Promise<unknown>;
  state: 'running' | 'done' | 'failed';
}

export class BackgroundJobs {
  private readonly jobs = new Map<string, Job>();
  private readonly stopping = new AbortController();

  constructor(private readonly patienceMs: number) {}

  /**
   * Starts `work` unless it runs, and waits for it for `patienceMs`. Its result goes to the calls
   * that wait for it, its error to the next call with the same wish as well; then the key is free.
   * A success that nobody waited for is not kept: who asked may have seen the object itself and not
   * come again, and by the next call the world may be another one. `work` is safe to repeat.
   */
  async run<T extends object | void>(
    key: string,
    wish: string,
    reason: string,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | Pending> {
    let job = this.jobs.get(key);
    if (
      job === undefined ||
      job.state === 'done' ||
      (job.state === 'failed' && job.wish !== wish)
    ) {
      const begun: Job = {
        wish,
        startedAt: performance.now(),
        outcome: work(this.stopping.signal),
        state: 'running',
      };
      begun.outcome.then(
        () => (begun.state = 'done'),
        () => (begun.state = 'failed'), // collected below, perhaps by a later call
      );
      this.jobs.set(key, begun);
      job = begun;
    }
    if (job.wish !== wish) return pending(job, reason);
    const ended = await endsWithin(job.outcome, this.patienceMs);
    if (!ended) return pending(job, reason);
    if (this.jobs.get(key) === job) this.jobs.delete(key);
    return (await job.outcome) as T;
  }

  /** Stops what runs and waits until nothing of it is left. What was half made is made again later. */
  async close(): Promise<void> {
    this.stopping.abort(new Error('the target was closed'));
    await Promise.allSettled([...this.jobs.values()].map(job => job.outcome));
    this.jobs.clear();
  }
}

function pending(job: Job, reason: string): Pending {
  const runningMs = performance.now() - job.startedAt;
  // Short work is asked for often, long work seldom: a tenth of what it took so far.
  return {
    pending: true,
    retryMs: Math.round(Math.min(5_000, Math.max(100, runningMs / 10))),
    reason,
  };
}

function endsWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  return new Promise(resolve => {
    const timer = setTimeout(() => resolve(false), ms);
    const ended = () => {
      clearTimeout(timer);
      resolve(true);
    };
    work.then(ended, ended);
  });
}
