/** How many VolumeSnapshots a class keeps of one volume, held against the plan, with what would do instead. */
import type { Finding } from '../sources/snapshot-tree';
import type { StorageClass } from '../targets/target';
import { carryDisks } from './carried-disks';
import { planFinding } from './findings';
import { groupBy } from './group-by';
import { newestFirst } from './keep-rules';
import type { PlannedVolume } from './plan';
import type { PlanFacts } from './plan-facts';

export function snapshotCeilings(facts: PlanFacts): readonly Finding[] {
  const { input, volumes, volumeSnapshots } = facts;
  const classes = new Map(input.capabilities.classes.map(each => [each.name, each]));
  const counts = groupBy(volumeSnapshots, cut => cut.volumeId);
  let proposal: string | undefined;
  return volumes.flatMap(volume => {
    const limit = classes.get(volume.storageClass)?.maxSnapshotsPerVolume;
    const count = counts.get(volume.id)?.length ?? 0;
    if (limit === undefined || count <= limit) return [];
    proposal ??= keepingFewer(facts, classes);
    return [
      planFinding('too-many-snapshots', {
        key: volume.id,
        object: `volume ${volume.name}`,
        cause: `Volume ${volume.name} would get ${count} VolumeSnapshots; storage class ${volume.storageClass} allows ${limit}.`,
        remedy: [proposal, ...otherClasses(volume, count, input.capabilities.classes)].join(' '),
      }),
    ];
  });
}

/** The most of the newest snapshots with which every volume stays below its ceiling. */
function keepingFewer(facts: PlanFacts, classes: ReadonlyMap<string, StorageClass>): string {
  const kept = facts.snapshots.filter(snapshot => snapshot.kept).length;
  let fits = 0;
  let tooMany = kept;
  while (fits + 1 < tooMany) {
    const count = Math.floor((fits + tooMany) / 2);
    if (fitsWith(facts, count, classes)) fits = count;
    else tooMany = count;
  }
  if (fits === 0) return 'Keep fewer snapshots (--keep newest=N).';
  return `\`--keep newest=${fits}\` is the most that fits.`;
}

function fitsWith(
  { input, carried }: PlanFacts,
  count: number,
  classes: ReadonlyMap<string, StorageClass>,
): boolean {
  const keptIds = new Set(
    newestFirst(input.tree.snapshots)
      .slice(0, count)
      .map(({ id }) => id),
  );
  const storage = new Map(
    carried.flatMap(({ disk, storage: own }) =>
      own === undefined ? [] : [[disk.id, own] as const],
    ),
  );
  const disks = carried.map(({ disk }) => disk);
  return carryDisks(input, disks, storage, keptIds).every(({ replay, storage: own }) => {
    const limit = classes.get(own?.name ?? '')?.maxSnapshotsPerVolume ?? Infinity;
    return [...groupBy(replay.volumeSnapshots, cut => cut.volumeId).values()].every(
      cuts => cuts.length <= limit,
    );
  });
}

function otherClasses(
  { storageClass }: PlannedVolume,
  count: number,
  classes: readonly StorageClass[],
): readonly string[] {
  const enough = classes.filter(
    each =>
      each.name !== storageClass &&
      each.snapshots.how !== 'none' &&
      (each.maxSnapshotsPerVolume ?? Infinity) >= count,
  );
  if (enough.length === 0) return ['No other storage class of this target allows more.'];
  const words = enough.map(({ name, maxSnapshotsPerVolume: most }) =>
    most === undefined ? `${name} (no ceiling is known)` : `${name} (${most})`,
  );
  return [`Or name a class that allows more with --storage-class: ${words.join(', ')}.`];
}
