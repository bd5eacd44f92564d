/** The Mover of a cluster: one pod per order, named after its volume. What only this machine has is pushed there, or read here. */
import { EngineError } from '../../../errors';
import { LocalMover } from '../../../mover/local-mover';
import type { Mover, MoverOrder, MoverStatus } from '../../../mover/mover';
import type { ClusterApi } from '../cluster/cluster-api';
import type { PodOptions } from '../options';
import { ExpectedImage } from './image-check';
import { PodRun, type PodRunDeps } from './pod-run';
import { PodWatch } from './pod-watch';
import { mustRunHere } from './pushed-order';

export interface PodMoverOptions {
  readonly api: ClusterApi;
  /** Image of the mover, as a pod names it; asked for at the first order. */
  readonly image: () => string;
  /** Digest of that image, where this engine was built with it. */
  readonly builtDigest?: () => string | undefined;
  readonly pods?: PodOptions;
  /** Class of the volumes with block tables; absent: their volume's own. */
  readonly tablesClass?: string;
  /** Whether volumes of a class are only made for the first pod that uses them. Absent: all are. */
  readonly bindsAtFirstUse?: (storageClass: string) => Promise<boolean>;
  /** Pod made to running. Default five minutes. */
  readonly startLimitMs?: number;
  /** How long a pod that was told to stop may take to finish its window before it is deleted. Default 30 s. */
  readonly stopPatienceMs?: number;
  /** Path of the mover's program, for what only this machine can read; absent: such orders fail. */
  readonly moverProgram?: string;
  /** How long a connection that pushes a layer may be away. Default three minutes. */
  readonly pushPatienceMs?: number;
  /** Further arguments of the program; tests and the bench measure with some. */
  readonly programArguments?: readonly string[];
}

/** Ended runs are remembered, so that asking twice gives the same answer; the oldest are forgotten. */
const ENDED_RUNS = 1_000;

export class PodMover implements Mover {
  private readonly runs = new Map<string, PodRun>();
  private readonly watch: PodWatch;
  private local: LocalMover | undefined;
  private expected: ExpectedImage | undefined;
  private closed = false;

  constructor(private readonly options: PodMoverOptions) {
    this.watch = new PodWatch(options.api);
  }

  async attend(order: MoverOrder, patienceMs: number): Promise<MoverStatus> {
    if (mustRunHere(order)) return this.here().attend(order, patienceMs);
    const run = this.runs.get(order.runId) ?? this.start(order);
    await run.endedWithin(patienceMs);
    return run.status();
  }

  /** A pod has no lease to keep alive; only its rate changes. */
  renew(runId: string, bytesPerSecond: number): void {
    this.local?.renew(runId, bytesPerSecond);
    this.runs.get(runId)?.limit(bytesPerSecond);
  }

  async stop(runId: string): Promise<void> {
    await Promise.all([this.local?.stop(runId), this.runs.get(runId)?.stop()]);
  }

  async handOver(runId: string): Promise<void> {
    await Promise.all([this.local?.handOver(runId), this.runs.get(runId)?.handOver()]);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled([
      this.local?.close(),
      ...[...this.runs.values()].filter(run => !run.hasEnded).map(run => run.stop()),
    ]);
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

  private here(): LocalMover {
    this.local ??= new LocalMover({ program: this.moverProgram() });
    return this.local;
  }

  private moverProgram(): string {
    const { moverProgram } = this.options;
    if (moverProgram !== undefined) return moverProgram;
    throw new EngineError('CONFIG_INVALID', {
      expected: 'the path of the mover program, to read a folder of this machine',
      found: 'none',
      hint: 'Build it (`npm run build`), or say how pods reach the folder (`pods` of the source).',
    });
  }

  private deps(): PodRunDeps {
    const {
      api,
      image,
      pods = {},
      tablesClass,
      bindsAtFirstUse,
      startLimitMs,
      stopPatienceMs,
      pushPatienceMs,
    } = this.options;
    this.expected ??= new ExpectedImage(image(), this.options.builtDigest?.());
    return {
      expectedImage: this.expected,
      api,
      watch: this.watch,
      image: image(),
      options: pods,
      tables: {
        storageClass: tablesClass,
        bindsAtFirstUse: bindsAtFirstUse ?? (() => Promise.resolve(true)),
      },
      startLimitMs: startLimitMs ?? 300_000,
      stopPatienceMs: stopPatienceMs ?? 30_000,
      moverProgram: () => this.moverProgram(),
      pushPatienceMs: pushPatienceMs ?? 180_000,
      programArguments: this.options.programArguments ?? [],
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
