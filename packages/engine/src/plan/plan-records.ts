import type { LayerNode, Snapshot, SnapshotTree } from '../sources/snapshot-tree';
import type { StorageClass } from '../targets/target';
import type { CarriedDisk } from './carried-disks';
import { groupBy } from './group-by';
import { newestFirst } from './keep-rules';
import type {
  PlannedDisk,
  PlannedLayer,
  PlannedSnapshot,
  PlannedVolume,
  PlannedVolumeSnapshot,
  PlanTotals,
  SnapshotCost,
} from './plan';
import { manifestDigest } from '../formats/manifest';
import type { OwnBytes, SpaceNeed } from './space';

/** Reasons of PlannedLayer.reason that do not depend on the layer's file. */
export const NOT_WANTED = {
  leftOut: 'its disk is left out',
  notKept: 'no kept state needs it',
  nameless: 'no snapshot and no present state needs it',
} as const;

export function planDisks(
  tree: SnapshotTree,
  carried: readonly CarriedDisk[],
): readonly PlannedDisk[] {
  const byId = new Map(carried.map(each => [each.disk.id, each]));
  return tree.disks.map(({ id, label, rootFile, sizeBytes }) => {
    const disk = byId.get(id);
    return {
      id,
      label,
      rootFile,
      sizeBytes,
      storageClass: disk?.storage?.name ?? '',
      ...(disk === undefined ? { leftOut: 'left out by the option' } : {}),
    };
  });
}

export function planLayers(
  tree: SnapshotTree,
  carried: readonly CarriedDisk[],
  ownBytes: (layerId: string) => OwnBytes,
): readonly PlannedLayer[] {
  const reasons = new Map<string, string | undefined>();
  for (const { replay } of carried) {
    const named = namedLayers(tree, replay.layers);
    for (const [id, { wanted, unreadable }] of replay.layers) {
      const spare = named.has(id) ? NOT_WANTED.notKept : NOT_WANTED.nameless;
      reasons.set(
        id,
        wanted ? undefined : unreadable === undefined ? spare : `cannot be read: ${unreadable}`,
      );
    }
  }
  return tree.disks.flatMap(({ layers }) =>
    layers.map(layer => {
      const reason = reasons.has(layer.id) ? reasons.get(layer.id) : NOT_WANTED.leftOut;
      return planLayer(layer, ownBytes(layer.id), reason);
    }),
  );
}

function planLayer(layer: LayerNode, ownBytes: OwnBytes, reason: string | undefined): PlannedLayer {
  const { id, diskId, parentId, file, format, sizeBytes, manifest } = layer;
  return {
    id,
    diskId,
    ...(parentId === undefined ? {} : { parentId }),
    file,
    format,
    sizeBytes,
    manifest,
    manifestDigest: manifestDigest(manifest),
    ownBytes,
    ...(reason === undefined ? { flag: 'needs-migration' } : { flag: 'not-wanted', reason }),
  };
}

/** Layers that some snapshot or the present state stands on, kept or not. */
function namedLayers(
  tree: SnapshotTree,
  layers: CarriedDisk['replay']['layers'],
): ReadonlySet<string> {
  const named = new Set(
    [...tree.snapshots, tree.current].flatMap(({ disks }) => disks.map(({ layerId }) => layerId)),
  );
  for (const [id, { parent }] of [...layers].reverse()) {
    if (named.has(id) && parent !== undefined) named.add(parent.node.id);
  }
  return named;
}

export function planSnapshots(
  tree: SnapshotTree,
  carried: readonly CarriedDisk[],
  keptIds: ReadonlySet<string>,
  volumeSnapshots: readonly PlannedVolumeSnapshot[],
  costs: ReadonlyMap<string, SnapshotCost>,
): readonly PlannedSnapshot[] {
  const cuts = groupBy(volumeSnapshots, cut => cut.snapshotId);
  return tree.snapshots.map(snapshot => {
    const { id, name, description, createdAtUs, parentId, quiesced } = snapshot;
    const kept = keptIds.has(id);
    const cost = costs.get(id);
    const mergedInto = kept ? undefined : statesWithChangesOf(snapshot, carried)[0];
    return {
      id,
      name,
      description,
      ...(createdAtUs === undefined ? {} : { createdAtUs }),
      ...(parentId === undefined ? {} : { parentId }),
      ...(quiesced === undefined ? {} : { quiesced }),
      kept,
      ...(mergedInto === undefined ? {} : { mergedInto }),
      ...(cost === undefined ? {} : { costBytes: cost.bytes }),
      ...(cost?.ms === undefined ? {} : { costMs: cost.ms }),
      volumeSnapshotIds: (cuts.get(id) ?? []).map(cut => cut.id),
    };
  });
}

/** Kept states (snapshot ids, or `current`) that hold what a snapshot that is not kept would show; often one. */
export function statesWithChangesOf(
  snapshot: Snapshot,
  carried: readonly CarriedDisk[],
): readonly string[] {
  const states = carried.flatMap(({ disk, replay }) => {
    const state = snapshot.disks.find(({ diskId }) => diskId === disk.id);
    const endsUpIn = replay.layers.get(state?.layerId ?? '')?.endsUpIn;
    return endsUpIn === undefined ? [] : [endsUpIn];
  });
  return [...new Set(states)];
}

/** One that has no name yet. */
export type UnnamedCut = Omit<PlannedVolumeSnapshot, 'name'>;

/** The newest point of each disk: the present state where it is cut, else the newest kept snapshot. */
export function newestPoints<Cut extends UnnamedCut>(
  tree: SnapshotTree,
  volumeSnapshots: readonly Cut[],
): readonly Cut[] {
  const rank = new Map(newestFirst(tree.snapshots).map(({ id }, index) => [id, index]));
  const age = (cut: Cut): number =>
    cut.purpose === 'current' ? -1 : (rank.get(cut.snapshotId ?? '') ?? Infinity);
  const newest = new Map<string, Cut>();
  for (const cut of volumeSnapshots) {
    if (cut.purpose === 'fork') continue;
    const best = newest.get(cut.diskId);
    if (best === undefined || age(cut) < age(best)) newest.set(cut.diskId, cut);
  }
  return [...newest.values()];
}

export function planTotals(facts: {
  readonly layers: readonly PlannedLayer[];
  readonly volumes: readonly PlannedVolume[];
  readonly volumeSnapshots: readonly PlannedVolumeSnapshot[];
  readonly space: SpaceNeed;
  readonly classOf: (volume: { readonly storageClass: string }) => StorageClass | undefined;
}): PlanTotals {
  const applied = facts.layers.filter(layer => layer.flag === 'needs-migration');
  return {
    layers: applied.length,
    volumes: facts.volumes.length,
    volumeSnapshots: facts.volumeSnapshots.length,
    dataBytes: applied.reduce((sum, layer) => sum + layer.ownBytes.data, 0),
    zeroBytes: applied.reduce((sum, layer) => sum + layer.ownBytes.zero, 0),
    space: [...facts.space.byClass].map(([storageClass, neededBytes]) => {
      const freeBytes = facts.classOf({ storageClass })?.freeBytes;
      return { storageClass, neededBytes, ...(freeBytes === undefined ? {} : { freeBytes }) };
    }),
  };
}
