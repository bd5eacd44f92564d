/** Where things are: sources and their VMs, targets and their classes, workers, limits. */
import type { MigrationStateView } from './migrations';
import type { ErrorView } from './trouble';

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

/** Whether a backend can work; says nothing of what it works on. */
export interface HealthView {
  readonly status: 'ok' | 'unavailable';
  /** Code of the error that keeps it from working. */
  readonly code?: string;
}
