/**
 * A pod of an earlier run that does what this order wants done is taken over, and one that has done
 * its own order and rests gets this one, instead of being stopped for a pod that would begin anew.
 *
 * `present` must have been read before the volume's mark was found to be this order's. Whoever
 * claims later marks the volume before it touches the pod, so the pod as it was read belongs to an
 * earlier claim; whatever a later one does to it changes its resourceVersion, and ours is refused.
 */
import type { ApplyOrder, MoverOrder } from '../../../mover/mover';
import { packOrder } from '../../../mover/packed-order';
import type { ClusterApi } from '../cluster/cluster-api';
import { type Pod, POD } from '../cluster/resources';
import { ANNOTATION } from '../layout';
import type { Annotations } from './own-pod';
import { lastReport, podState } from './pod-state';
import { servesOf, workOf } from './same-work';

/** All annotations of an object together have at most 256 KiB. */
const NEXT_ORDER_BYTES = 96 * 1024;

export type TakenOver =
  /** It does, or has done, just this. */
  | { readonly how: 'taken over'; readonly pod: Pod }
  /** It rested, and this is its next order. */
  | { readonly how: 'handed on'; readonly pod: Pod }
  /** It is not as it was read: look again. */
  | { readonly how: 'changed' }
  /** It has to go. */
  | { readonly how: 'unfit' };

export async function takeOver(
  api: ClusterApi,
  present: Pod,
  order: MoverOrder,
  image: string,
): Promise<TakenOver> {
  if (order.order !== 'apply' || isEnding(present)) return { how: 'unfit' };
  if (doesThis(present, order, image)) return written(api, present, 'taken over', ownership(order));
  const next = nextOrderFor(present, order, image);
  return next === undefined
    ? { how: 'unfit' }
    : written(api, present, 'handed on', { ...ownership(order), ...next });
}

async function written(
  api: ClusterApi,
  present: Pod,
  how: 'taken over' | 'handed on',
  annotations: Annotations,
): Promise<TakenOver> {
  const { name = '', resourceVersion = '' } = present.metadata;
  const pod = await api.patch(POD, name, { metadata: { annotations } }, { resourceVersion });
  return pod === 'conflict' || pod === 'gone' ? { how: 'changed' } : { how, pod };
}

function ownership({ runId, fence, bytesPerSecond }: ApplyOrder): Annotations {
  return {
    [ANNOTATION.run]: runId,
    [ANNOTATION.fence]: String(fence),
    [ANNOTATION.bytesPerSecond]: String(Math.floor(bytesPerSecond)),
  };
}

function isEnding({ metadata }: Pod): boolean {
  return (
    metadata.deletionTimestamp !== undefined || metadata.annotations?.[ANNOTATION.stop] === 'true'
  );
}

/** A pod that has not started may not have its order; one that ended is good for its result only. */
function doesThis(pod: Pod, order: ApplyOrder, image: string): boolean {
  if (pod.metadata.annotations?.[ANNOTATION.work] !== workOf(order, image)) return false;
  const { state } = podState(pod);
  return state === 'running' || (state === 'ended' && hasDone(pod, order.layerId));
}

function hasDone({ status }: Pod, layerId: string): boolean {
  return (status?.containerStatuses ?? []).some(({ state }) => {
    const said = lastReport(state?.terminated?.message);
    return said?.state === 'done' && said.receipt.layerId === layerId;
  });
}

/** What makes the pod, if it rests after another layer, carry out this order; `undefined`: it cannot. */
function nextOrderFor(pod: Pod, order: ApplyOrder, image: string): Annotations | undefined {
  const { annotations = {} } = pod.metadata;
  const rests = annotations[ANNOTATION.rests];
  if (rests === undefined || rests === order.layerId) return undefined;
  if (annotations[ANNOTATION.serves] !== servesOf(order, image)) return undefined;
  if (podState(pod).state !== 'running' || isOld(pod)) return undefined;
  // The source stays that of its first order, with its credentials, so that no annotation names one.
  const packed = packOrder({ ...order, source: undefined } as never).toString('base64');
  if (packed.length > NEXT_ORDER_BYTES) return undefined;
  return {
    [ANNOTATION.nextOrder]: packed,
    [ANNOTATION.work]: workOf(order, image),
    [ANNOTATION.rests]: null,
  };
}

/** A pod that has half of its deadline behind it should not begin anything. */
function isOld({ spec, status }: Pod): boolean {
  const limitMs = Number(spec['activeDeadlineSeconds'] ?? Infinity) * 1000;
  const startedAt = Date.parse(status?.startTime ?? '');
  return Number.isFinite(startedAt) && Date.now() - startedAt > limitMs / 2;
}
