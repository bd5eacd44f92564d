import { SECTOR_BYTES } from '../bytes';
import type { LayerNode, SnapshotTree } from '../sources/snapshot-tree';
import type { Blocks } from './simulate-plan';

/** One thing that happens to a VM; numbers choose disks, blocks and snapshots modulo what there is. */
export interface VmEvent {
  readonly what: 'write' | 'zero' | 'snapshot' | 'revert' | 'add-disk' | 'remove-disk' | 'grow';
  readonly which: number;
  readonly where: number;
}

interface ModelLayer {
  readonly id: string;
  readonly parent: ModelLayer | undefined;
  readonly diskId: string;
  readonly own: Map<number, number>;
  blocks: number;
  frozen: boolean;
  access: LayerNode['access'];
}

interface ModelSnapshot {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly states: ReadonlyMap<string, ModelLayer>;
}

const BLOCKS = 6;

/**
 * A VM as VMware would treat it, on arrays: a snapshot freezes the layers in use, the next write
 * goes to a new child; a revert goes back to a snapshot's layers and disks. Independent of the
 * planner: what a state holds is read from the layers alone, one by one (`stateOf`).
 */
export class ModelVm {
  readonly layers: ModelLayer[] = [];
  readonly snapshots: ModelSnapshot[] = [];
  private readonly present = new Map<string, ModelLayer>();
  private here: ModelSnapshot | undefined;
  private values = 0;
  private disks = 0;

  constructor(events: readonly VmEvent[]) {
    this.addDisk();
    for (const event of events) this.happen(event);
  }

  /** What a layer itself says. */
  ownBlocks(layerId: string): ReadonlyMap<number, number> {
    return this.layer(layerId).own;
  }

  /** The state that a layer stands for, by asking each link of its chain; `blocks` long, zeros behind its own size. */
  stateOf(layerId: string, blocks: number): Blocks {
    const chain: ModelLayer[] = [];
    for (let at: ModelLayer | undefined = this.layer(layerId); at; at = at.parent) chain.push(at);
    return Array.from({ length: blocks }, (_, block) => {
      const owner = chain.find(layer => layer.own.has(block));
      return owner?.own.get(block) ?? 0;
    });
  }

  /** The nearest layer at or under this one whose whole chain is frozen. */
  readableUnder(layerId: string): string | undefined {
    for (let at: ModelLayer | undefined = this.layer(layerId); at; at = at.parent) {
      if (this.isReadable(at)) return at.id;
    }
    return undefined;
  }

  /** @param broken index of a layer that is missing; @param running the present files are in use */
  tree(facts: { readonly running: boolean; readonly broken?: number }): SnapshotTree {
    for (const layer of this.layers) layer.access = 'frozen';
    const tips = [...this.present.values()].filter(layer => !layer.frozen);
    if (facts.running) for (const tip of tips) tip.access = 'running';
    const broken =
      facts.broken === undefined ? undefined : this.layers[facts.broken % this.layers.length];
    if (broken !== undefined) broken.access = 'missing';
    const diskIds = [...new Set(this.layers.map(({ diskId }) => diskId))];
    return {
      vm: { id: 'feedfacefeedface', name: 'model', location: 'model.vmx', configDigests: {} },
      disks: diskIds.map(id => {
        const layers = this.layers.filter(({ diskId }) => diskId === id);
        return {
          id,
          label: id,
          rootFile: `${layers[0]?.id ?? ''}.vmdk`,
          sizeBytes: Math.max(...layers.map(({ blocks }) => blocks)) * SECTOR_BYTES,
          layers: layers.map(nodeOf),
        };
      }),
      snapshots: this.snapshots.map(({ id, parentId, states }, index) => ({
        id,
        name: `point ${id}`,
        description: '',
        // Some share a time, some have none: order must not depend on clocks alone.
        ...(index % 5 === 4
          ? {}
          : { createdAtUs: 1_000_000 * (index - (index % 3 === 2 ? 1 : 0)) }),
        memory: false,
        ...(parentId === undefined ? {} : { parentId }),
        disks: [...states].map(([diskId, layer]) => ({ diskId, layerId: layer.id, slot: diskId })),
      })),
      current: {
        ...(this.here === undefined ? {} : { snapshotId: this.here.id }),
        power: facts.running ? 'running' : 'off',
        disks: [...this.present].map(([diskId, layer]) => ({
          diskId,
          layerId: layer.id,
          slot: diskId,
        })),
      },
      findings: [],
    };
  }

  private happen({ what, which, where }: VmEvent): void {
    const diskIds = [...this.present.keys()];
    const diskId = diskIds[which % Math.max(1, diskIds.length)];
    switch (what) {
      case 'write':
      case 'zero': {
        if (diskId === undefined) return;
        const layer = this.writable(diskId);
        this.values += 1;
        layer.own.set(where % layer.blocks, what === 'write' ? this.values : 0);
        return;
      }
      case 'grow':
        if (diskId !== undefined) this.writable(diskId).blocks += 1;
        return;
      case 'snapshot':
        return this.snapshot(where % 3 === 0);
      case 'revert':
        return this.revert(which);
      case 'add-disk':
        if (this.disks < 3) this.addDisk();
        return;
      case 'remove-disk':
        if (diskId !== undefined) this.present.delete(diskId);
        return;
      default:
        what satisfies never;
    }
  }

  private addDisk(): void {
    this.disks += 1;
    const diskId = `disk${this.disks}`;
    this.present.set(diskId, this.addLayer(diskId, undefined, BLOCKS));
  }

  private snapshot(deltasAtOnce: boolean): void {
    for (const layer of this.present.values()) layer.frozen = true;
    const id = String(this.snapshots.length + 1);
    const taken = { id, parentId: this.here?.id, states: new Map(this.present) };
    this.snapshots.push(taken);
    this.here = taken;
    if (deltasAtOnce) for (const diskId of this.present.keys()) this.writable(diskId);
  }

  /** What ran until now and has no name stays behind as a leftover file. */
  private revert(which: number): void {
    const to = this.snapshots[which % Math.max(1, this.snapshots.length)];
    if (to === undefined) return;
    this.here = to;
    for (const layer of this.present.values()) layer.frozen = true;
    this.present.clear();
    for (const [diskId, layer] of to.states) this.present.set(diskId, layer);
  }

  private writable(diskId: string): ModelLayer {
    const running = this.present.get(diskId);
    if (running === undefined) throw new Error(`no disk ${diskId}`);
    if (!running.frozen) return running;
    const child = this.addLayer(diskId, running, running.blocks);
    this.present.set(diskId, child);
    return child;
  }

  private addLayer(diskId: string, parent: ModelLayer | undefined, blocks: number): ModelLayer {
    const id = `layer${this.layers.length}`;
    const layer: ModelLayer = {
      id,
      diskId,
      parent,
      own: new Map(),
      blocks,
      frozen: false,
      access: 'frozen',
    };
    this.layers.push(layer);
    return layer;
  }

  private isReadable(layer: ModelLayer): boolean {
    for (let at: ModelLayer | undefined = layer; at; at = at.parent) {
      if (at.access !== 'frozen') return false;
    }
    return true;
  }

  private layer(id: string): ModelLayer {
    const found = this.layers.find(layer => layer.id === id);
    if (found === undefined) throw new Error(`no layer ${id}`);
    return found;
  }
}

function nodeOf({ id, diskId, parent, own, blocks, access }: ModelLayer): LayerNode {
  const values = [...own.values()];
  return {
    id,
    diskId,
    ...(parent === undefined ? {} : { parentId: parent.id }),
    file: `${id}.vmdk`,
    format: 'hosted-sparse',
    sizeBytes: blocks * SECTOR_BYTES,
    manifest: { descriptorSha256: id, cid: '00000000', parentCid: 'ffffffff', files: [] },
    access,
    ownBytes: {
      data: values.filter(value => value !== 0).length * SECTOR_BYTES,
      zero: values.filter(value => value === 0).length * SECTOR_BYTES,
    },
  };
}
