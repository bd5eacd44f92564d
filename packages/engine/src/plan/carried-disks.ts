import { alignUp, SECTOR_BYTES } from '../bytes';
import type { Disk, Snapshot } from '../sources/snapshot-tree';
import type { StorageClass } from '../targets/target';
import { newestFirst } from './keep-rules';
import type { PlanInput } from './plan-input';
import { replayDisk, type DiskReplay } from './replay-disk';

/** A disk that is carried, with all that was decided about it. */
export interface CarriedDisk {
  readonly disk: Disk;
  readonly replay: DiskReplay;
  readonly storage: StorageClass | undefined;
  readonly sizeBytes: number;
  readonly currentLayerId: string | undefined;
}

/** Replays every disk by itself: disks never wait for each other. */
export function carryDisks(
  input: PlanInput,
  wanted: readonly Disk[],
  classes: ReadonlyMap<string, StorageClass>,
  keptIds: ReadonlySet<string>,
): readonly CarriedDisk[] {
  const { tree, options } = input;
  const cutCurrent = options.cutCurrent === 'always' || input.targetAsksForCurrent === true;
  const kept = tree.snapshots.filter(snapshot => keptIds.has(snapshot.id));
  const keptNewestFirst = newestFirst(tree.snapshots).filter(({ id }) => keptIds.has(id));
  const named = layersByDisk(kept);
  const namedNewestFirst = layersByDisk(keptNewestFirst);
  const frozeAtUs = freezeTimes(tree.snapshots);

  return wanted.map(disk => {
    const readable = readableLayers(disk);
    const currentLayerId = tree.current.disks.find(state => state.diskId === disk.id)?.layerId;
    const newest = namedNewestFirst.get(disk.id)?.find(state => readable.has(state.layerId));
    const replay = replayDisk(disk, {
      kept: named.get(disk.id) ?? [],
      ...(currentLayerId === undefined ? {} : { currentLayerId }),
      ...(newest === undefined ? {} : { newestLayerId: newest.layerId }),
      cutCurrent,
      frozeAtUs,
    });
    const storage = classes.get(disk.id);
    const largest = disk.layers.reduce(
      (most, { sizeBytes }) => Math.max(most, sizeBytes),
      disk.sizeBytes,
    );
    const sizeBytes = alignUp(largest, storage?.sizeStepBytes ?? SECTOR_BYTES);
    return { disk, replay, storage, sizeBytes, currentLayerId };
  });
}

function layersByDisk(
  snapshots: readonly Snapshot[],
): ReadonlyMap<string, readonly { snapshotId: string; layerId: string }[]> {
  const byDisk = new Map<string, { snapshotId: string; layerId: string }[]>();
  for (const { id: snapshotId, disks } of snapshots) {
    for (const { diskId, layerId } of disks) {
      const states = byDisk.get(diskId) ?? [];
      byDisk.set(diskId, states);
      states.push({ snapshotId, layerId });
    }
  }
  return byDisk;
}

function readableLayers(disk: Disk): ReadonlySet<string> {
  const readable = new Set<string>();
  for (const { id, access, parentId } of disk.layers) {
    if (access === 'frozen' && (parentId === undefined || readable.has(parentId))) readable.add(id);
  }
  return readable;
}

function freezeTimes(snapshots: readonly Snapshot[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const { createdAtUs, disks } of snapshots) {
    if (createdAtUs === undefined) continue;
    for (const { layerId } of disks) {
      times.set(layerId, Math.min(createdAtUs, times.get(layerId) ?? Infinity));
    }
  }
  return times;
}
