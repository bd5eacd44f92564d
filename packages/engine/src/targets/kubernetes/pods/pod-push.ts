/** Pushes a layer into the pod of a run, from when its mover listens until the run is over. */
import { EngineError } from '../../../errors';
import type { ApplyOrder, PushedSource } from '../../../mover/mover';
import { PushRelay } from '../../../mover/push/push-relay';
import type { ClusterApi } from '../cluster/cluster-api';
import { DEFAULT_RETRY, pauseMs } from '../cluster/retry';
import type { LocalApplyOrder } from './pushed-order';

export interface PodPushOptions {
  readonly api: ClusterApi;
  /** Path of the mover's program, which reads the layer. */
  readonly program: string;
  readonly podName: string;
  readonly order: LocalApplyOrder;
  /** The order that the pod has. */
  readonly pushed: ApplyOrder & { readonly source: PushedSource };
  /** After so long without progress and without a connection the run is given up. */
  readonly patienceMs: number;
  /** Windows that the pod has reported. */
  progress(): number;
  waits(reason: string | undefined): void;
}

/** While the way is broken it is looked for every few seconds. */
const PAUSES = { ...DEFAULT_RETRY, maxMs: 5_000 };

export function pushToPod(options: PodPushOptions): PushRelay {
  const { api, program, podName, order, pushed, patienceMs, progress, waits } = options;
  const { port, key } = pushed.source;
  return new PushRelay({
    program,
    runId: order.runId,
    key,
    order,
    connect: signal => api.portForward(podName, port, signal),
    progress,
    waits,
    pauseMs: number => pauseMs(PAUSES, Math.min(number, 20), undefined),
    patienceMs,
    giveUp: lastTrouble =>
      new EngineError('CLUSTER_UNREACHABLE', {
        where: { object: `port ${port} of pod ${podName}` },
        expected: 'a connection through port-forward, to push the layer',
        found: `nothing got through for more than ${Math.round(patienceMs / 1000)} s: ${lastTrouble}`,
        hint: 'It goes on by itself from the last proved window. `kubectl vm-migrate doctor` says whether this account may create pods/portforward.',
        retry: 'later',
      }),
  });
}
