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

  /**
   * Snapshots in the VM's own list, without a look at its disks; null: there is no list, or none that can be read.
   * Absent: nobody knows them before loadTree.
   * @throws EngineError VM_NOT_FOUND, SOURCE_…
   */
  countSnapshots?(vmId: string): Promise<number | null>;

  /** @throws EngineError VM_NOT_FOUND, VM_INVALID */
  loadTree(vmId: string): Promise<SnapshotTree>;

  /** Opens one layer of a tree by LayerNode.file. The caller closes it. */
  openLayer(vmId: string, file: string): Promise<Layer>;

  /**
   * Plain data from which a mover, in another process, opens the same layers (openSource). No secrets.
   * @throws EngineError VM_NOT_FOUND
   */
  address(vmId: string): Promise<SourceAddress>;
}

export interface VmSummary {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  readonly error?: string;
}

/** Where a mover finds a VM's files. `kind` chooses the source. */
export type SourceAddress = VmDirectoryAddress | VmHttpsAddress;

export interface VmDirectoryAddress {
  readonly kind: 'vm-directory';
  /** Absolute path of the VM's folder. */
  readonly folder: string;
  /** Further folders that parents may lie in (linked clones), absolute. */
  readonly roots: readonly string[];
  /** Absolute prefixes as VMware writes them (`/vmfs/volumes/<uuid>`) -> folder here. */
  readonly datastores: Readonly<Record<string, string>>;
  /** How a pod comes to the first of `roots`, mounted there at the same path. Absent: it does not. */
  readonly pods?: FolderInPods;
}

/** Where pods in a cluster find a folder that this machine has mounted. */
export type FolderInPods =
  | {
      /** Name of a PVC in the target's namespace. */
      readonly persistentVolumeClaim: string;
      /** Folder inside of it; absent: its root. */
      readonly path?: string;
    }
  | { readonly nfs: { readonly server: string; readonly path: string } }
  /** A folder of the node: no restricted namespace admits it. */
  | { readonly hostPath: string };

export interface VmHttpsAddress extends ServerAddress {
  readonly kind: 'vm-https';
  /** Name of the VM's folder: server and path, not percent-encoded; inside `url`. */
  readonly folder: string;
}

/** How a server is reached, and what of it may be read. */
export interface ServerAddress {
  /** The folder with the VMs, percent-encoded, without credentials; a query is sent with every request. */
  readonly url: string;
  /** Prefixes as VMware writes them -> folder inside `url`, named as VmHttpsAddress.folder is. */
  readonly datastores: Readonly<Record<string, string>>;
  /** Certificates (PEM) that the server's own must lead to, instead of those that Node brings. */
  readonly caPem?: string;
  /** Where whoever connects finds the credentials; they themselves are never part of an address. */
  readonly credentials?: CredentialsReference;
  /** Addresses and CIDR blocks that may be connected to although they are of this machine, link or cluster. */
  readonly allowAddresses: readonly string[];
  /** Further CIDR blocks that may not: the cluster's own. */
  readonly denyAddresses: readonly string[];
  readonly allowPlainHttp: boolean;
}

/** An environment variable or a file (absolute) that holds `USER:PASSWORD` or `Bearer TOKEN`. */
export type CredentialsReference = { readonly env: string } | { readonly file: string };
