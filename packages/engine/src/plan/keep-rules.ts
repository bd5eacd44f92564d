import { EngineError } from '../errors';
import type { Snapshot } from '../sources/snapshot-tree';
import type { KeepRule } from './plan';

/**
 * Ids of the snapshots that a rule keeps. What it does not keep is merged into the next kept state
 * (its layers are applied, no VolumeSnapshot is taken) or, at the end of a branch, dropped.
 * A snapshot whose time nobody knows counts as taken right after its parent, and age never drops it.
 * @param snapshots parents before children
 * @throws EngineError NOT_FOUND when a rule names a snapshot that is not there
 */
export function keptSnapshotIds(
  snapshots: readonly Snapshot[],
  rule: KeepRule,
): ReadonlySet<string> {
  switch (rule.rule) {
    case 'all':
      return new Set(snapshots.map(snapshot => snapshot.id));
    case 'newest':
      return idsOf(newestFirst(snapshots).slice(0, Math.max(0, rule.count)));
    case 'names':
      return idsOf(rule.names.flatMap(name => named(snapshots, name)));
    case 'age': {
      const oldestUs = rule.nowUs - rule.maxAgeMs * 1000;
      return idsOf(
        snapshots.filter(({ createdAtUs }) => createdAtUs === undefined || createdAtUs > oldestUs),
      );
    }
    default:
      return rule satisfies never;
  }
}

/** Newest first; of two that nobody can tell apart, the one further down in the tree. */
export function newestFirst(snapshots: readonly Snapshot[]): readonly Snapshot[] {
  const times = snapshotTimes(snapshots);
  return snapshots
    .map((snapshot, index) => ({ snapshot, index, time: times.get(snapshot.id) ?? -Infinity }))
    .sort((a, b) => (a.time === b.time ? b.index - a.index : a.time < b.time ? 1 : -1))
    .map(({ snapshot }) => snapshot);
}

/** Microseconds since 1970 by snapshot id; where the source knows none, the parent's. */
export function snapshotTimes(snapshots: readonly Snapshot[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const { id, createdAtUs, parentId } of snapshots) {
    const time = createdAtUs ?? (parentId === undefined ? undefined : times.get(parentId));
    if (time !== undefined) times.set(id, time);
  }
  return times;
}

/** Several snapshots may carry one name: all of them are meant. An id is taken where no name fits. */
function named(snapshots: readonly Snapshot[], name: string): readonly Snapshot[] {
  const byName = snapshots.filter(snapshot => snapshot.name === name);
  const found = byName.length > 0 ? byName : snapshots.filter(snapshot => snapshot.id === name);
  if (found.length > 0) return found;
  throw new EngineError('NOT_FOUND', {
    where: { object: `snapshot '${name}'` },
    expected: `one of ${snapshots.map(snapshot => `'${snapshot.name}'`).join(', ') || '(none)'}`,
    hint: 'Name the snapshots to keep as `kubectl vm-migrate tree VM` shows them.',
  });
}

function idsOf(snapshots: readonly Snapshot[]): ReadonlySet<string> {
  return new Set(snapshots.map(snapshot => snapshot.id));
}
