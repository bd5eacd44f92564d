/**
 * A plan as a reader of it needs it. The engine's own Plan is one of these (a test of the engine
 * checks it by type); what only the engine looks at is unknown here, and is handed back whole when a
 * plan is printed or stored.
 */
import type { FindingView } from './views';

export interface PlanView {
  readonly version: 1;
  /** SHA-256 (hex) of what a person agrees to: `start` takes it as `planDigest`. */
  readonly digest: string;
  readonly vm: {
    readonly source: string;
    readonly id: string;
    readonly name: string;
    readonly location: string;
  };
  readonly target: string;
  readonly options: unknown;
  readonly disks: readonly {
    readonly id: string;
    readonly label: string;
    readonly rootFile: string;
    readonly sizeBytes: number;
    readonly storageClass: string;
    /** Why it is left out, when it is. */
    readonly leftOut?: string;
  }[];
  readonly layers: readonly {
    readonly id: string;
    readonly diskId: string;
    readonly parentId?: string;
    readonly file: string;
    readonly format: string;
    readonly sizeBytes: number;
    readonly manifest: unknown;
    readonly manifestDigest: string;
    readonly ownBytes: { readonly data: number; readonly zero: number };
    readonly flag: 'needs-migration' | 'not-wanted';
    readonly reason?: string;
  }[];
  readonly volumes: readonly {
    readonly id: string;
    readonly diskId: string;
    readonly role: 'main' | 'branch';
    readonly name: string;
    readonly storageClass: string;
    readonly sizeBytes: number;
    readonly restoredFrom?: string;
    readonly layers: readonly string[];
    readonly atEnd: 'keep' | 'remove';
  }[];
  readonly volumeSnapshots: readonly {
    readonly id: string;
    readonly name: string;
    readonly diskId: string;
    readonly volumeId: string;
    readonly layerId: string;
    readonly purpose: 'snapshot' | 'fork' | 'current';
    readonly snapshotId?: string;
    readonly stateSizeBytes: number;
  }[];
  readonly snapshots: readonly {
    readonly id: string;
    readonly name: string;
    readonly description: string;
    /** Microseconds since 1970. */
    readonly createdAtUs?: number;
    readonly parentId?: string;
    readonly quiesced?: boolean;
    readonly kept: boolean;
    readonly mergedInto?: string;
    /** What the plan with it needs on the target more than the one without it, the others kept or not as they are; absent for histories that are too long to be planned for each. */
    readonly costBytes?: number;
    /** The same of the upper ends of their estimates; absent where the history has more than 32 snapshots. */
    readonly costMs?: number;
    readonly volumeSnapshotIds: readonly string[];
  }[];
  readonly current: unknown;
  readonly steps: readonly {
    readonly id: string;
    readonly kind: string;
    readonly after: readonly string[];
    readonly priority: number;
    readonly diskId?: string;
    readonly volumeId?: string;
    readonly layerId?: string;
    readonly volumeSnapshotId?: string;
    readonly storageClass: string;
    readonly weightBytes: number;
  }[];
  readonly findings: readonly FindingView[];
  readonly totals: {
    readonly layers: number;
    readonly volumes: number;
    readonly volumeSnapshots: number;
    readonly dataBytes: number;
    readonly zeroBytes: number;
    readonly space: readonly {
      readonly storageClass: string;
      readonly neededBytes: number;
      readonly freeBytes?: number;
    }[];
    readonly estimateMs?: { readonly low: number; readonly high: number; readonly basis: string };
  };
  /**
   * What other lengths of the kept history would cost: the figures of the plans that keep the newest
   * 0, 1, 2 ... all snapshots, everything else as asked for; of more than 32 snapshots some lengths,
   * evenly spread, none and all among them. Absent in plans that older programs made.
   */
  readonly keepCosts?: readonly KeepCostView[];
  /** The VM's history as it was loaded. */
  readonly tree: unknown;
}

export interface KeepCostView {
  /** So many are kept, the newest. */
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
