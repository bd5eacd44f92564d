/**
 * A Source that is a folder on this machine (a copy, or a datastore that is mounted here) with VMs
 * anywhere below it.
 */
import { realpathSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import path from 'node:path';

import { EngineError, toEngineError } from '../../errors';
import { folderOpener } from '../../formats/folder-opener';
import type { Layer } from '../../formats/layer';
import { openLayer } from '../../formats/open-layer';
import type { FileOpener } from '../../formats/random-access';
import type { Source, SourceAddress, VmSummary } from '../source';
import type { SnapshotTree } from '../snapshot-tree';
import { DiskGraph } from './disk-graph';
import { findVms, findVmsSync, type VmPlace, type WalkLimits } from './find-vms';
import { loadVmTree } from './load-tree';
import { layerProber } from './probe-layer';
import { scanDisks } from './scan-disks';
import { readConfig, readFolder, stemOf } from './vm-files';
import { parseVmx } from './vmx';

export interface VmDirectoryOptions {
  /** The configured name. */
  readonly name: string;
  /** Folder with VMs, or of one VM. */
  readonly folder: string;
  /** Further folders that parents may lie in (linked clones). */
  readonly roots?: readonly string[];
  /** Prefixes as VMware writes them (`/vmfs/volumes/<uuid>`, `[datastore]`, `C:\VMs`) -> folder here. */
  readonly datastores?: Readonly<Record<string, string>>;
  /** How far below `folder` VMs are looked for; 0 = only in it. */
  readonly maxDepth?: number;
}

/** Nothing is read before the first call. */
export function vmDirectorySource(options: VmDirectoryOptions): Source {
  return new VmDirectorySource(options);
}

const MAX_FOLDERS = 20_000;

class VmDirectorySource implements Source {
  readonly name: string;
  readonly kind = 'vm-directory';
  private readonly limits: WalkLimits;
  private places: ReadonlyMap<string, VmPlace> = new Map();

  constructor(private readonly options: VmDirectoryOptions) {
    this.name = options.name;
    this.limits = { maxDepth: options.maxDepth ?? 4, maxFolders: MAX_FOLDERS };
  }

  async listVms(): Promise<readonly VmSummary[]> {
    const places = await this.walk();
    const configured = places.filter(({ config }) => config !== undefined);
    const summaries = [];
    for (const place of configured) summaries.push(await this.summary(place));
    return [...summaries, ...(await this.chainsWithoutConfig(places))];
  }

  async loadTree(vmId: string): Promise<SnapshotTree> {
    const place = await this.place(vmId);
    return await loadVmTree(place, this.opener(place));
  }

  async openLayer(vmId: string, file: string): Promise<Layer> {
    return await openLayer(this.opener(await this.place(vmId)), file);
  }

  address(vmId: string): SourceAddress {
    const known = this.places.get(vmId);
    if (known) return this.addressOf(known);
    const place = findVmsSync(realpathSync(this.options.folder), this.limits).find(
      ({ id }) => id === vmId,
    );
    if (place) return this.addressOf(place);
    throw this.notFound(vmId);
  }

  private addressOf({ folder }: VmPlace): SourceAddress {
    const { folder: own, roots = [], datastores = {} } = this.options;
    const absolute = Object.fromEntries(
      Object.entries(datastores).map(([prefix, target]) => [prefix, path.resolve(target)]),
    );
    return {
      kind: 'vm-directory',
      folder,
      roots: [own, ...roots].map(root => path.resolve(root)),
      datastores: absolute,
    };
  }

  private opener(place: VmPlace): FileOpener {
    return folderOpener(this.addressOf(place));
  }

  private async walk(): Promise<readonly VmPlace[]> {
    const root = await realpath(this.options.folder).catch((cause: unknown) => {
      throw new EngineError('FILE_MISSING', {
        where: { file: this.options.folder, object: `source ${this.name}` },
        hint: 'Check the folder of this source in the configuration, and that it is mounted.',
        retry: 'later',
        cause,
      });
    });
    const places = await findVms(root, this.limits).catch((cause: unknown) => {
      throw new EngineError('FILE_UNREADABLE', {
        where: { file: root, object: `source ${this.name}` },
        found: cause instanceof Error ? cause.message : String(cause),
        retry: 'later',
        cause,
      });
    });
    this.places = new Map(places.map(place => [place.id, place]));
    return places;
  }

  private async place(vmId: string): Promise<VmPlace> {
    const place = this.places.get(vmId) ?? (await this.walk()).find(({ id }) => id === vmId);
    if (place) return place;
    throw this.notFound(vmId);
  }

  private notFound(vmId: string): EngineError {
    return new EngineError('VM_NOT_FOUND', {
      where: { object: `${this.name}/${vmId}` },
      hint: 'List the VMs with `kubectl vm-migrate get vms`. A VM that was moved or renamed on disk has another id.',
    });
  }

  private async summary(place: VmPlace): Promise<VmSummary> {
    const file = place.config ?? '';
    const location = path.join(place.folder, file);
    try {
      const vmx = parseVmx(location, await readConfig(this.opener(place), file));
      return { id: place.id, name: vmx.displayName ?? stemOf(file), location };
    } catch (error) {
      return { id: place.id, name: stemOf(file), location, error: toEngineError(error).message };
    }
  }

  /** Every base of a chain in a folder without .vmx; what only looks like a VMDK is nothing. */
  private async chainsWithoutConfig(places: readonly VmPlace[]): Promise<VmSummary[]> {
    const loose = places.filter(({ base }) => base !== undefined);
    const found: VmSummary[] = [];
    for (const folder of new Set(loose.map(place => place.folder))) {
      const candidates = loose.filter(place => place.folder === folder);
      const [first] = candidates;
      if (first === undefined) continue;
      const opener = this.opener(first);
      const graph = new DiskGraph(layerProber(opener, folder));
      await scanDisks(graph, opener, folder, await readFolder(folder));
      for (const { id, base = '' } of candidates) {
        const node = graph.nodes.get(path.join(folder, base));
        if (
          node === undefined ||
          (node.parentFile !== undefined && path.dirname(node.parentFile) === folder)
        )
          continue;
        found.push({ id, name: stemOf(base), location: node.file });
      }
    }
    return found;
  }
}
