/**
 * Brings the layer of a run to a mover that cannot read it. That it is written is not for this end to
 * say: it ends when nothing more is to be sent.
 */
import type { MoverOrder } from '../../../mover/mover';
import type { PushRelay } from '../../../mover/push/push-relay';
import type { ClusterApi } from '../cluster/cluster-api';
import type { Pod } from '../cluster/resources';
import type { PodLog } from './pod-log';
import { pushToPod } from './pod-push';
import { podName } from './pod-spec';
import type { PodWatch } from './pod-watch';
import { isPushed, mustBePushed } from './pushed-order';
import { withinMs } from './waiting';

export interface RunPushDeps {
  readonly api: ClusterApi;
  readonly watch: PodWatch;
  readonly moverProgram: () => string;
  readonly pushPatienceMs: number;
}

/** A mover says that it runs at once; one whose log cannot be read is pushed to all the same. */
const STARTED_MS = 10_000;

export class RunPush {
  /** Why nothing gets through; `undefined`: nothing is in the way. */
  waitsFor: string | undefined;
  private relay: PushRelay | undefined;
  private isStopped = false;

  /** @param given with the source as this machine has it. @param order as the pod gets it */
  constructor(
    private readonly deps: RunPushDeps,
    private readonly given: MoverOrder,
    private readonly order: MoverOrder,
  ) {}

  /**
   * Of an order that pods read for themselves: ends at once.
   * @throws EngineError CLUSTER_UNREACHABLE when the way to the pod stays broken
   */
  async carryOut(pod: Pod, log: PodLog, signal: AbortSignal): Promise<void> {
    const { given, order, deps } = this;
    if (!mustBePushed(given) || !isPushed(order)) return;
    if ((await deps.watch.started(pod, signal)) === undefined) return;
    await withinMs(log.started, STARTED_MS);
    if (signal.aborted) return;
    this.relay = pushToPod({
      api: deps.api,
      program: deps.moverProgram(),
      podName: podName(order),
      order: given,
      pushed: order,
      patienceMs: deps.pushPatienceMs,
      progress: () => log.windows().size,
      waits: reason => {
        this.waitsFor = reason;
      },
    });
    if (this.isStopped) this.relay.stop();
    await this.relay.ended;
  }

  /** The mover is told over the connection, and sooner than by its pod. */
  stop(): void {
    this.isStopped = true;
    this.relay?.stop();
  }

  async close(): Promise<void> {
    await this.relay?.close();
  }
}
