import type { Finding, Snapshot } from '../sources/snapshot-tree';
import type { CarriedDisk } from './carried-disks';
import { snapshotCeilings } from './ceilings';
import { planFinding } from './findings';
import { formatBytes } from './format-bytes';
import { groupBy } from './group-by';
import { guestFindings } from './guest-findings';
import type { PlannedSnapshot } from './plan';
import type { PlanFacts } from './plan-facts';
import { NOT_WANTED, statesWithChangesOf } from './plan-records';
import { restoreFindings } from './restore-findings';

/** What the source and the plan have to tell: nothing of the history goes missing without a word here. */
export function findingsOfPlan(facts: PlanFacts): readonly Finding[] {
  return [
    ...sourceFindings(facts),
    ...presentStates(facts),
    ...snapshotStates(facts),
    ...spareLayers(facts),
    ...disksLeftOut(facts),
    ...uncountedLayers(facts),
    ...snapshotCeilings(facts),
    ...restoreFindings(facts),
    ...guestFindings(facts),
    ...stayingVolumes(facts),
    ...spaceShort(facts),
    ...takenNames(facts),
  ];
}

/**
 * What the source said. A fault of a file that no kept state of a carried disk stands on stops
 * nobody: the user left the disk or the snapshots out, which is what the remedy may have been.
 */
function sourceFindings({ input, carried, snapshots }: PlanFacts): readonly Finding[] {
  const kept = new Set(snapshots.filter(snapshot => snapshot.kept).map(({ id }) => id));
  const states = [input.tree.current, ...input.tree.snapshots.filter(({ id }) => kept.has(id))];
  const named = new Set(states.flatMap(({ disks }) => disks.map(({ layerId }) => layerId)));
  const needed = new Set<string>();
  for (const { replay } of carried) {
    for (const [id, { node, parent }] of [...replay.layers].reverse()) {
      if (!named.has(id)) continue;
      needed.add(node.file);
      if (parent !== undefined) named.add(parent.node.id);
    }
  }
  const files = new Set(input.tree.disks.flatMap(({ layers }) => layers.map(({ file }) => file)));
  return input.tree.findings.map(finding => {
    const harmless = files.has(finding.object) && !needed.has(finding.object);
    if (finding.severity !== 'blocks' || !harmless) return finding;
    const remedy = 'Nothing to do: no state that this plan carries stands on the file.';
    return { ...finding, severity: 'informs', remedy };
  });
}

const IN_USE: ReadonlySet<string | undefined> = new Set(['running', 'suspended', 'unclean']);

function presentStates({ input, carried }: PlanFacts): readonly Finding[] {
  return carried.flatMap(({ disk, replay, currentLayerId }) => {
    if (currentLayerId === undefined) return [];
    const layer = replay.layers.get(currentLayerId);
    if (layer !== undefined && layer.unreadable === undefined) return [];
    if (IN_USE.has(layer?.node.access)) {
      const cause = `The VM is ${input.tree.current.power}: its present state changes, or was not closed cleanly, and is not read.`;
      return [
        planFinding('current-not-frozen', { key: 'current', object: 'the present state', cause }),
      ];
    }
    const because = layer?.unreadable ?? `its file (layer ${currentLayerId}) is not known`;
    return [
      planFinding('current-not-readable', {
        key: disk.id,
        object: `disk ${disk.label}`,
        cause: `The present state of disk ${disk.label} cannot be read: ${because}.`,
      }),
    ];
  });
}

function snapshotStates(facts: PlanFacts): readonly Finding[] {
  const { input, carried, snapshots } = facts;
  const planned = new Map(snapshots.map(snapshot => [snapshot.id, snapshot]));
  const nameOf = (id: string): string => planned.get(id)?.name ?? id;
  const found: Finding[] = [];
  for (const snapshot of input.tree.snapshots) {
    const plan = planned.get(snapshot.id);
    if (plan === undefined) continue;
    found.push(
      ...(plan.kept
        ? keptSnapshot(snapshot, plan, carried)
        : skippedSnapshot(snapshot, plan, carried, nameOf)),
    );
  }
  return found;
}

function keptSnapshot(
  snapshot: Snapshot,
  plan: PlannedSnapshot,
  carried: readonly CarriedDisk[],
): readonly Finding[] {
  const object = `snapshot '${snapshot.name}'`;
  const found: Finding[] = [];
  if (snapshot.memory) {
    found.push(
      planFinding('memory-not-carried', {
        key: snapshot.id,
        object,
        cause: `Snapshot '${snapshot.name}' holds the memory of the running VM; only its disks are carried.`,
      }),
    );
  }
  const unreadable = unreadableStates(snapshot, carried);
  if (unreadable.length > 0) {
    const list = unreadable.map(({ disk, because }) => `disk ${disk.label}: ${because}`);
    found.push(
      planFinding('snapshot-incomplete', {
        key: snapshot.id,
        object,
        cause: `Part of the state at snapshot '${snapshot.name}' cannot be read: ${list.join('; ')}.`,
      }),
    );
  }
  if (plan.volumeSnapshotIds.length === 0) {
    found.push(
      planFinding('snapshot-without-volumes', {
        key: snapshot.id,
        object,
        cause: `Snapshot '${snapshot.name}' gets no VolumeSnapshot: none of its disks is carried.`,
      }),
    );
  }
  return found;
}

function skippedSnapshot(
  snapshot: Snapshot,
  plan: PlannedSnapshot,
  carried: readonly CarriedDisk[],
  nameOf: (snapshotId: string) => string,
): readonly Finding[] {
  const object = `snapshot '${snapshot.name}'`;
  const cost = costWords(plan);
  const found: Finding[] = [];
  const into = statesWithChangesOf(snapshot, carried).map(id =>
    id === 'current' ? 'the present state' : `snapshot '${nameOf(id)}'`,
  );
  if (into.length > 0) {
    found.push(
      planFinding('snapshot-merged', {
        key: snapshot.id,
        object,
        cause: `Snapshot '${snapshot.name}' is not kept; its changes end up in ${into.join(' and ')}.${cost}`,
      }),
    );
  }
  const lost = carried.filter(({ disk, replay }) => {
    const state = snapshot.disks.find(({ diskId }) => diskId === disk.id);
    return state !== undefined && replay.layers.get(state.layerId)?.wanted !== true;
  });
  if (lost.length > 0) {
    const labels = lost.map(({ disk }) => disk.label).join(', ');
    found.push(
      planFinding('snapshot-dropped', {
        key: snapshot.id,
        object,
        cause: `Snapshot '${snapshot.name}' is not kept and no kept state holds its changes of disk ${labels}: they are not carried.${cost}`,
      }),
    );
  }
  return found;
}

/** A sentence behind another one; empty where it is not known. */
function costWords({ costBytes }: PlannedSnapshot): string {
  if (costBytes === undefined) return '';
  if (costBytes === 0) return ' Keeping it as well would cost nothing more.';
  return ` Keeping it as well would cost up to ${formatBytes(costBytes)}.`;
}

function unreadableStates(
  snapshot: Snapshot,
  carried: readonly CarriedDisk[],
): readonly { readonly disk: CarriedDisk['disk']; readonly because: string }[] {
  return carried.flatMap(({ disk, replay }) => {
    const state = snapshot.disks.find(({ diskId }) => diskId === disk.id);
    if (state === undefined) return [];
    const layer = replay.layers.get(state.layerId);
    if (layer === undefined)
      return [{ disk, because: `its file (layer ${state.layerId}) is not known` }];
    return layer.unreadable === undefined ? [] : [{ disk, because: layer.unreadable }];
  });
}

function spareLayers({ layers }: PlanFacts): readonly Finding[] {
  return layers
    .filter(layer => layer.reason === NOT_WANTED.nameless)
    .map(layer =>
      planFinding('leftover-delta', {
        key: layer.file,
        object: layer.file,
        cause: `No snapshot and no present state stands on ${layer.file}: it is not carried.`,
      }),
    );
}

function disksLeftOut({ input, carried }: PlanFacts): readonly Finding[] {
  const carriedIds = new Set(carried.map(({ disk }) => disk.id));
  return input.tree.disks
    .filter(disk => !carriedIds.has(disk.id))
    .map(disk =>
      planFinding('disk-left-out', {
        key: disk.id,
        object: `disk ${disk.label}`,
        cause: `Disk ${disk.label} (${disk.rootFile}) is left out: nothing of it is carried, in no snapshot.`,
      }),
    );
}

function uncountedLayers({ input, layers }: PlanFacts): readonly Finding[] {
  const counted = new Set([
    ...Object.keys(input.ownBytes ?? {}),
    ...input.tree.disks
      .flatMap(disk => disk.layers)
      .flatMap(({ id, ownBytes }) => (ownBytes ? [id] : [])),
  ]);
  return layers
    .filter(layer => layer.flag === 'needs-migration' && !counted.has(layer.id))
    .map(layer =>
      planFinding('size-unknown', {
        key: layer.id,
        object: layer.file,
        cause: `Nobody has counted how much ${layer.file} holds.`,
      }),
    );
}

function stayingVolumes({ volumes, space }: PlanFacts): readonly Finding[] {
  const staying = volumes.filter(volume => volume.role === 'branch' && volume.atEnd === 'keep');
  return [...groupBy(staying, volume => volume.storageClass)].map(([storageClass, group]) => {
    const bytes = group.reduce((sum, volume) => sum + (space.byVolume.get(volume.id) ?? 0), 0);
    const provisioned = group.reduce((sum, volume) => sum + volume.sizeBytes, 0);
    return planFinding('branch-volumes-stay', {
      key: storageClass,
      object: `storage class ${storageClass}`,
      cause:
        `VolumeSnapshots of storage class ${storageClass} do not outlive their volume, so ${group.length} ` +
        `volume${group.length === 1 ? '' : 's'} of side branches stay: ${formatBytes(provisioned)} of capacity, ` +
        `up to ${formatBytes(bytes)} of it their own: ${group.map(({ name }) => name).join(', ')}.`,
    });
  });
}

/** A volume that holds another migration's state is never written over: better said before the start. */
function takenNames({ input, volumes, volumeSnapshots }: PlanFacts): readonly Finding[] {
  const taken = [...volumes, ...volumeSnapshots].flatMap(({ name }) => {
    const migration = input.takenNames?.get(name);
    return migration === undefined ? [] : [{ name, migration }];
  });
  return [...groupBy(taken, ({ migration }) => migration)].map(([migration, objects]) => {
    const [first] = objects;
    const others = objects.length === 1 ? '' : ` and ${objects.length - 1} more`;
    return planFinding('names-taken', {
      key: migration ?? 'hidden',
      object: migration === null ? 'a migration that you may not read' : `migration ${migration}`,
      cause:
        `${migration === null ? 'A migration that you may not read' : `Migration ${migration}`} was given up and its objects were kept: ` +
        `${first?.name ?? ''}${others} would be named alike.`,
    });
  });
}

function spaceShort({ totals }: PlanFacts): readonly Finding[] {
  return totals.space.flatMap(({ storageClass, neededBytes, freeBytes }) => {
    if (freeBytes === undefined || neededBytes <= freeBytes) return [];
    return [
      planFinding('space-short', {
        key: storageClass,
        object: `storage class ${storageClass}`,
        cause: `The plan needs up to ${formatBytes(neededBytes)} on storage class ${storageClass}; ${formatBytes(freeBytes)} are free.`,
      }),
    ];
  });
}
