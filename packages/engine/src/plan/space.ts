import type { StorageClass } from '../targets/target';
import { groupBy } from './group-by';
import type { PlannedVolume, PlannedVolumeSnapshot } from './plan';

/** Data and zero bytes that a layer itself states. */
export interface OwnBytes {
  readonly data: number;
  readonly zero: number;
}

/** How something is called takes no space. */
type SpaceVolume = Omit<PlannedVolume, 'name' | 'atEnd'>;
type SpaceCut = Omit<PlannedVolumeSnapshot, 'name'>;

export interface SpaceInput {
  /** A volume stands behind the one that it is restored from. */
  readonly volumes: readonly SpaceVolume[];
  readonly volumeSnapshots: readonly SpaceCut[];
  readonly sampled: readonly SpaceCut[];
  readonly ownBytes: (layerId: string) => OwnBytes;
  readonly classOf: (volume: SpaceVolume) => StorageClass | undefined;
}

export interface SpaceNeed {
  /** Upper bound by storage class, at the moment when most is there. */
  readonly byClass: ReadonlyMap<string, number>;
  /** Bytes that a volume holds when it is done, as far as they are its own. */
  readonly byVolume: ReadonlyMap<string, number>;
}

/**
 * What the plan takes on the target at its highest point: all branches at once, nothing removed
 * yet, one restore for each sample. Volumes are sparse: they take their layers' own bytes.
 *
 * Between two cuts a volume takes at most what is written to it. How much a cut adds lies between
 * two ends: nothing at once, but what is written afterwards takes new space (snapshotCost 0), or a
 * whole copy of what is allocated (snapshotCost 1); classes in between are counted in proportion.
 */
export function spaceNeeded(input: SpaceInput): SpaceNeed {
  const byClass = new Map<string, number>();
  const byVolume = new Map<string, number>();
  const allocatedAtCut = new Map<string, number>();
  const cutsByLayer = groupBy(input.volumeSnapshots, cut => cut.layerId);

  for (const volume of input.volumes) {
    const storage = input.classOf(volume);
    const copied = storage?.snapshotCost ?? 1;
    let allocated = allocatedAtCut.get(volume.restoredFrom ?? '') ?? 0;
    let copies = 0;
    let sinceCut = 0;
    let shared = 0;
    for (const layerId of volume.layers) {
      const own = input.ownBytes(layerId);
      const written = own.data + (storage?.newVolumesReadZero === true ? 0 : own.zero);
      allocated = Math.min(volume.sizeBytes, allocated + written);
      sinceCut = Math.min(volume.sizeBytes, sinceCut + written);
      const cuts = cutsByLayer.get(layerId) ?? [];
      for (const cut of cuts) allocatedAtCut.set(cut.id, allocated);
      copies += cuts.length * allocated;
      if (cuts.length === 0) continue;
      shared += sinceCut;
      sinceCut = 0;
    }
    const need = copied * (allocated + copies) + (1 - copied) * (shared + sinceCut);
    byClass.set(volume.storageClass, (byClass.get(volume.storageClass) ?? 0) + Math.ceil(need));
    byVolume.set(volume.id, Math.ceil(copied * allocated + (1 - copied) * sinceCut));
  }
  const volumeById = new Map(input.volumes.map(volume => [volume.id, volume]));
  for (const cut of input.sampled) {
    const volume = volumeById.get(cut.volumeId);
    if (volume === undefined) continue;
    const restored = (input.classOf(volume)?.snapshotCost ?? 1) * (allocatedAtCut.get(cut.id) ?? 0);
    byClass.set(volume.storageClass, (byClass.get(volume.storageClass) ?? 0) + Math.ceil(restored));
  }
  return { byClass, byVolume };
}
