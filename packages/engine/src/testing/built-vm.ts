/** What a VmBuilder has built, as the writer of the folder takes it. */
import { KIB, SECTOR_BYTES } from '../bytes';
import type { DiskContent } from './disk-content';

/** What a disk's base and deltas are made of. */
export type TestDiskFormat = 'hosted-sparse' | 'flat+se-sparse' | 'flat+cowd' | 'flat+hosted';

/** Bytes of a grain of the deltas; also of the base of `hosted-sparse`. */
export const GRAIN_BYTES: Readonly<Record<TestDiskFormat, number>> = {
  'hosted-sparse': 64 * KIB,
  'flat+hosted': 64 * KIB,
  'flat+se-sparse': 4 * KIB,
  'flat+cowd': SECTOR_BYTES,
};

export interface NewDisk {
  readonly format: TestDiskFormat;
  readonly sizeBytes: number;
  /** The first free one of scsi0 when absent. */
  readonly slot?: string;
  /** File name without `.vmdk`; made from the VM's name when absent. */
  readonly stem?: string;
  readonly mode?: 'persistent' | 'independent-persistent';
}

export interface NewSnapshot {
  readonly description?: string;
  readonly createdAtUs?: number;
  readonly quiesced?: boolean;
  readonly memory?: boolean;
}

export interface VmBuilderOptions {
  /** Folder to write into; it is made. */
  readonly folder: string;
  /** File names are made from it; letters, digits and spaces. */
  readonly name: string;
  /** Any characters; `name` when absent. */
  readonly displayName?: string;
  readonly seed?: number;
  readonly encoding?: string;
  readonly newline?: '\n' | '\r\n';
}

/** One VMDK to be. */
export interface BuiltLayer {
  readonly disk: BuiltDisk;
  readonly stem: string;
  readonly parent: BuiltLayer | undefined;
  /** By grain: what was written to this file since it was made. */
  readonly touched: Map<number, 'data' | 'zero'>;
  /** The disk's whole content while this layer runs, and for ever once it froze. */
  readonly content: DiskContent;
  readonly freshCid: string;
}

export interface BuiltDisk {
  readonly key: string;
  readonly format: TestDiskFormat;
  readonly sizeBytes: number;
  readonly stem: string;
  readonly mode: 'persistent' | 'independent-persistent';
  /** Every layer ever made; those that VMware would have deleted are dropped again. */
  readonly layers: BuiltLayer[];
}

export interface BuiltDiskState {
  readonly layer: BuiltLayer;
  readonly slot: string;
}

export interface BuiltSnapshot {
  readonly uid: string;
  readonly name: string;
  readonly parentUid: string | undefined;
  readonly facts: NewSnapshot & { readonly createdAtUs: number };
  readonly disks: ReadonlyMap<string, BuiltDiskState>;
}

/** A built VM: what the builder holds when it is finished. */
export interface BuiltVm {
  readonly options: VmBuilderOptions;
  readonly disks: ReadonlyMap<string, BuiltDisk>;
  readonly snapshots: readonly BuiltSnapshot[];
  readonly current: ReadonlyMap<string, BuiltDiskState>;
  readonly currentUid: string | undefined;
  readonly power: 'off' | 'running';
}

/** What of the configuration is written. */
export interface VmFolderFiles {
  readonly vmx?: 'write' | 'omit';
  readonly vmsd?: 'write' | 'omit';
}
