/** The Mover of a cluster: one pod per order, named after its volume. */
import { EngineError } from '../../../errors';
import type { Mover, MoverOrder, MoverStatus } from '../../../mover/mover';
import type { ClusterApi } from '../cluster/cluster-api';
import type { PodOptions } from '../options';
import { PodRun, type PodRunDeps } from './pod-run';
import { PodWatch } from './pod-watch';

export interface PodMoverOptions {
  readonly api: ClusterApi;
  /** Image of the mover, as a pod names it; asked for at the first order. */
  readonly image: () => string;
  readonly pods?: PodOptions;
  /** Class of the volumes with block tables; absent: their volume's own. */
  readonly tablesClass?: string;
  /** Pod made to running. Default five minutes. */
  readonly startLimitMs?: number;
  /** How long a pod that was told to stop may take to finish its window before it is deleted. Default 30 s. */
  readonly stopPatienceMs?: number;
}

/** Ended runs are remembered, so that asking twice gives the same answer; the oldest are forgotten. */
const ENDED_RUNS = 1_000;

export class PodMover implements Mover {
  private readonly runs = new Map<string, PodRun>();
  private readonly watch: PodWatch;
  private closed = false;

  constructor(private readonly options: PodMoverOptions) {
    this.watch = new PodWatch(options.api);
  }

  async attend(order: MoverOrder, patienceMs: number): Promise<MoverStatus> {
    const run = this.runs.get(order.runId) ?? this.start(order);
    await run.endedWithin(patienceMs);
    return run.status();
  }

  /** A pod has no lease to keep alive; only its rate changes. */
  renew(runId: string, bytesPerSecond: number): void {
    this.runs.get(runId)?.limit(bytesPerSecond);
  }

  async stop(runId: string): Promise<void> {
    await this.runs.get(runId)?.stop();
  }

  /** The pod goes on; its name keeps every other writer away until the next worker finds it. */
  async leave(runId: string): Promise<void> {
    await this.runs.get(runId)?.leave();
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled(
      [...this.runs.values()].filter(run => !run.hasEnded).map(run => run.stop()),
    );
    this.watch.close();
  }

  private start(order: MoverOrder): PodRun {
    if (this.closed)
      throw new EngineError('STATE_REFUSED', {
        where: { object: order.runId },
        expected: 'a mover that is open',
        found: 'one that was closed',
      });
    const run = new PodRun(this.deps(), order);
    this.runs.set(order.runId, run);
    this.forgetOld();
    return run;
  }

  private deps(): PodRunDeps {
    const { api, image, pods = {}, tablesClass, startLimitMs, stopPatienceMs } = this.options;
    return {
      api,
      watch: this.watch,
      image: image(),
      options: pods,
      tablesClass,
      startLimitMs: startLimitMs ?? 300_000,
      stopPatienceMs: stopPatienceMs ?? 30_000,
    };
  }

  private forgetOld(): void {
    if (this.runs.size <= ENDED_RUNS) return;
    for (const [runId, run] of this.runs) {
      if (this.runs.size <= ENDED_RUNS) return;
      if (run.hasEnded) this.runs.delete(runId);
    }
  }
}
