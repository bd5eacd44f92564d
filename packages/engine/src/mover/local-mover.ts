/** The Mover of this machine: one child process per run, spoken to by JSON lines. */
import { EngineError } from '../errors';
import { ChildRun } from './child-run';
import type { Mover, MoverOrder, MoverStatus } from './mover';

export interface LocalMoverOptions {
  /** The built program of packages/mover, run with this process's own Node. */
  readonly program: string;
  /** Further arguments of the program; the bench measures with some. */
  readonly programArguments?: readonly string[];
  /** How long a run that was told to stop may take to finish its window. Default 20 s. */
  readonly stopPatienceMs?: number;
}

/** Ended runs are remembered, so that asking twice gives the same answer; the oldest are forgotten. */
const ENDED_RUNS = 1_000;

export class LocalMover implements Mover {
  private readonly runs = new Map<string, ChildRun>();
  private closed = false;

  constructor(private readonly options: LocalMoverOptions) {}

  async attend(order: MoverOrder, patienceMs: number): Promise<MoverStatus> {
    const run = this.runs.get(order.runId) ?? this.start(order);
    await run.endedWithin(patienceMs);
    return run.status();
  }

  renew(runId: string, bytesPerSecond: number): void {
    const run = this.runs.get(runId);
    run?.send({ type: 'renew' });
    run?.limit(bytesPerSecond);
  }

  async stop(runId: string): Promise<void> {
    await this.runs.get(runId)?.stop(this.options.stopPatienceMs ?? 20_000);
  }

  /** A child ends with this process. */
  handOver(runId: string): Promise<void> {
    return this.stop(runId);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.runs.values()].map(run => run.kill()));
  }

  private start(order: MoverOrder): ChildRun {
    if (this.closed)
      throw new EngineError('STATE_REFUSED', {
        where: { object: order.runId },
        expected: 'a mover that is open',
        found: 'one that was closed',
      });
    const run = new ChildRun(
      process.execPath,
      [this.options.program, ...(this.options.programArguments ?? [])],
      order,
    );
    this.runs.set(order.runId, run);
    this.forgetOld();
    return run;
  }

  private forgetOld(): void {
    if (this.runs.size <= ENDED_RUNS) return;
    for (const [runId, run] of this.runs) {
      if (this.runs.size <= ENDED_RUNS) return;
      if (run.hasEnded) this.runs.delete(runId);
    }
  }
}
