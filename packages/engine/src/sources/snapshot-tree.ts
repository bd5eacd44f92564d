/**
 * The snapshot history of one VM as plain data: what a Source finds and a Plan is built from.
 * JSON-serialisable; no file is open behind it. Parents stand before children in every list.
 *
 * VMware: the file that a snapshot names is the one that was running when the snapshot was taken;
 * it froze then. A delta belongs to the interval between its parent's snapshot and its own.
 */
import type { LayerFormat, LayerManifest } from '../formats/layer';

export interface SnapshotTree {
  readonly vm: VmFacts;
  readonly disks: readonly Disk[];
  /** Parents before children, siblings by time. */
  readonly snapshots: readonly Snapshot[];
  readonly current: CurrentState;
  /** What the source noticed; the plan adds its own. */
  readonly findings: readonly Finding[];
}

export interface VmFacts {
  /** Stable inside its source: 16 hex digits made from where the VM is, not from its name. */
  readonly id: string;
  /** VMware's display name, any characters: escape when printing, never a file name. */
  readonly name: string;
  /** Where its configuration is, for people. */
  readonly location: string;
  readonly biosUuid?: string;
  readonly guestOs?: string;
  readonly firmware?: 'bios' | 'efi';
  readonly cpus?: number;
  readonly memoryMib?: number;
  readonly networks?: readonly {
    readonly name: string;
    /** `vmxnet3`, `e1000`, ...; absent: what VMware takes for the guest. */
    readonly adapter?: string;
    readonly mac?: string;
  }[];
  /** As it is now. Of an older state only DiskState.slot is known: the rest stands in its .vmsn. */
  readonly hardware?: Hardware;
  /** SHA-256 of .vmx and .vmsd as read; part of the plan's digest. */
  readonly configDigests: Readonly<Record<string, string>>;
}

/** What a guest's drivers are for, in VMware's words. */
export interface Hardware {
  /** Kind of each controller that disks hang on, by name: `scsi0` -> `pvscsi`, `ide0` -> `ide`. */
  readonly controllers: Readonly<Record<string, string>>;
  readonly secureBoot: boolean;
  /** Virtual TPM: its state is on no disk. */
  readonly vtpm: boolean;
}

/** A virtual disk: a tree of layers, identified by the root file of its chain, never by its controller slot. */
export interface Disk {
  /** 12 hex digits made from the VM's id and the root file. */
  readonly id: string;
  /** For people: the slot where it is now or was last, e.g. `scsi0:0`. */
  readonly label: string;
  readonly rootFile: string;
  /** Where its root file lies, as the source calls it: `ds1`, or the uuid in `/vmfs/volumes/<uuid>`. */
  readonly datastore?: string;
  /** Name of its storage policy, where the source knows of such. */
  readonly storagePolicy?: string;
  /** Largest capacity of any of its layers. */
  readonly sizeBytes: number;
  readonly layers: readonly LayerNode[];
}

export interface LayerNode {
  /** 12 hex digits made from the VM's id and the layer's file. */
  readonly id: string;
  readonly diskId: string;
  readonly parentId?: string;
  /** As the source names it: inside the VM's folder a relative path, else absolute. What openLayer takes. */
  readonly file: string;
  readonly format: LayerFormat;
  readonly sizeBytes: number;
  readonly manifest: LayerManifest;
  /** `frozen`: may be read. Else why not; such a layer is in the tree but is not applied. */
  readonly access: 'frozen' | 'running' | 'suspended' | 'unclean' | 'missing' | 'unsupported';
  /** Bytes that this layer itself states as data and as zero; absent until somebody walked its tables. */
  readonly ownBytes?: { readonly data: number; readonly zero: number };
  /** Set when the file lies outside the VM's own folder (a linked clone's base). */
  readonly shared?: boolean;
}

export interface Snapshot {
  /** The uid of the .vmsd as a string, or `file-…` for history without a .vmsd. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** Microseconds since 1970 UTC. */
  readonly createdAtUs?: number;
  readonly quiesced?: boolean;
  /** Memory state exists at the source; it is never carried over. */
  readonly memory: boolean;
  readonly parentId?: string;
  readonly disks: readonly DiskState[];
}

/** Which layer holds a disk's state at a snapshot or now. */
export interface DiskState {
  readonly diskId: string;
  readonly layerId: string;
  /** Controller slot at that time, e.g. `scsi0:0`. */
  readonly slot: string;
}

export interface CurrentState {
  /** The snapshot that "you are here" hangs on. */
  readonly snapshotId?: string;
  readonly power: 'off' | 'running' | 'suspended' | 'unclean';
  readonly disks: readonly DiskState[];
}

export type Severity = 'blocks' | 'warns' | 'informs';

/** Something the user must know before a migration starts. History is never dropped without one. */
export interface Finding {
  /** Stable for the same matter: `<kind>:<object>`, e.g. `memory-not-carried:3`. What --accept takes. */
  readonly id: string;
  readonly kind: string;
  readonly severity: Severity;
  /** What it is about, for people: a file, a snapshot's name, a disk. */
  readonly object: string;
  readonly cause: string;
  readonly remedy: string;
  /** A blocking finding that a person may accept by id; others must be mended. */
  readonly acceptable: boolean;
}
