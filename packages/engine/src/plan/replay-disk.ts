import { EngineError } from '../errors';
import type { Disk, LayerNode } from '../sources/snapshot-tree';
import type { PlannedVolume, PlannedVolumeSnapshot } from './plan';

/** Which states of one disk are to be carried. */
export interface DiskStates {
  /** Kept snapshots that cover the disk: parents before children, siblings by time. */
  readonly kept: readonly { readonly snapshotId: string; readonly layerId: string }[];
  /** Layer of the present state; absent: the disk is no longer part of the VM. */
  readonly currentLayerId?: string;
  readonly cutCurrent: boolean;
  /** Layer of the newest kept snapshot whose layer can be read: where a disk without a present state leads. */
  readonly newestLayerId?: string;
  /** When a layer froze (the oldest snapshot that names it); orders siblings. */
  readonly frozeAtUs: ReadonlyMap<string, number>;
}

export type ReplayedVolume = Omit<PlannedVolume, 'name' | 'storageClass' | 'sizeBytes' | 'atEnd'>;
export type ReplayedVolumeSnapshot = Omit<PlannedVolumeSnapshot, 'name'>;

export interface DiskReplay {
  /** A volume stands behind the one that it is restored from. */
  readonly volumes: readonly ReplayedVolume[];
  /** In the order in which their volumes are written. */
  readonly volumeSnapshots: readonly ReplayedVolumeSnapshot[];
  readonly layers: ReadonlyMap<string, ReplayedLayer>;
}

export interface ReplayedLayer {
  readonly node: LayerNode;
  readonly parent: ReplayedLayer | undefined;
  /** Set when neither it nor what hangs on it can be applied. */
  readonly unreadable: string | undefined;
  /** Some carried state needs it. */
  readonly wanted: boolean;
  /** Kept state that its changes end up in: a snapshot's id or `current`; absent when not wanted. */
  readonly endsUpIn: string | undefined;
}

interface Node extends ReplayedLayer {
  readonly parent: Node | undefined;
  readonly children: Node[];
  readonly keptSnapshotIds: string[];
  frozeAtUs: number;
  wanted: boolean;
  onMainPath: boolean;
  /** The child that is written to the same volume. */
  next: Node | undefined;
  endsUpIn: string | undefined;
}

/**
 * The replay rule for one disk: apply a layer, cut it once for every kept snapshot that names it,
 * only then apply its child. The child towards the present state stays on the volume; every other
 * child starts a volume of its own, restored from a VolumeSnapshot of the fork.
 *
 * Loops over lists only: chains of hundreds of deltas and wide forks cost linear time.
 */
export function replayDisk(disk: Disk, states: DiskStates): DiskReplay {
  const nodes = nodesOf(disk, states);
  const main = markMainPath(nodes, states);
  markWanted(nodes);
  chooseNext(nodes, main);
  markWhereChangesEndUp(nodes, main, states);
  return { ...layOut(disk, nodes, main, states), layers: nodes };
}

function nodesOf(disk: Disk, states: DiskStates): Map<string, Node> {
  const nodes = new Map<string, Node>();
  for (const node of disk.layers) {
    const parent = node.parentId === undefined ? undefined : nodes.get(node.parentId);
    if (node.parentId !== undefined && parent === undefined) throw parentMissing(disk, node);
    const layer: Node = {
      node,
      parent,
      children: [],
      keptSnapshotIds: [],
      unreadable: unreadableBecause(node, parent),
      frozeAtUs: states.frozeAtUs.get(node.id) ?? Infinity,
      wanted: false,
      onMainPath: false,
      next: undefined,
      endsUpIn: undefined,
    };
    parent?.children.push(layer);
    nodes.set(node.id, layer);
  }
  for (const { snapshotId, layerId } of states.kept) {
    const layer = nodes.get(layerId);
    if (layer?.unreadable === undefined) layer?.keptSnapshotIds.push(snapshotId);
  }
  return nodes;
}

/** Its own state, or what it stands on: a delta means nothing without its parent. */
function unreadableBecause(node: LayerNode, parent: Node | undefined): string | undefined {
  if (node.access !== 'frozen') return `${node.file} is ${node.access}`;
  return parent?.unreadable;
}

interface MainPath {
  /** Last layer of the path; what hangs below it never goes to the main volume. */
  readonly tip: Node | undefined;
  /** The path leads to the present state, or to the nearest state under it that can be read. */
  readonly isCurrent: boolean;
}

/**
 * Towards the present state as far as it can be read: a running tip stays outside, the frozen part
 * under it is the base on which it follows later. A disk that left the VM follows its newest kept
 * snapshot instead, on a volume that is no main volume.
 */
function markMainPath(nodes: ReadonlyMap<string, Node>, states: DiskStates): MainPath {
  const isCurrent = states.currentLayerId !== undefined;
  const end = states.currentLayerId ?? states.newestLayerId;
  let tip = end === undefined ? undefined : nodes.get(end);
  while (tip?.unreadable !== undefined) tip = tip.parent;
  for (let layer = tip; layer !== undefined; layer = layer.parent) layer.onMainPath = true;
  return { tip, isCurrent };
}

/** Children stand behind their parents, so one walk backwards tells every layer what is needed above it. */
function markWanted(nodes: ReadonlyMap<string, Node>): void {
  for (const layer of [...nodes.values()].reverse()) {
    layer.wanted ||= layer.onMainPath || layer.keptSnapshotIds.length > 0;
    if (layer.parent === undefined) continue;
    layer.parent.wanted ||= layer.wanted;
    layer.parent.frozeAtUs = Math.min(layer.parent.frozeAtUs, layer.frozeAtUs);
  }
}

function chooseNext(nodes: ReadonlyMap<string, Node>, main: MainPath): void {
  for (const layer of nodes.values()) {
    layer.children.sort(byTime);
    // Behind the tip of the main volume nothing may be written: the present state follows there.
    if (main.isCurrent && layer === main.tip) continue;
    const wanted = layer.children.filter(child => child.wanted);
    layer.next = wanted.find(child => child.onMainPath) ?? wanted[0];
  }
}

function byTime(a: Node, b: Node): number {
  // Equal times (Infinity too) leave the order of the list as it is: sort is stable.
  return a.frozeAtUs === b.frozeAtUs ? 0 : a.frozeAtUs - b.frozeAtUs;
}

function markWhereChangesEndUp(
  nodes: ReadonlyMap<string, Node>,
  main: MainPath,
  states: DiskStates,
): void {
  for (const layer of [...nodes.values()].reverse()) {
    if (!layer.wanted) continue;
    const isTip = main.isCurrent && layer === main.tip && states.currentLayerId !== undefined;
    layer.endsUpIn =
      layer.keptSnapshotIds[0] ?? (isTip ? 'current' : undefined) ?? layer.next?.endsUpIn;
  }
}

/** Volume by volume: the layers that one volume takes, its cuts, and the volumes that start from them. */
function layOut(
  disk: Disk,
  nodes: ReadonlyMap<string, Node>,
  main: MainPath,
  states: DiskStates,
): Pick<DiskReplay, 'volumes' | 'volumeSnapshots'> {
  const volumes: ReplayedVolume[] = [];
  const volumeSnapshots: ReplayedVolumeSnapshot[] = [];
  const roots = [...nodes.values()].filter(layer => layer.wanted && layer.parent === undefined);
  const starts: { first: Node; restoredFrom?: string }[] = roots.map(first => ({ first }));

  // `starts` grows while it is walked: a branch may fork again.
  for (const { first, restoredFrom } of starts) {
    const role =
      main.isCurrent && first.onMainPath && first.parent === undefined ? 'main' : 'branch';
    const volumeId = role === 'main' ? `${disk.id}-main` : `${disk.id}-${first.node.id}`;
    const layers: string[] = [];
    for (let layer: Node | undefined = first; layer !== undefined; layer = layer.next) {
      layers.push(layer.node.id);
      const isCurrent = layer.node.id === states.currentLayerId;
      const cuts = cutsOf(disk, volumeId, layer, isCurrent && states.cutCurrent);
      volumeSnapshots.push(...cuts);
      const branches = layer.children.filter(child => child.wanted && child !== layer.next);
      starts.push(...branches.map(child => ({ first: child, restoredFrom: cuts[0]?.id })));
    }
    volumes.push({
      id: volumeId,
      diskId: disk.id,
      role,
      ...(restoredFrom === undefined ? {} : { restoredFrom }),
      layers,
    });
  }
  return { volumes, volumeSnapshots };
}

/** One VolumeSnapshot for every kept snapshot of the layer; a fork without any gets a working one. */
function cutsOf(
  disk: Disk,
  volumeId: string,
  layer: Node,
  cutCurrent: boolean,
): readonly ReplayedVolumeSnapshot[] {
  const { id: layerId, sizeBytes: stateSizeBytes } = layer.node;
  const common = { diskId: disk.id, volumeId, layerId, stateSizeBytes };
  const cuts: ReplayedVolumeSnapshot[] = layer.keptSnapshotIds.map(snapshotId => ({
    id: `${disk.id}-snapshot-${snapshotId}`,
    ...common,
    purpose: 'snapshot',
    snapshotId,
  }));
  if (cutCurrent) {
    cuts.push({ id: `${disk.id}-current-${layerId}`, ...common, purpose: 'current' });
  }
  const forks = layer.children.some(child => child.wanted && child !== layer.next);
  if (forks && cuts.length === 0) {
    cuts.push({ id: `${disk.id}-fork-${layerId}`, ...common, purpose: 'fork' });
  }
  return cuts;
}

function parentMissing(disk: Disk, layer: LayerNode): EngineError {
  return new EngineError('INTERNAL', {
    where: { file: layer.file, object: `disk ${disk.label}` },
    expected: 'a snapshot tree whose parents stand before their children',
    found: `layer ${layer.id} before its parent ${layer.parentId ?? ''}`,
  });
}
