/** A Source of VMs that are folders of files, wherever those lie: what a kind of source brings is a VmFilesPlace. */
import { mapAtOnce } from '../../at-once';
import { EngineError, toEngineError } from '../../errors';
import type { Layer } from '../../formats/layer';
import type { Source, SourceAddress, VmSummary } from '../source';
import type { SnapshotTree } from '../snapshot-tree';
import { DiskGraph } from './disk-graph';
import { fileIn, folderOf } from './file-name';
import { finderLimits, findVms, type VmPlace } from './find-vms';
import { loadVmTree } from './load-tree';
import { layerProber } from './probe-layer';
import { findVmsd, readConfig, readFolder, stemOf } from './read-folder';
import { scanDisks } from './scan-disks';
import { isSourceTrouble, type VmFolders } from './vm-folders';
import { parseVmsd } from './vmsd';
import { parseVmx } from './vmx';

export interface VmFilesPlace {
  /** The configured name. */
  readonly name: string;
  readonly kind: SourceAddress['kind'];
  readonly folders: VmFolders;
  /** How far below the root VMs are looked for; 0 = only in it. */
  readonly maxDepth: number | undefined;

  /** The folder that is walked, as an absolute name. @throws EngineError when it is not there */
  root(): Promise<string>;

  /** For the VM in `folder`. */
  address(folder: string): Promise<SourceAddress>;

  /** `file` as in LayerNode.file. */
  openLayer(folder: string, file: string): Promise<Layer>;
}

/** Configurations that are read at a time: each is a small file, on a server some requests. */
const CONFIGS_AT_ONCE = 8;

/** Nothing is read before the first call. */
export function vmFilesSource(place: VmFilesPlace): Source {
  return new VmFilesSource(place);
}

class VmFilesSource implements Source {
  readonly name: string;
  readonly kind: string;
  private places: ReadonlyMap<string, VmPlace> = new Map();

  constructor(private readonly at: VmFilesPlace) {
    this.name = at.name;
    this.kind = at.kind;
  }

  async listVms(): Promise<readonly VmSummary[]> {
    const places = await this.walk();
    const configured = places.filter(({ config }) => config !== undefined);
    return [
      ...(await mapAtOnce(configured, CONFIGS_AT_ONCE, place => this.summary(place))),
      ...(await this.chainsWithoutConfig(places)),
      ...places.flatMap(unreadableFolder),
    ];
  }

  async countSnapshots(vmId: string): Promise<number | null> {
    const { folder, config, base = '' } = await this.place(vmId);
    try {
      const list = findVmsd(await this.at.folders.list(folder), config ?? base);
      if (list === undefined) return null;
      const bytes = await readConfig(this.at.folders.opener(folder), list);
      return parseVmsd(fileIn(folder, list), bytes).snapshots.length;
    } catch (thrown) {
      const error = toEngineError(thrown);
      if (isSourceTrouble(error)) throw this.named(error);
      return null;
    }
  }

  async loadTree(vmId: string): Promise<SnapshotTree> {
    return await loadVmTree(await this.place(vmId), this.at.folders);
  }

  async openLayer(vmId: string, file: string): Promise<Layer> {
    return await this.at.openLayer((await this.place(vmId)).folder, file);
  }

  async address(vmId: string): Promise<SourceAddress> {
    return await this.at.address((await this.place(vmId)).folder);
  }

  private async walk(): Promise<readonly VmPlace[]> {
    const root = await this.at.root();
    const places = await findVms(this.at.folders, root, finderLimits(this.at.maxDepth)).catch(
      (error: unknown) => {
        throw this.named(toEngineError(error));
      },
    );
    this.places = new Map(places.map(place => [place.id, place]));
    return places;
  }

  /** The same error, which also says which source it is. */
  private named(error: EngineError): EngineError {
    return new EngineError(error.code, {
      ...error.toJSON(),
      where: { ...error.where, object: `source ${this.name}` },
      cause: error.cause ?? error,
    });
  }

  private async place(vmId: string): Promise<VmPlace> {
    const place = this.places.get(vmId) ?? (await this.walk()).find(({ id }) => id === vmId);
    if (place) return place;
    throw new EngineError('VM_NOT_FOUND', {
      where: { object: `${this.name}/${vmId}` },
      hint: 'List the VMs with `kubectl vm-migrate get vms`. A VM that was moved or renamed on disk has another id.',
    });
  }

  private async summary({ id, folder, config = '' }: VmPlace): Promise<VmSummary> {
    const location = fileIn(folder, config);
    try {
      const vmx = parseVmx(location, await readConfig(this.at.folders.opener(folder), config));
      return { id, name: vmx.displayName ?? stemOf(config), location };
    } catch (thrown) {
      const error = toEngineError(thrown);
      if (isSourceTrouble(error)) throw this.named(error);
      return { id, name: stemOf(config), location, error: error.message };
    }
  }

  /** Every base of a chain in a folder without .vmx; what only looks like a VMDK is nothing. */
  private async chainsWithoutConfig(places: readonly VmPlace[]): Promise<VmSummary[]> {
    const loose = places.filter(({ base }) => base !== undefined);
    const found: VmSummary[] = [];
    for (const folder of new Set(loose.map(place => place.folder))) {
      const opener = this.at.folders.opener(folder);
      const graph = new DiskGraph(layerProber(opener, folder));
      const entries = await readFolder(this.at.folders, folder);
      const { unreadable } = await scanDisks(graph, opener, folder, entries);
      for (const { id, base = '' } of loose.filter(place => place.folder === folder)) {
        const error = unreadable.get(base)?.message;
        if (error !== undefined)
          found.push({ id, name: stemOf(base), location: fileIn(folder, base), error });
        const node = graph.nodes.get(fileIn(folder, base));
        if (
          node === undefined ||
          (node.parentFile !== undefined && folderOf(node.parentFile) === folder)
        )
          continue;
        found.push({ id, name: stemOf(base), location: node.file });
      }
    }
    return found;
  }
}

/** Nobody knows whether a VM is in it: it is listed rather than lost. */
function unreadableFolder({ id, folder, unreadable }: VmPlace): VmSummary[] {
  if (unreadable === undefined) return [];
  return [{ id, name: stemOf(folder), location: folder, error: unreadable.message }];
}
