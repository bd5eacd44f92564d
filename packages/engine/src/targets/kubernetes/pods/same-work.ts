/**
 * What a pod works on, as digests in its annotations: by them a later claim recognises a pod that
 * does just what it wants done, or one that can do it next. Digests, since an order may name servers.
 */
import { createHash } from 'node:crypto';

import { canonicalJson } from '../../../canonical-json';
import type { ApplyOrder, MoverOrder } from '../../../mover/mover';
import { ANNOTATION } from '../layout';

/** Annotations of a pod that carries out this order. */
export function workAnnotations(order: MoverOrder, image: string): Record<string, string> {
  if (order.order !== 'apply') return {};
  const rests = order.afterwards === 'rest';
  return {
    [ANNOTATION.work]: workOf(order, image),
    ...(rests ? { [ANNOTATION.serves]: servesOf(order, image) } : {}),
  };
}

/** Equal for claims of one step that want the very same bytes written in the very same way. */
export function workOf(order: ApplyOrder, image: string): string {
  const { layerId, layer, content, windowBytes, proof } = order;
  const { manifestDigest } = order.mark;
  return digest({
    place: placeOf(order, image),
    layerId,
    layer,
    manifestDigest,
    content,
    windowBytes,
    proof,
  });
}

/** Equal for orders that one pod can carry out in turn: same volume, same source, mounted the same way. */
export function servesOf(order: ApplyOrder, image: string): string {
  return digest(placeOf(order, image));
}

function placeOf({ protocol, source, volume, mark }: ApplyOrder, image: string): object {
  const { storeId, migrationId, volumeId, generation } = mark;
  return { protocol, image, source, volume, storeId, migrationId, volumeId, generation };
}

function digest(value: object): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
