/**
 * An order as Secrets: it may name servers and their logins, and a pod's arguments are for everyone
 * to read. The pod comes first and owns them; it cannot start before they are there, which is how a
 * pod that must not run is held back (pod-run.ts).
 */
import { createHash } from 'node:crypto';

import type { MoverOrder } from '../../../mover/mover';
import { packOrder } from '../../../mover/packed-order';
import type { OwnerReference, Pod, Secret } from '../cluster/resources';
import { OURS } from '../layout';
import { ORDER_KEY } from './pod-spec';
import { CREDENTIALS_FILE } from './source-credentials';

/** A Secret holds at most 1 MiB; its labels and names need some of that. */
const PART_BYTES = 1_000_000;
/** Eight MB of windows are 190,000 of them, 11 TiB of own data; the kubelet keeps all of it in memory. */
const MAX_PARTS = 8;

/** The order in parts that each fit into a Secret; never fewer than one. Windows that do not fit are copied again. */
export function orderParts(order: MoverOrder, partBytes = PART_BYTES): readonly Buffer[] {
  let packed = packOrder(order);
  if (order.order === 'apply') {
    for (let kept = order.windowsDone; packed.length > partBytes * MAX_PARTS;) {
      kept = kept.slice(0, Math.floor((kept.length * 3) / 4));
      packed = packOrder({ ...order, windowsDone: kept });
    }
  }
  const parts: Buffer[] = [];
  for (let at = 0; at < packed.length; at += partBytes)
    parts.push(packed.subarray(at, at + partBytes));
  return parts;
}

/** Names that no other run of the same pod name uses: the last run's may still be going away. */
export function secretNames(podName: string, runId: string, count: number): readonly string[] {
  const tag = createHash('sha256').update(runId).digest('hex').slice(0, 8);
  return Array.from({ length: count }, (_, part) =>
    part === 0 ? `${podName}-order-${tag}` : `${podName}-order-${tag}-${part}`,
  );
}

/** They go with their pod. */
export function orderSecrets(
  pod: Pod,
  names: readonly string[],
  parts: readonly Buffer[],
  credentials?: string,
): readonly Secret[] {
  const { name = '', uid = '', labels = {} } = pod.metadata;
  const owner: OwnerReference = { apiVersion: 'v1', kind: 'Pod', name, uid };
  return parts.map((part, index) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: names[index], labels: { ...OURS, ...labels }, ownerReferences: [owner] },
    type: 'Opaque',
    immutable: true,
    data: {
      [ORDER_KEY]: part.toString('base64'),
      ...(index === 0 && credentials !== undefined
        ? { [CREDENTIALS_FILE]: Buffer.from(credentials).toString('base64') }
        : {}),
    },
  }));
}
