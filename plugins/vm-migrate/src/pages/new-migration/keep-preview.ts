/** What a rule keeps, before the engine has planned it: the slider follows the hand, not the network. Pure. */
import type { PlanView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
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

export interface KeepSum {
  readonly kept: number;
  readonly total: number;
  /** What keeping those costs, and what the others would cost. */
  readonly keptBytes: number;
  readonly otherBytes: number;
  /** Of copying; null where no rate is known. */
  readonly keptMs: number | null;
}

export function keepSum(
  snapshots: readonly Snapshot[],
  kept: ReadonlySet<string>,
  msOf: (snapshot: Snapshot) => number | null,
): KeepSum {
  let keptBytes = 0;
  let otherBytes = 0;
  let keptMs: number | null = 0;
  for (const snapshot of snapshots) {
    if (!kept.has(snapshot.id)) {
      otherBytes += snapshot.costBytes;
      continue;
    }
    keptBytes += snapshot.costBytes;
    const ms = msOf(snapshot);
    keptMs = ms === null || keptMs === null ? null : keptMs + ms;
  }
  return { kept: kept.size, total: snapshots.length, keptBytes, otherBytes, keptMs };
}
