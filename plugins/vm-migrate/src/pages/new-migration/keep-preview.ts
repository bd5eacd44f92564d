/** What a rule keeps, before the engine has planned it: the slider follows the hand, not the network. Pure. */
import type { PlanView, TargetView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { DAY_MS, type Draft } from './draft';

type Snapshot = PlanView['snapshots'][number];

/** Newest first; one whose time nobody knows counts as taken right after its parent. As the engine orders them. */
export function newestFirst(snapshots: readonly Snapshot[]): readonly Snapshot[] {
  const times = new Map<string, number>();
  for (const { id, createdAtUs, parentId } of snapshots) {
    const time = createdAtUs ?? (parentId === undefined ? undefined : times.get(parentId));
    if (time !== undefined) times.set(id, time);
  }
  const timeOf = ({ id }: Snapshot) => times.get(id) ?? -Infinity;
  return snapshots
    .map((snapshot, index) => ({ snapshot, index, time: timeOf(snapshot) }))
    .sort((a, b) => (a.time === b.time ? b.index - a.index : a.time < b.time ? 1 : -1))
    .map(({ snapshot }) => snapshot);
}

/** Ids that the draft's rule keeps. */
export function keptIds(
  snapshots: readonly Snapshot[],
  draft: Pick<Draft, 'rule' | 'newest' | 'keptIds' | 'days'>,
  nowMs: number,
): ReadonlySet<string> {
  const all = () => new Set(snapshots.map(({ id }) => id));
  switch (draft.rule) {
    case 'all':
      return all();
    case 'newest':
      return draft.newest === undefined
        ? all()
        : new Set(
            newestFirst(snapshots)
              .slice(0, draft.newest)
              .map(({ id }) => id),
          );
    case 'names':
      return draft.keptIds ?? all();
    case 'age': {
      const oldestUs = (nowMs - draft.days * DAY_MS) * 1000;
      return new Set(
        snapshots
          .filter(({ createdAtUs }) => createdAtUs === undefined || createdAtUs > oldestUs)
          .map(({ id }) => id),
      );
    }
    default:
      return draft.rule satisfies never;
  }
}

/** What a choice would take on the target and in time. */
export interface KeepCost {
  readonly neededBytes: number;
  readonly estimateMs: { readonly low: number; readonly high: number } | undefined;
}

/**
 * Of so many newest snapshots, as the plan says for every length of the history; undefined where it
 * does not say it for this one, as in long histories.
 */
export function costOfNewest({ keepCosts }: PlanView, count: number): KeepCost | undefined {
  const cost = keepCosts?.find(each => each.count === count);
  return cost === undefined
    ? undefined
    : { neededBytes: cost.neededBytes, estimateMs: cost.estimateMs };
}

export function costOfPlan({ totals }: PlanView): KeepCost {
  return {
    neededBytes: totals.space.reduce((sum, { neededBytes }) => sum + neededBytes, 0),
    estimateMs: totals.estimateMs,
  };
}

/** What keeping all the others as well as now would add; undefined where the plan does not say. */
export function costOfOthers(plan: PlanView, now: KeepCost | undefined): number | undefined {
  const all = costOfNewest(plan, plan.snapshots.length);
  if (all === undefined || now === undefined) return undefined;
  return Math.max(0, all.neededBytes - now.neededBytes);
}

/** Nobody has measured the classes: the times of the plan are those that it assumes. */
export function isTimeAssumed(plan: PlanView, target: TargetView | undefined): boolean {
  const used = new Set(plan.disks.map(({ storageClass }) => storageClass));
  return (target?.classes ?? []).some(
    ({ name, proof }) => used.has(name) && proof.writeBytesPerSecond === null,
  );
}
