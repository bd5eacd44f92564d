/**
 * The contract of this folder: a Plan says, before anything is written, every step that carries one
 * VM's snapshot history over, in which order, what it costs, and what is lost by it.
 *
 * Plain JSON, built by a pure function (build-plan.ts) from a SnapshotTree, options and the target's
 * capabilities; the same input gives the same plan, byte for byte.
 */
import type { LayerManifest } from '../formats/layer';
import type { DiskState, Finding, SnapshotTree } from '../sources/snapshot-tree';

export interface Plan {
  readonly version: 1;
  /** SHA-256 (hex) over tree, manifests, options and findings: what a person agreed to. */
  readonly digest: string;
  readonly vm: {
    readonly source: string;
    readonly id: string;
    readonly name: string;
    readonly location: string;
  };
  /** Configured name of the target. */
  readonly target: string;
  readonly options: PlanOptions;
  readonly disks: readonly PlannedDisk[];
  readonly layers: readonly PlannedLayer[];
  readonly volumes: readonly PlannedVolume[];
  readonly volumeSnapshots: readonly PlannedVolumeSnapshot[];
  readonly snapshots: readonly PlannedSnapshot[];
  readonly current: { readonly snapshotId?: string; readonly disks: readonly DiskState[] };
  /** Parents before children. */
  readonly steps: readonly PlannedStep[];
  readonly findings: readonly Finding[];
  readonly totals: PlanTotals;
  /** What other lengths of the kept history would cost, the shortest first (keep-costs.ts); absent in plans that older programs made. */
  readonly keepCosts?: readonly KeepCost[];
  /** As loaded; the report and `bundle` replay it. */
  readonly tree: SnapshotTree;
}

export interface PlanOptions {
  /** Disk ids or labels to leave out. */
  readonly leaveOutDisks: readonly string[];
  readonly keep: KeepRule;
  /** One class for all volumes; absent: chosen by rule (choose-storage-class.ts). */
  readonly storageClass?: string;
  /** Disk id or label -> class; overrides the common one. */
  readonly storageClassByDisk: Readonly<Record<string, string>>;
  /** Prefix of all object names; absent: made from the VM's name. */
  readonly namePrefix?: string;
  /** Image of the movers where those are pods; absent: the target's own. */
  readonly moverImage?: string;
  /** Cut the current state as well. */
  readonly cutCurrent: 'always' | 'when-the-target-asks';
  /** Random windows read back from a restore of the newest point of each disk; 0 = none. */
  readonly sampleWindows: number;
}

export type KeepRule =
  | { readonly rule: 'all' }
  | { readonly rule: 'newest'; readonly count: number }
  | { readonly rule: 'names'; readonly names: readonly string[] }
  /** Snapshots younger than this at `nowUs`. */
  | { readonly rule: 'age'; readonly maxAgeMs: number; readonly nowUs: number };

export interface PlannedDisk {
  readonly id: string;
  readonly label: string;
  readonly rootFile: string;
  readonly sizeBytes: number;
  readonly storageClass: string;
  /** Set when the disk is left out. */
  readonly leftOut?: string;
}

export interface PlannedLayer {
  readonly id: string;
  readonly diskId: string;
  readonly parentId?: string;
  readonly file: string;
  readonly format: string;
  readonly sizeBytes: number;
  readonly manifest: LayerManifest;
  readonly manifestDigest: string;
  readonly ownBytes: { readonly data: number; readonly zero: number };
  /** `needs-migration`, or `not-wanted` with the reason (left out, cannot be read, no kept state needs it). */
  readonly flag: 'needs-migration' | 'not-wanted';
  readonly reason?: string;
}

export interface PlannedVolume {
  /** `<diskId>-main`, `<diskId>-<first delta's layer id>`. */
  readonly id: string;
  readonly diskId: string;
  readonly role: 'main' | 'branch';
  /** DNS label, at most 55 characters (a generation suffix follows). */
  readonly name: string;
  readonly storageClass: string;
  readonly sizeBytes: number;
  /** VolumeSnapshot it is restored from; absent: it starts empty. */
  readonly restoredFrom?: string;
  /** Layers applied to it, in order. */
  readonly layers: readonly string[];
  /** `remove`: it goes when its VolumeSnapshots are ready and verified. */
  readonly atEnd: 'keep' | 'remove';
}

export interface PlannedVolumeSnapshot {
  readonly id: string;
  readonly name: string;
  readonly diskId: string;
  readonly volumeId: string;
  readonly layerId: string;
  /** `snapshot`: a kept VMware snapshot. `fork`: needed to restore a branch, removed at the end. `current`: the present state. */
  readonly purpose: 'snapshot' | 'fork' | 'current';
  /** For `snapshot`: which. */
  readonly snapshotId?: string;
  /** Capacity of the disk in this state; its digest covers exactly this. */
  readonly stateSizeBytes: number;
}

export interface PlannedSnapshot {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly createdAtUs?: number;
  readonly parentId?: string;
  readonly quiesced?: boolean;
  readonly kept: boolean;
  /** Not kept: the state that its changes end up in (a snapshot id, or `current`). */
  readonly mergedInto?: string;
  /** What the plan with it needs on the target more than the one without it, the others kept or not as they are; absent for histories that are too long to be planned for each. */
  readonly costBytes?: number;
  /** The same of the upper ends of their estimates; absent where the history has more than 32 snapshots. */
  readonly costMs?: number;
  /** One per disk that it covers and that is not left out. */
  readonly volumeSnapshotIds: readonly string[];
}

export type StepKindName =
  | 'proveClass'
  | 'createVolume'
  | 'restoreVolume'
  | 'applyLayer'
  | 'takeSnapshot'
  /** Only of classes whose next layer does not wait for readiness (StorageClass.gate). */
  | 'awaitSnapshot'
  | 'sampleSnapshot'
  | 'removeVolume'
  | 'removeVolumeSnapshot'
  | 'verifySnapshot';

/** One node of the DAG. `id` is stable across re-planning: it is made of what the step does. */
export interface PlannedStep {
  readonly id: string;
  readonly kind: StepKindName;
  /** Steps that must be done first. */
  readonly after: readonly string[];
  /** Lower runs first: main volumes 0, branches 10, sampling 20, clean-up 30. */
  readonly priority: number;
  readonly diskId?: string;
  readonly volumeId?: string;
  readonly layerId?: string;
  readonly volumeSnapshotId?: string;
  readonly storageClass: string;
  /** Bytes to write or read; 0 for steps that move none. */
  readonly weightBytes: number;
}

export interface PlanTotals {
  readonly layers: number;
  readonly volumes: number;
  readonly volumeSnapshots: number;
  readonly dataBytes: number;
  readonly zeroBytes: number;
  /** Per storage class: what the plan needs at its highest, and what is free now. */
  readonly space: readonly {
    readonly storageClass: string;
    readonly neededBytes: number;
    readonly freeBytes?: number;
  }[];
  /** Seconds, from the probe's measured rate or a stated default; absent when nothing is known. */
  readonly estimateMs?: { readonly low: number; readonly high: number; readonly basis: string };
}

/** What keeping one snapshot adds to the plan, the others being kept or not as they are. */
export interface SnapshotCost {
  /** On the target, at its highest, over all classes; 0 also where the plan would need less with it. */
  readonly bytes: number;
  /** By the upper ends of the two plans' estimates; absent for histories too long for so many plans. */
  readonly ms?: number;
}

/** The figures of the plan that keeps the newest `count` snapshots. */
export interface KeepCost {
  readonly count: number;
  /** The oldest of them, and the own bytes of all layers whose changes end up in its state. Absent: none is kept. */
  readonly oldest?: { readonly snapshotId: string; readonly ownBytes: number };
  /** Own bytes, data and zeros, of the layers that are applied. */
  readonly copiedBytes: number;
  /** On the target, over all classes, at its highest. */
  readonly neededBytes: number;
  readonly volumeSnapshots: number;
  readonly estimateMs?: { readonly low: number; readonly high: number };
}
