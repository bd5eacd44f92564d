/**
 * What the operations answer: plain JSON, the same at a terminal, over HTTP and in a page. Times are
 * ISO 8601 strings in UTC, sizes are bytes.
 */

export type LayerFlagView = 'needs migration' | 'migrated' | 'not wanted';
export type MigrationStateView = 'running' | 'paused' | 'failed' | 'migrated' | 'canceled';

export interface SourceView {
  readonly name: string;
  readonly kind: string;
  readonly location: string;
  readonly vms: number | null;
  readonly error: ErrorView | null;
}

export interface TargetView {
  readonly name: string;
  readonly kind: string;
  /** It is taken where none is named. */
  readonly isDefault: boolean;
  /** For people: the cluster, or the machine; never a path or an address. */
  readonly location: string;
  /** Namespaces that it may be opened on; empty where it has none, or takes the one of its kubeconfig. */
  readonly namespaces: readonly string[];
  /** Why it does not answer; then there are no classes. */
  readonly error: ErrorView | null;
  /** Storage classes that it may use. */
  readonly classes: readonly TargetClassView[];
}

export interface TargetClassView {
  readonly name: string;
  readonly isDefault: boolean;
  /** By which rule it is the default. */
  readonly defaultBecause: string | null;
  /** As the target says, before anything was tried. */
  readonly snapshots: {
    readonly how: 'reflink' | 'copy' | 'csi' | 'none';
    /** Why there are none. */
    readonly reason: string | null;
  };
  readonly proof: ClassProofView;
  readonly freeBytes: number | null;
  /** VolumeSnapshots that one volume may have; null: none known. */
  readonly maxSnapshotsPerVolume: number | null;
  /** Restores that stand on one another before the driver begins to copy; null: not known. */
  readonly restoresWithoutCopy: number | null;
  /** What the next write to a volume waits for after a cut. */
  readonly gate: 'readyToUse' | 'creationTime';
  /** Volumes are rounded up to this. */
  readonly sizeStepBytes: number;
  /** What was chosen for its volumes, and why, one sentence each. */
  readonly notes: readonly string[];
}

/** What the probe of a class showed the last time: pattern, cut, overwrite, restore, compare. */
export interface ClassProofView {
  /** `none`: it was not tried yet; the first migration to it does that before it writes. */
  readonly outcome: 'passed' | 'failed' | 'none';
  readonly at: string | null;
  readonly ageMs: number | null;
  /** Of one that passed. */
  readonly snapshotsOutliveVolume: boolean | null;
  readonly writeBytesPerSecond: number | null;
  /** Of one that failed. */
  readonly error: ErrorView | null;
}

export interface VmView {
  readonly source: string;
  readonly id: string;
  readonly name: string;
  readonly location: string;
  /** VMware snapshots that its own list (.vmsd) has; null: not asked for, or no list that can be read. */
  readonly snapshots: number | null;
  readonly migration: { readonly id: string; readonly state: MigrationStateView } | null;
  readonly error: string | null;
}

export interface ErrorView {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly where?: {
    readonly file?: string;
    readonly offsetBytes?: number;
    readonly line?: number;
    readonly object?: string;
  };
}

export interface FindingView {
  readonly id: string;
  readonly kind: string;
  readonly severity: 'blocks' | 'warns' | 'informs';
  readonly object: string;
  readonly cause: string;
  readonly remedy: string;
  readonly acceptable: boolean;
  readonly acceptedBy?: string;
}

export interface ProgressView {
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly bytesPerSecond: number;
  /** Milliseconds; null when the rate is not known yet. */
  readonly etaMs: number | null;
}

export interface MigrationView {
  readonly id: string;
  readonly group: string | null;
  readonly source: string;
  readonly vm: string;
  readonly vmId: string;
  readonly target: string;
  /** The VM in a catalog and its owner there, as entity refs; null where there is no catalog. */
  readonly entity: string | null;
  readonly owner: string | null;
  readonly state: MigrationStateView;
  /** What the user asked for last: run, pause or cancel. */
  readonly wanted: 'run' | 'pause' | 'cancel';
  readonly layers: {
    readonly total: number;
    readonly migrated: number;
    readonly notWanted: number;
  };
  readonly snapshots: { readonly total: number; readonly ready: number };
  readonly progress: ProgressView;
  readonly startedBy: string;
  readonly createdAt: string;
  readonly finishedAt: string | null;
  /** When it begins by itself; null: it has begun, or waits for somebody to resume it. */
  readonly beginsAt: string | null;
  /** First failure, when there is one. */
  readonly error: ErrorView | null;
}

/** Of the migrations that a filter names. */
export interface MigrationCountView {
  readonly total: number;
  readonly byState: Readonly<Record<MigrationStateView, number>>;
}

export interface DiskStatusView {
  readonly diskId: string;
  readonly label: string;
  readonly rootFile: string;
  readonly layers: { readonly total: number; readonly migrated: number };
  readonly progress: ProgressView;
  /** Steps that run or wait now. */
  readonly now: readonly StepView[];
}

export interface StatusView extends MigrationView {
  readonly disks: readonly DiskStatusView[];
  /** Steps of no disk that run or wait now: the proof of a storage class. */
  readonly now: readonly StepView[];
}

export interface StepView {
  readonly id: string;
  readonly kind: string;
  /** What it does, for a person. */
  readonly words: string;
  readonly state:
    'blocked' | 'ready' | 'queued' | 'running' | 'waiting' | 'done' | 'failed' | 'canceled';
  readonly after: readonly string[];
  readonly diskId: string | null;
  readonly weightBytes: number;
  readonly progress: ProgressView | null;
  /** Why it does not go on, and since when; of one that could run: since when it could. */
  readonly waitsFor: string | null;
  readonly waitsSince: string | null;
  readonly worker: string | null;
  readonly attempts: number;
  readonly error: ErrorView | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

/** Who works on what, and why the next ones wait: steps that run, wait or could run, of the migrations that the caller may read. */
export interface QueueView {
  /** All that the filter names, whatever its states and page. */
  readonly counts: Readonly<Record<QueuedStateView, number>>;
  /** Those that run, then those that wait, then the next ones in the order in which they are let in. */
  readonly steps: readonly QueuedStepView[];
}

export type QueuedStateView = 'running' | 'waiting' | 'queued' | 'ready';

export interface QueuedStepView extends Omit<StepView, 'after'> {
  readonly migration: string;
  readonly vm: string;
  readonly source: string;
  readonly target: string;
  readonly storageClass: string;
  /** Label of its disk. */
  readonly disk: string | null;
}

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

export interface EventView {
  readonly id: number;
  readonly at: string;
  readonly migration: string | null;
  readonly step: string | null;
  readonly level: 'info' | 'warning' | 'error';
  readonly kind: string;
  readonly actor: string;
  readonly message: string;
}

export interface DescriptionView {
  readonly migration: StatusView;
  readonly planDigest: string;
  readonly steps: readonly StepView[];
  readonly volumes: readonly {
    readonly name: string;
    readonly disk: string;
    readonly role: 'main' | 'branch';
    readonly storageClass: string;
    readonly sizeBytes: number;
    readonly state: 'planned' | 'there' | 'removed';
    readonly holds: string | null;
  }[];
  readonly findings: readonly FindingView[];
  readonly events: readonly EventView[];
  /** What a person would do next, as a command that can be pasted, and why. */
  readonly next: readonly { readonly command: string; readonly why: string }[];
}

export interface WorkerView {
  readonly id: string;
  readonly surface: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly sources: readonly string[];
  readonly targets: readonly string[];
  readonly startedAt: string;
  readonly silentMs: number;
  readonly steps: number;
}

export interface LimitView {
  readonly scope: string;
  readonly maxRunning: number | null;
  readonly bytesPerSecond: number | null;
  readonly changedBy: string;
  readonly changedAt: string;
}

export interface PlaceView {
  readonly database: string;
  readonly storeId: string;
  readonly schemaVersion: number;
  readonly sources: readonly string[];
  readonly targets: readonly string[];
  readonly workers: number;
  readonly migrations: Readonly<Record<MigrationStateView, number>>;
}

export interface StartedView {
  readonly migration: string;
  readonly vm: string;
  readonly planDigest: string;
  /** `already`: this very plan is migrated or under way, nothing was started. */
  readonly outcome: 'started' | 'already';
  readonly state: MigrationStateView;
}

export interface VerifyView {
  readonly migration: string;
  readonly steps: number;
}

export interface ReportView {
  readonly generatedAt: string;
  readonly storeId: string;
  readonly migration: MigrationView;
  readonly planDigest: string;
  /** Where on the target the volumes are; null where it has no namespaces. */
  readonly namespace: string | null;
  /** Image that the movers of this migration were to run instead of the target's own; absent: that one. */
  readonly moverImage?: string;
  readonly snapshots: readonly {
    readonly id: string;
    readonly name: string;
    readonly description: string;
    readonly createdAt: string | null;
    readonly quiesced: boolean | null;
    readonly memory: boolean;
    readonly parentId: string | null;
    readonly kept: boolean;
    readonly mergedInto: string | null;
    readonly readyAt: string | null;
    readonly disks: readonly {
      readonly disk: string;
      readonly volumeSnapshot: VolumeSnapshotView;
      readonly layers: readonly ReportLayerView[];
      readonly proof: {
        readonly kind: ProofView | null;
        readonly words: string;
        readonly at: string | null;
      };
    }[];
  }[];
  readonly current: readonly {
    readonly disk: string;
    readonly volume: string | null;
    readonly layerFile: string;
    readonly stateDigest: string | null;
  }[];
  readonly findings: readonly FindingView[];
  readonly totals: {
    readonly dataBytes: number;
    readonly zeroBytes: number;
    readonly writtenBytes: number;
    readonly durationMs: number | null;
  };
}

export interface ReportLayerView {
  readonly file: string;
  readonly format: string;
  readonly flag: LayerFlagView;
  readonly manifest: unknown;
  readonly manifestDigest: string;
  readonly dataBytes: number;
  readonly zeroBytes: number;
  readonly writtenBytes: number | null;
  readonly windowsDigest: string | null;
  readonly stateDigest: string | null;
  readonly zerosBy: string | null;
  readonly readBackBy: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

export interface CleanupView {
  readonly orphans: readonly {
    /** `tables`: block digests whose volume is gone. */
    readonly kind: 'volume' | 'volume-snapshot' | 'pod' | 'tables';
    readonly name: string;
    readonly why: string;
    readonly removed: boolean;
  }[];
  /** Objects of other stores, or of migrations that this database does not know: never touched. */
  readonly foreign: number;
  readonly recordsRemoved: number;
}

export interface RecoverView {
  readonly migration: string;
  readonly adopted: number;
  readonly again: number;
  /** Names of VolumeSnapshots that are there and not ready: they are waited for, or named as stuck, by their steps. */
  readonly unready: readonly string[];
  readonly tookOver: number;
}

/** Whether a backend can work; says nothing of what it works on. */
export interface HealthView {
  readonly status: 'ok' | 'unavailable';
  /** Code of the error that keeps it from working. */
  readonly code?: string;
}
