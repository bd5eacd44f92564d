/** Orders whose source only this machine has: what becomes of them when pods do the work. */
import { randomBytes } from 'node:crypto';

import { MIB } from '../../../bytes';
import type { ApplyOrder, MoverOrder, PushedSource } from '../../../mover/mover';

type VmDirectoryAddress = Extract<ApplyOrder['source'], { kind: 'vm-directory' }>;

/** A port of the pod's own loopback: nobody outside of the pod reaches it but the kubelet. */
const PUSH_PORT = 40_107;
const KEY_BYTES = 32;
/** Longer than the engine itself tries to come back: a mover that hears nothing for so long was left alone. */
const SILENCE_MS = 300_000;

/** What one worker pushes a second, in all, over a network that is no narrower; docs/benchmarking.md. */
export const PUSH_RATE = 80 * MIB;

/** An apply order whose layer the engine has to push. */
export type LocalApplyOrder = ApplyOrder & { readonly source: VmDirectoryAddress };

/** A folder of this machine, of which nothing says how a pod finds it. */
export function isOnlyHere(source: ApplyOrder['source']): source is VmDirectoryAddress {
  return source.kind === 'vm-directory' && source.pods === undefined;
}

export function mustBePushed(order: MoverOrder): order is LocalApplyOrder {
  return order.order === 'apply' && isOnlyHere(order.source);
}

/** As its pod gets it. */
export function isPushed(
  order: MoverOrder,
): order is ApplyOrder & { readonly source: PushedSource } {
  return order.order === 'apply' && order.source.kind === 'pushed';
}

/** Touches no volume and reads what only this machine has: it runs here. */
export function mustRunHere(order: MoverOrder): boolean {
  return order.order === 'hash-chain' && isOnlyHere(order.source);
}

/**
 * The same order for a mover that is pushed to, with a key of its own. It does not rest afterwards:
 * its key and its listener are made for one run.
 */
export function pushedOrder(
  order: LocalApplyOrder,
): ApplyOrder & { readonly source: PushedSource } {
  const key = randomBytes(KEY_BYTES).toString('hex');
  const { afterwards: _, ...rest } = order;
  return { ...rest, source: { kind: 'pushed', port: PUSH_PORT, key, silenceMs: SILENCE_MS } };
}
