import type { CarriedDisk } from './carried-disks';
import { draftPlan, neededBytesOf, type DraftInput, type PlanDraft } from './draft-plan';
import { newestFirst } from './keep-rules';
import type { KeepCost } from './plan';

/** VMware lets a chain have so many snapshots: of such a history every length, and every snapshot, is planned by itself. */
export const MOST_WHOLE_PLANS = 32;

/**
 * What a longer kept history costs: the figures of the plans that keep the newest 0, 1, 2 ... all
 * snapshots, everything else as asked for. What one snapshot costs on the way is the difference to
 * the entry before it. Of a longer history some lengths, evenly spread, none and all among them.
 */
export function keepCosts(draft: DraftInput): readonly KeepCost[] {
  const snapshots = newestFirst(draft.input.tree.snapshots);
  return lengths(snapshots.length).map(count => {
    const kept = snapshots.slice(0, count).map(({ id }) => id);
    return { count, ...keepCost(draftPlan(draft, new Set(kept)), draft, kept.at(-1)) };
  });
}

function lengths(longest: number): readonly number[] {
  const steps = Math.min(longest, MOST_WHOLE_PLANS);
  const spread = Array.from({ length: steps }, (_, index) =>
    Math.round(((index + 1) * longest) / steps),
  );
  return [0, ...spread];
}

function keepCost(
  { carried, totals }: PlanDraft,
  { ownBytes }: DraftInput,
  oldestId: string | undefined,
): Omit<KeepCost, 'count'> {
  const { dataBytes, zeroBytes, volumeSnapshots, estimateMs } = totals;
  return {
    ...(oldestId === undefined
      ? {}
      : { oldest: { snapshotId: oldestId, ownBytes: bytesIn(oldestId, carried, ownBytes) } }),
    copiedBytes: dataBytes + zeroBytes,
    neededBytes: neededBytesOf(totals),
    volumeSnapshots,
    ...(estimateMs === undefined
      ? {}
      : { estimateMs: { low: estimateMs.low, high: estimateMs.high } }),
  };
}

/** Own bytes of all layers whose changes end up in that state. */
function bytesIn(
  snapshotId: string,
  carried: readonly CarriedDisk[],
  ownBytes: DraftInput['ownBytes'],
): number {
  let bytes = 0;
  for (const { replay } of carried) {
    for (const [id, { wanted, endsUpIn }] of replay.layers) {
      if (!wanted || endsUpIn !== snapshotId) continue;
      const { data, zero } = ownBytes(id);
      bytes += data + zero;
    }
  }
  return bytes;
}
