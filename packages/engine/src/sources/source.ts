/**
 * The contract of this folder: where VMs come from.
 */
import type { Layer } from '../formats/layer';
import type { SnapshotTree } from './snapshot-tree';

export interface Source {
  /** The configured name. */
  readonly name: string;
  readonly kind: string;

  /** VMs that this source can see. A VM that cannot be understood is listed with its error, not left out. */
  listVms(): Promise<readonly VmSummary[]>;

  /** @throws EngineError VM_NOT_FOUND, VM_INVALID */
  loadTree(vmId: string): Promise<SnapshotTree>;

  /** Opens one layer of a tree by LayerNode.file. The caller closes it. */
  openLayer(vmId: string, file: string): Promise<Layer>;

  /** Plain data from which a mover, in another process, opens the same layers (openSource). No secrets. */
  address(vmId: string): SourceAddress;
}

export interface VmSummary {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  readonly error?: string;
}

/** Where a mover finds a VM's files. `kind` chooses the source. */
export type SourceAddress = VmDirectoryAddress;

export interface VmDirectoryAddress {
  readonly kind: 'vm-directory';
  /** Absolute path of the VM's folder. */
  readonly folder: string;
  /** Further folders that parents may lie in (linked clones), absolute. */
  readonly roots: readonly string[];
  /** Absolute prefixes as VMware writes them (`/vmfs/volumes/<uuid>`) -> folder here. */
  readonly datastores: Readonly<Record<string, string>>;
}
