/**
 * The mark on a volume's PVC against the one that an order expects. It counts only when it is read
 * while the pod of the volume's name is ours: that name is the lock.
 */
import { EngineError } from '../../../errors';
import type { MoverOrder, VolumeMark } from '../../../mover/mover';
import { differingFields, markOf } from '../../../native/volume-mark';
import type { PersistentVolumeClaim } from '../cluster/resources';
import { ANNOTATION } from '../layout';

/** @throws EngineError VOLUME_MISSING, VOLUME_UNEXPECTED */
export function assertMark(order: MoverOrder, claim: PersistentVolumeClaim | undefined): void {
  if (order.order === 'hash-chain') return;
  const where = { object: `PersistentVolumeClaim ${order.volume.name ?? '?'}` };
  if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) {
    throw new EngineError('VOLUME_MISSING', {
      where,
      expected: 'the volume of the order',
      found: claim === undefined ? 'nothing' : 'one that is being deleted',
    });
  }
  if (order.order !== 'apply') return;
  const found = readMark(claim);
  const differing = found === undefined ? ALL : differingFields(found, order.mark);
  if (differing.length === 0) return;
  const words = (mark: Partial<VolumeMark> | undefined) =>
    mark === undefined
      ? 'no mark that can be read'
      : differing.map(field => `${field} ${JSON.stringify(mark[field] ?? null)}`).join(', ');
  throw new EngineError('VOLUME_UNEXPECTED', {
    where,
    expected: words(order.mark),
    found: words(found),
    hint: 'Somebody else changed the volume. It is not written; a new one is restored from the parent.',
  });
}

const ALL = ['storeId', 'volumeId', 'generation', 'phase', 'layerId', 'fence'] as const;

function readMark(claim: PersistentVolumeClaim): VolumeMark | undefined {
  try {
    return markOf({ mark: JSON.parse(claim.metadata.annotations?.[ANNOTATION.mark] ?? 'null') });
  } catch {
    return undefined;
  }
}
