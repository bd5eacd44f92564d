import { carryDisks } from './carried-disks';
import { draftPlan, neededBytesOf, sampledPoints, type DraftInput } from './draft-plan';
import { MOST_WHOLE_PLANS } from './keep-costs';
import type { PlannedVolume, SnapshotCost } from './plan';
import { spaceNeeded } from './space';

/** Snapshots times layers: beyond this, planning the history once for each snapshot takes seconds. */
const MOST_REPLAYED = 300_000;

interface Figures {
  readonly neededBytes: number;
  readonly estimateMs?: number | undefined;
}

/**
 * By snapshot id: the difference between the plan with that snapshot and the plan without it. Each is
 * planned for it, because at a fork one snapshot decides what its neighbours cost: a cut that a side
 * branch needs anyway costs nothing more, and the last kept state of a branch costs the branch.
 * Of a history that is too long for that (see MOST_REPLAYED) nothing is told.
 */
export function snapshotCosts(
  draft: DraftInput,
  keptIds: ReadonlySet<string>,
): ReadonlyMap<string, SnapshotCost> {
  const { snapshots } = draft.input.tree;
  const layers = draft.wanted.reduce((sum, disk) => sum + disk.layers.length, 0);
  if (snapshots.length * layers > MOST_REPLAYED) return new Map();
  const figuresOf = snapshots.length > MOST_WHOLE_PLANS ? spaceFigures : planFigures;
  const now = figuresOf(draft, keptIds);
  return new Map(
    snapshots.map(({ id }) => {
      const other = new Set(keptIds);
      if (!other.delete(id)) other.add(id);
      const then = figuresOf(draft, other);
      return [id, keptIds.has(id) ? difference(then, now) : difference(now, then)];
    }),
  );
}

function difference(without: Figures, withIt: Figures): SnapshotCost {
  return {
    bytes: Math.max(0, withIt.neededBytes - without.neededBytes),
    ...(withIt.estimateMs === undefined
      ? {}
      : { ms: Math.max(0, withIt.estimateMs - (without.estimateMs ?? 0)) }),
  };
}

function planFigures(draft: DraftInput, keptIds: ReadonlySet<string>): Figures {
  const { totals } = draftPlan(draft, keptIds);
  return { neededBytes: neededBytesOf(totals), estimateMs: totals.estimateMs?.high };
}

/** The same bytes without names and steps, which is most of the work of a plan. */
function spaceFigures(
  { input, wanted, classes, ownBytes }: DraftInput,
  keptIds: ReadonlySet<string>,
): Figures {
  const carried = carryDisks(input, wanted, classes, keptIds);
  const volumeSnapshots = carried.flatMap(({ replay }) => replay.volumeSnapshots);
  const storageByName = new Map(input.capabilities.classes.map(each => [each.name, each]));
  const { byClass } = spaceNeeded({
    volumes: carried.flatMap(({ replay, storage, sizeBytes }) =>
      replay.volumes.map(volume => ({ ...volume, storageClass: storage?.name ?? '', sizeBytes })),
    ),
    volumeSnapshots,
    sampled: sampledPoints(input, volumeSnapshots),
    ownBytes,
    classOf: ({ storageClass }: Pick<PlannedVolume, 'storageClass'>) =>
      storageByName.get(storageClass),
  });
  return { neededBytes: [...byClass.values()].reduce((sum, bytes) => sum + bytes, 0) };
}
