/**
 * The contract of this folder: where volumes and VolumeSnapshots are made. Every call is safe to
 * repeat. Names are chosen by the caller and deterministic; a target refuses an object of another
 * store (VOLUME_FOREIGN) and never touches it.
 */
import type { ApplyOrder, Mover, VolumeAddress, VolumeMark } from '../mover/mover';

export interface Target {
  /** The configured name. */
  readonly name: string;
  readonly kind: string;

  capabilities(): Promise<TargetCapabilities>;

  /** A new volume that reads as zeros where the class says so; its mark is `empty`. */
  ensureVolume(spec: VolumeSpec): Promise<Volume | Pending>;

  /** A new volume with the content of a VolumeSnapshot; its mark is `holds` that snapshot's layer. */
  ensureVolumeFrom(spec: VolumeSpec, from: string): Promise<Volume | Pending>;

  /** The volume as found on the target, with its mark; `undefined` when there is none of that name. */
  findVolume(name: string): Promise<Volume | undefined>;

  /** Replaces the mark if the present one equals `expected` (fields compared); VOLUME_UNEXPECTED otherwise. */
  mark(volume: string, expected: VolumeMark, next: VolumeMark): Promise<void>;

  /** Cuts the volume as it stands: it must be marked `holds` spec.layerId. */
  ensureVolumeSnapshot(spec: VolumeSnapshotSpec): Promise<VolumeSnapshot | Pending>;

  /** Removes a volume or VolumeSnapshot of this store; gone already is fine. */
  remove(
    kind: 'volume' | 'volume-snapshot',
    name: string,
    storeId: string,
  ): Promise<void | Pending>;

  /** All volumes and VolumeSnapshots that carry a mark, of any store. For recover, cleanup and doctor. */
  inventory(): Promise<Inventory>;

  /** Why this target's movers cannot read from there; `undefined`: they can. Absent: they run where the engine does. */
  whyOutOfReach?(source: ApplyOrder['source']): string | undefined;

  /**
   * Whether it answers, as of a minute ago at most. Absent: there is nobody to ask.
   * @throws EngineError CLUSTER_UNREACHABLE, CLUSTER_FORBIDDEN, CONFIG_INVALID
   */
  reach?(): Promise<void>;

  /** What runs orders on these volumes. `volume.address` and `tables` paths in orders are this mover's. */
  mover(): Mover;
}

export interface TargetCapabilities {
  readonly classes: readonly StorageClass[];
}

export interface StorageClass {
  readonly name: string;
  readonly isDefault: boolean;
  /** Declared; the probe proves it. `none` with the reason. */
  readonly snapshots:
    | { readonly how: 'reflink' | 'copy' | 'csi' }
    | { readonly how: 'none'; readonly reason: string };
  /** New volumes read as zeros, so zero extents of a base need no write. */
  readonly newVolumesReadZero: boolean;
  /** Bytes free now; `undefined` when the target cannot tell. */
  readonly freeBytes: number | undefined;
  /** Space that a VolumeSnapshot takes at once, as a part of the volume's allocated bytes: 0 for reflinks, 1 for copies. */
  readonly snapshotCost: number;
  readonly maxSnapshotsPerVolume?: number;
  /** Volumes are rounded up to this. */
  readonly sizeStepBytes: number;
  /** What was chosen for volumes of this class, and why, one sentence each; for people. */
  readonly notes?: readonly string[];
}

/** A call that could not finish at once: ask again after `retryMs`. */
export interface Pending {
  readonly pending: true;
  readonly retryMs: number;
  readonly reason: string;
}

export interface Origin {
  readonly vmId: string;
  readonly vmName: string;
  readonly diskId: string;
  readonly diskLabel: string;
}

export interface VolumeSpec {
  /** DNS label, at most 63 characters. */
  readonly name: string;
  readonly storageClass: string;
  readonly sizeBytes: number;
  readonly mark: VolumeMark;
  readonly origin: Origin;
}

export interface Volume {
  readonly name: string;
  readonly storageClass: string;
  readonly sizeBytes: number;
  readonly mark: VolumeMark;
  /** What a mover order takes. */
  readonly address: VolumeAddress;
  /** Folder for block tables of this volume's states, as the mover sees it. */
  readonly tablesPath: string;
}

export interface VolumeSnapshotSpec {
  readonly name: string;
  readonly volume: string;
  readonly layerId: string;
  /** Fields that must agree for an existing VolumeSnapshot to be adopted. */
  readonly storeId: string;
  readonly migrationId: string;
  readonly manifestDigest: string;
  /** windowsDigest of the receipt. */
  readonly receiptDigest: string;
  readonly stateSizeBytes: number;
  readonly stateDigest: string;
  /** Block table to keep with it (path as in the receipt); copied or referenced. */
  readonly table?: { readonly path: string; readonly sha256: string };
  readonly origin: Origin;
  /** Where it comes from, for people and for recovery: absent for a working VolumeSnapshot. */
  readonly vmwareSnapshot?: {
    readonly id: string;
    readonly name: string;
    readonly description: string;
    readonly createdAtUs?: number;
    readonly parentId?: string;
  };
}

export interface VolumeSnapshot {
  readonly name: string;
  /** Names it outside of the target: a path, a CSI handle. */
  readonly handle: string;
  readonly storageClass: string;
  readonly spec: VolumeSnapshotSpec;
  readonly sizeBytes: number;
  /** Where a mover can read it directly; `undefined` when it must be restored first. */
  readonly address: VolumeAddress | undefined;
  readonly tablePath?: string;
  readonly createdAt: string;
  readonly ready: true;
}

export interface Inventory {
  readonly volumes: readonly Volume[];
  readonly volumeSnapshots: readonly VolumeSnapshot[];
}

export function isPending(answer: object | void): answer is Pending {
  return typeof answer === 'object' && 'pending' in answer;
}
