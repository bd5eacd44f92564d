/**
 * A pod that rests: it has flushed its layer, the process that wrote has ended, and its supervisor
 * holds nothing of the volume open. The engine writes that down as an annotation when the mover's
 * last report of the layer has come, and it goes in the very patch that hands on the next order. So
 * while it is there nobody writes.
 */
import type { Pod } from '../cluster/resources';
import { ANNOTATION } from '../layout';
import { podState } from './pod-state';

/** Id of the layer after which it rests; `undefined`: it does not. */
export function restsAfter(pod: Pod): string | undefined {
  return podState(pod).state === 'running'
    ? pod.metadata.annotations?.[ANNOTATION.rests]
    : undefined;
}
