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

  /**
   * As ensureVolumeSnapshot, and answers when the VolumeSnapshot is cut: what is written to the
   * volume from then on does not change it any more. Only of a class whose `gate` is `creationTime`.
   * Absent: a target whose VolumeSnapshots are ready when they are cut.
   */
  ensureVolumeSnapshotCut?(spec: VolumeSnapshotSpec): Promise<CutVolumeSnapshot | Pending>;

  /**
   * Removes a volume or VolumeSnapshot of this store; gone already is fine. With `ofMigrations` one of
   * any other migration is left: whoever came later may have an object of the same name.
   */
  remove(
    kind: 'volume' | 'volume-snapshot',
    name: string,
    storeId: string,
    ofMigrations?: ReadonlySet<string>,
  ): Promise<void | Pending>;

  /** All volumes and ready VolumeSnapshots that carry a mark, of any store. For recover, cleanup and doctor. */
  inventory(): Promise<Inventory>;

  /**
   * Whatever else of ours stands there, of any store: VolumeSnapshots that are not ready, and what
   * belongs to volumes. Absent: this target has nothing of the kind.
   */
  leftovers?(): Promise<readonly Leftover[]>;

  /** Removes exactly that object; gone already, or replaced by another of its name, is fine. */
  removeLeftover?(leftover: Leftover): Promise<void | Pending>;

  /**
   * Tells people at the target what happens to a volume. Returns at once, never throws; may be
   * dropped. Absent: nobody looks there.
   */
  tell?(happening: Happening): void;

  /** How the bytes of a source come to movers that cannot read it themselves; `undefined`: they can. Absent: they run where the engine does. */
  pushes?(source: ApplyOrder['source']): Pushing | undefined;

  /**
   * Whether it answers, as of a minute ago at most. Absent: there is nobody to ask.
   * @throws EngineError CLUSTER_UNREACHABLE, CLUSTER_FORBIDDEN, CONFIG_INVALID
   */
  reach?(): Promise<void>;

  /**
   * What runs orders on these volumes. `volume.address` and `tables` paths in orders are this
   * mover's. @param image of its pods; absent: the configured one. Of no meaning where there are none.
   */
  mover(image?: string): Mover;
}

/** The engine reads, and sends to the mover. */
export interface Pushing {
  /** A sentence for the plan. */
  readonly how: string;
  /** What all pushed layers of one worker share; not measured here, but documented. */
  readonly bytesPerSecond: number;
}

export interface TargetCapabilities {
  readonly classes: readonly StorageClass[];
  /** Class by source datastore or storage policy, as the administrator said; names as the source has them. */
  readonly classMap?: Readonly<Record<string, string>>;
  /** What runs VMs there; absent: nothing, the volumes are only kept. */
  readonly guestsRunOn?: 'kubevirt';
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
  /** A mover may rest on a volume of this class, attached, while it is cut: it serves the volume's layers in turn. */
  readonly moversRest?: boolean;
  /** Bytes free now; `undefined` when the target cannot tell. */
  readonly freeBytes: number | undefined;
  /** Space that a VolumeSnapshot takes at once, as a part of the volume's allocated bytes: 0 for reflinks, 1 for copies. */
  readonly snapshotCost: number;
  readonly maxSnapshotsPerVolume?: number;
  /**
   * What the next write to a volume waits for after a cut: the VolumeSnapshot's readiness, or, of
   * drivers known to cut before they answer, its time of creation. Absent: readiness.
   */
  readonly gate?: 'readyToUse' | 'creationTime';
  /**
   * Restores that stand on one another before the driver begins to copy: 1 = a restore of a
   * VolumeSnapshot of a volume that was never restored. Absent: not known.
   */
  readonly restoresWithoutCopy?: { readonly depth: number; readonly why: string };
  /** A restore has exactly the size of what it is restored from; absent: it may be larger. */
  readonly restoresExactSize?: boolean;
  /** A restore has the mode of the volume that was cut. Absent: the target knows one only. */
  readonly volumeMode?: 'Block' | 'Filesystem';
  /** Which classes' VolumeSnapshots can be restored to it, e.g. those of its driver. Absent: its own only. */
  readonly restoreGroup?: string;
  /** `default virtualization class` and the like: by which rule it is the default. */
  readonly defaultBecause?: string;
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

/** Cut, and perhaps not to be restored from yet. */
export interface CutVolumeSnapshot {
  readonly name: string;
  readonly handle: string;
  readonly storageClass: string;
  readonly createdAt: string;
}

/** An object of ours that is neither a volume nor a VolumeSnapshot that can be restored from. */
export interface Leftover {
  readonly kind: 'volume-snapshot' | 'pod' | 'tables';
  readonly name: string;
  /** Absent where the object does not say it. */
  readonly storeId: string | undefined;
  readonly migrationId: string;
  /** What it is, or why it is not ready; for people. */
  readonly state: string;
  /** Of a VolumeSnapshot: what it was asked for with. */
  readonly spec?: VolumeSnapshotSpec;
  /** Names the very object to the target. */
  readonly id: string;
}

export interface Happening {
  readonly volume: string;
  readonly type: 'Normal' | 'Warning';
  /** One word in CamelCase, for programs. */
  readonly reason: string;
  readonly message: string;
}

export interface Inventory {
  readonly volumes: readonly Volume[];
  readonly volumeSnapshots: readonly VolumeSnapshot[];
}

export function isPending(answer: object | void): answer is Pending {
  return typeof answer === 'object' && 'pending' in answer;
}
