/**
 * From the facts about one VM to its SnapshotTree. No file is touched here: the graph, the history
 * and the current files are given, and everything that does not fit becomes a finding.
 */
import path from 'node:path';

import { finding } from '../finding-kinds';
import type {
  CurrentState,
  Disk,
  DiskState,
  Finding,
  Snapshot,
  SnapshotTree,
} from '../snapshot-tree';
import type { DiskGraph } from './disk-graph';
import { shownFile } from './file-name';
import type { FileAtSlot, HistorySnapshot } from './history';
import { judgeLayers, type JudgedLayer } from './judge-layers';
import { objectId, type VmMaterial } from './vm-material';

export function assembleTree(material: VmMaterial): SnapshotTree {
  const { vm, history } = material;
  const snapshots = parentsFirst(history.snapshots);
  const layers = judgeLayers(material, snapshots);
  const disks = disksOf(material, snapshots, layers);
  const layerOf = new Map(disks.flatMap(disk => disk.layers.map(layer => [layer.file, layer])));
  const doubles: Finding[] = [];
  const states = (files: readonly FileAtSlot[], where: string): DiskState[] => {
    const byDisk = new Map<string, DiskState>();
    for (const { slot, file } of files) {
      const layer = layerOf.get(shownFile(material.folder, file));
      if (layer === undefined) continue;
      const other = byDisk.get(layer.diskId);
      if (other === undefined)
        byDisk.set(layer.diskId, { diskId: layer.diskId, layerId: layer.id, slot });
      else
        doubles.push(
          finding(
            'disk-twice',
            `${where}/${slot}`,
            `${slot} and ${other.slot} are states of one disk; ${other.slot} is used.`,
            `${slot} in ${where}`,
          ),
        );
    }
    return [...byDisk.values()];
  };
  const current: CurrentState = {
    ...(history.currentId === undefined ? {} : { snapshotId: history.currentId }),
    power: layers.power,
    disks: states(material.current, 'the current state'),
  };
  const listed = snapshots.map((snapshot): Snapshot =>
    shown(snapshot, states(snapshot.disks, snapshot.name || snapshot.id)),
  );
  const findings = [
    ...material.findings,
    ...history.findings,
    ...layers.findings,
    ...diskFindings(disks, listed, current),
    ...doubles,
  ];
  return {
    vm,
    disks,
    snapshots: listed,
    current,
    findings: uniqueById(findings.concat(incomplete(listed, layers.byId))),
  };
}

function shown(snapshot: HistorySnapshot, disks: readonly DiskState[]): Snapshot {
  const { id, name, description, createdAtUs, quiesced, memory, parentId } = snapshot;
  return {
    id,
    name,
    description,
    ...(createdAtUs === undefined ? {} : { createdAtUs }),
    ...(quiesced === undefined ? {} : { quiesced }),
    memory,
    ...(parentId === undefined ? {} : { parentId }),
    disks,
  };
}

/** One Disk for every tree of files that a snapshot or the current state names. */
function disksOf(
  { vm, folder, graph, current, datastores }: VmMaterial,
  snapshots: readonly HistorySnapshot[],
  layers: { byFile: ReadonlyMap<string, JudgedLayer> },
): Disk[] {
  const slots = new Map<string, string>();
  const note = ({ slot, file }: FileAtSlot): void => {
    const root = graph.rootOf(file);
    if (!slots.has(root)) slots.set(root, slot);
  };
  current.forEach(note);
  const newestFirst = [...snapshots].sort((a, b) => (b.createdAtUs ?? 0) - (a.createdAtUs ?? 0));
  newestFirst.forEach(snapshot => snapshot.disks.forEach(note));
  const ageOf = agesOfLayers(graph, snapshots);
  const taken = new Set<string>();
  return [...slots].map(([root, slot]): Disk => {
    const id = objectId('disk', vm.id, shownFile(folder, root));
    const label =
      slot !== '' && !taken.has(slot) ? slot : [slot, `(${path.basename(root)})`].join(' ').trim();
    taken.add(label);
    const nodes = descendants(graph, root, ageOf)
      .map(file => layers.byFile.get(file))
      .filter(layer => layer !== undefined);
    return {
      id,
      label,
      rootFile: shownFile(folder, root),
      ...(datastores.has(root) ? { datastore: datastores.get(root) } : {}),
      sizeBytes: Math.max(0, ...nodes.map(({ node }) => node.sizeBytes)),
      layers: nodes.map(({ node }) => node),
    };
  });
}

/** Parents before children, siblings by the time of the first snapshot on them, then by name. */
function descendants(graph: DiskGraph, root: string, ageOf: ReadonlyMap<string, number>): string[] {
  const order: string[] = [];
  const waiting = [root];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    order.push(file);
    const children = graph.childrenOf(file).map(node => node.file);
    children.sort(
      (a, b) => (ageOf.get(a) ?? Infinity) - (ageOf.get(b) ?? Infinity) || byName(a, b),
    );
    waiting.push(...children.reverse());
  }
  return order;
}

function byName(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true }) || (a < b ? -1 : 1);
}

function agesOfLayers(
  graph: DiskGraph,
  snapshots: readonly HistorySnapshot[],
): Map<string, number> {
  const ages = new Map<string, number>();
  for (const { disks, createdAtUs } of snapshots) {
    for (const file of disks.flatMap(disk => graph.chainOf(disk.file))) {
      ages.set(
        file,
        Math.min(ages.get(file) ?? Number.MAX_SAFE_INTEGER, createdAtUs ?? Number.MAX_SAFE_INTEGER),
      );
    }
  }
  return ages;
}

/** Parents before children; siblings keep the order of the list, which is by time. */
function parentsFirst(snapshots: readonly HistorySnapshot[]): HistorySnapshot[] {
  const order: HistorySnapshot[] = [];
  const waiting = snapshots.filter(({ parentId }) => parentId === undefined).reverse();
  for (let snapshot = waiting.pop(); snapshot !== undefined; snapshot = waiting.pop()) {
    order.push(snapshot);
    const { id } = snapshot;
    waiting.push(...snapshots.filter(({ parentId }) => parentId === id).reverse());
  }
  return order;
}

function diskFindings(
  disks: readonly Disk[],
  snapshots: readonly Snapshot[],
  current: CurrentState,
): Finding[] {
  const present = new Set(current.disks.map(({ diskId }) => diskId));
  return disks
    .filter(({ id }) => !present.has(id))
    .map(disk => {
      const names = snapshots
        .filter(({ disks: states }) => states.some(({ diskId }) => diskId === disk.id))
        .map(({ name, id }) => name || id);
      return finding(
        'disk-removed',
        disk.rootFile,
        `The VM has this disk no more; these snapshots have it: ${names.join(', ')}.`,
        `${disk.label} (${disk.rootFile})`,
      );
    });
}

/** By name, every snapshot that will lack a disk, or a part of one. */
function incomplete(
  snapshots: readonly Snapshot[],
  layers: ReadonlyMap<string, JudgedLayer>,
): Finding[] {
  return snapshots.flatMap(({ id, name, disks }) => {
    const lacking = disks
      .map(({ layerId, slot }) => ({ slot, layer: layers.get(layerId) }))
      .filter(({ layer }) => layer !== undefined && layer.node.access !== 'frozen');
    if (lacking.length === 0) return [];
    const causes = lacking.map(
      ({ slot, layer }) =>
        `${slot || 'a disk'} needs ${layer?.culprit ?? ''}, which is ${layer?.node.access ?? 'missing'}`,
    );
    return [finding('snapshot-incomplete', id, `${causes.join('; ')}.`, name || id)];
  });
}

function uniqueById(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map(item => [item.id, item])).values()];
}
