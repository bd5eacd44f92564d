/** A history and what became of it: the tree, layers, snapshots, objects on the target. */
import type { LayerFlagView, MigrationView, StepView } from './migrations';
import type { FindingView } from './trouble';

export interface LayerView {
  readonly migration: string;
  readonly vm: string;
  readonly disk: string;
  readonly id: string;
  readonly file: string;
  readonly format: string;
  readonly parentId: string | null;
  readonly sizeBytes: number;
  readonly dataBytes: number;
  readonly zeroBytes: number;
  readonly flag: LayerFlagView;
  readonly reason: string | null;
  readonly stepState: string | null;
  readonly bytesDone: number;
  readonly waitsFor: string | null;
  readonly migratedAt: string | null;
  readonly goneAtSource: boolean;
}

export type ProofView = 'volume' | 'sampled' | 'full';

export interface VolumeSnapshotView {
  readonly id: string;
  readonly disk: string;
  readonly name: string;
  readonly purpose: 'snapshot' | 'fork' | 'current';
  readonly state: 'planned' | 'ready' | 'removed';
  readonly handle: string | null;
  readonly layerFile: string;
  readonly stateSizeBytes: number;
  readonly stateDigest: string | null;
  readonly volumeDigest: string | null;
  readonly proof: ProofView | null;
  readonly readyAt: string | null;
  readonly provedAt: string | null;
}

export interface SnapshotView {
  readonly migration: string;
  readonly vm: string;
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly createdAt: string | null;
  readonly quiesced: boolean | null;
  readonly parentId: string | null;
  readonly kept: boolean;
  readonly mergedInto: string | null;
  readonly ready: boolean;
  readonly readyAt: string | null;
  readonly volumeSnapshots: readonly VolumeSnapshotView[];
}

/** A volume or VolumeSnapshot of a migration, by the name that it has on the target. */
export interface ObjectView {
  readonly migration: string;
  readonly vm: string;
  readonly target: string;
  readonly kind: 'volume' | 'volume-snapshot';
  readonly name: string;
  /** Label of its disk. */
  readonly disk: string;
  /**
   * Of a volume: `main` holds the disk's current state at the end, `branch` a side branch for a while.
   * Of a VolumeSnapshot: for a VMware `snapshot`, the `current` state, or a working one at a `fork`.
   */
  readonly purpose: 'main' | 'branch' | 'snapshot' | 'current' | 'fork';
  /** Name of the VMware snapshot that it was cut for. */
  readonly snapshot: string | null;
  /** `planned`: nobody began to make it; `begun`: somebody did, and it may be on the target. */
  readonly state: 'planned' | 'begun' | 'there' | 'removed';
}

/** One point of the history: a VMware snapshot, or the current state. Parents before children, siblings by time. */
export interface TreeNodeView {
  /** Snapshot id; `current` for "you are here". */
  readonly id: string;
  readonly parentId: string | null;
  readonly name: string;
  readonly description: string;
  readonly createdAt: string | null;
  readonly quiesced: boolean | null;
  readonly memory: boolean;
  readonly kept: boolean;
  readonly mergedInto: string | null;
  readonly disks: readonly TreeDiskView[];
}

export interface TreeDiskView {
  readonly disk: string;
  readonly layerFile: string;
  readonly format: string;
  /** Own bytes of the layer; null before anybody walked its tables. */
  readonly dataBytes: number | null;
  readonly zeroBytes: number | null;
  readonly flag: LayerFlagView | null;
  /** needs migration, waiting, copying 42 %, migrated, cut, proved, failed... for a person. */
  readonly state: string;
  readonly stage: TreeStageView;
  /** The first step of this point of this disk that is not done: it copies, waits, failed, or comes next. */
  readonly step: TreeStepView | null;
  readonly volumeSnapshot: VolumeSnapshotView | null;
}

/**
 * How far one disk is at one point of the history.
 *
 *  - `not-migrated`: there is no migration; `unreadable`: and this layer cannot be read (in use, missing)
 *  - `not-wanted`: its layer is not carried, `state` says why
 *  - `needs-migration`: something else must be done first; `waiting`: it could go on, `step` says what it waits for
 *  - `copying`: bytes move; `failed`: `step` has the error
 *  - `migrated`: its bytes are on the volume, flushed and compared; no VolumeSnapshot yet, or none is wanted
 *  - `cut`: its VolumeSnapshot is taken, and cannot be restored from yet
 *  - `ready`: it can; `proved`: and a restore of it was compared; `removed`: it was, and is no more
 */
export type TreeStageView =
  | 'not-migrated'
  | 'unreadable'
  | 'not-wanted'
  | 'needs-migration'
  | 'waiting'
  | 'copying'
  | 'failed'
  | 'migrated'
  | 'cut'
  | 'ready'
  | 'proved'
  | 'removed';

export type TreeStepView = Pick<
  StepView,
  | 'id'
  | 'kind'
  | 'words'
  | 'state'
  | 'progress'
  | 'waitsFor'
  | 'waitsSince'
  | 'worker'
  | 'attempts'
  | 'error'
>;

export interface TreeView {
  readonly source: string;
  readonly vm: string;
  readonly vmId: string;
  readonly location: string;
  readonly power: string;
  readonly migration: MigrationView | null;
  readonly nodes: readonly TreeNodeView[];
  readonly disks: readonly {
    readonly id: string;
    readonly label: string;
    readonly rootFile: string;
    readonly sizeBytes: number;
  }[];
  readonly findings: readonly FindingView[];
}
