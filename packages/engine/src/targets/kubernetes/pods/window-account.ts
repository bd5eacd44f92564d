/** Whether the windows that were read from a log are all that the receipt speaks of. */
import { createHash } from 'node:crypto';

import { EngineError } from '../../../errors';
import type { ApplyOrder, Receipt, WindowReport } from '../../../mover/mover';

/**
 * The log of a pod may be cut or rotated away; the receipt says how many windows there were and the
 * digest over all of them. What the store does not hold was not done, so the step then runs again,
 * which costs the lost windows only.
 * @throws EngineError MOVER_FAILED
 */
export function assertAllWindows(
  order: ApplyOrder,
  read: ReadonlyMap<number, WindowReport>,
  receipt: Receipt,
): void {
  if (order.proof === undefined) return;
  const all = new Map(order.windowsDone.map(window => [window.index, window]));
  for (const [index, window] of read) all.set(index, window);
  const found =
    all.size !== receipt.windows
      ? `${all.size} of ${receipt.windows ?? 0} windows`
      : windowsDigest(all.values()) === receipt.windowsDigest
        ? undefined
        : 'windows whose digest is not that of the receipt';
  if (found === undefined) return;
  throw new EngineError('MOVER_FAILED', {
    where: { object: `run ${order.runId}` },
    expected: `the log of the pod to tell of all ${receipt.windows ?? 0} windows`,
    found,
    hint: 'The log was cut or rotated before it was read. The lost windows are written again by themselves.',
    retry: 'later',
  });
}

function windowsDigest(windows: Iterable<WindowReport>): string {
  const hash = createHash('sha256');
  for (const { digest } of [...windows].sort((one, other) => one.index - other.index))
    hash.update(Buffer.from(digest, 'hex'));
  return hash.digest('hex');
}
