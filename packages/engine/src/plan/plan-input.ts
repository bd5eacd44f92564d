import type { SnapshotTree } from '../sources/snapshot-tree';
import type { TargetCapabilities } from '../targets/target';
import type { PlanOptions } from './plan';
import type { OwnBytes } from './space';

/** Everything that a plan depends on. */
export interface PlanInput {
  readonly tree: SnapshotTree;
  readonly options: PlanOptions;
  /** Configured names. */
  readonly source: string;
  readonly target: string;
  readonly capabilities: TargetCapabilities;
  /** What earlier probes found, by storage class; a class that was never probed has no entry. */
  readonly probes?: Readonly<Record<string, ClassProbe>>;
  /** Counted from the grain tables, by layer id; LayerNode.ownBytes is taken where there is no entry. */
  readonly ownBytes?: Readonly<Record<string, OwnBytes>>;
  /** The target wants a VolumeSnapshot of the present state (options.cutCurrent `when-the-target-asks`). */
  readonly targetAsksForCurrent?: boolean;
  /** Names of volumes and VolumeSnapshots that stand on the target since a migration of this VM was given up, with its id; null: this person may not read it. */
  readonly takenNames?: ReadonlyMap<string, string | null>;
  /** Where the engine pushes the layers: what all of them share. */
  readonly pushedBytesPerSecond?: number;
}

export interface ClassProbe {
  readonly snapshotsOutliveVolume?: boolean;
  /** Measured with one writer. */
  readonly writeBytesPerSecond?: number;
}
