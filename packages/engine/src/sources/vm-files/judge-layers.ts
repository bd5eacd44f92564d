/**
 * Which layers of a VM may be read, and what is to be said about those that may not. A layer that
 * stands on one that cannot be read cannot be used either: it takes over that layer's fault.
 */
import path from 'node:path';

import { finding, type FindingKindName } from '../finding-kinds';
import type { CurrentState, Finding, LayerNode } from '../snapshot-tree';
import type { FileNode } from './disk-graph';
import { isAbsoluteName, shownFile } from './file-name';
import type { HistorySnapshot } from './history';
import { objectId, type VmMaterial } from './vm-material';

export interface JudgedLayer {
  readonly node: LayerNode;
  /** The file whose fault `node.access` tells: itself or an ancestor. */
  readonly culprit: string;
}

export interface JudgedLayers {
  readonly byFile: ReadonlyMap<string, JudgedLayer>;
  readonly byId: ReadonlyMap<string, JudgedLayer>;
  /** What the folder said, or `unclean` when only a header tells. */
  readonly power: CurrentState['power'];
  readonly findings: readonly Finding[];
}

interface Verdict {
  readonly access: LayerNode['access'];
  readonly culprit: string;
}

export function judgeLayers(
  material: VmMaterial,
  snapshots: readonly HistorySnapshot[],
): JudgedLayers {
  const { vm, folder, graph, current } = material;
  const tips = new Set(current.map(({ file }) => file));
  const power = powerOf(material, tips);
  const named = new Set([
    ...tips,
    ...snapshots.flatMap(({ disks }) => disks.map(({ file }) => file)),
  ]);
  const needed = new Set([...named].flatMap(file => graph.chainOf(file)));
  const roots = new Set([...needed].map(file => graph.rootOf(file)));
  const findings: Finding[] = [];
  const verdicts = new Map<string, Verdict>();
  const byFile = new Map<string, JudgedLayer>();
  for (const file of inChainOrder(material)) {
    const node = graph.nodes.get(file);
    const root = graph.rootOf(file);
    if (node === undefined || !roots.has(root)) continue;
    const parent = node.parentFile === undefined ? undefined : graph.nodes.get(node.parentFile);
    const own = judge(node, parent, tips, power);
    const inherited = parent && verdicts.get(parent.file);
    const verdict =
      inherited !== undefined && inherited.access !== 'frozen'
        ? inherited
        : { access: own.access, culprit: shownFile(folder, file) };
    verdicts.set(file, verdict);
    if (own.finding)
      findings.push(
        finding(
          own.finding.kind,
          shownFile(folder, file),
          `${own.finding.cause} ${neededBy(material, snapshots, file)}`,
        ),
      );
    const shared = !named.has(file) && isOutside(folder, file);
    byFile.set(file, {
      node: layerNode(material, node, root, verdict.access, shared),
      culprit: verdict.culprit,
    });
    if (shared)
      findings.push(
        finding(
          'shared-base',
          shownFile(folder, file),
          "The file lies outside the VM's folder: the base of a linked clone.",
        ),
      );
  }
  findings.push(
    ...restFindings(material, needed, roots),
    ...consolidationFindings(material, snapshots, byFile),
    ...currentFindings(material, power),
  );
  return {
    byFile,
    byId: new Map(
      [...byFile.values()].map(layer => [objectId('layer', vm.id, layer.node.file), layer]),
    ),
    power,
    findings,
  };
}

/** Every node after its parent. */
function inChainOrder({ graph }: VmMaterial): string[] {
  return [...new Set([...graph.nodes.keys()].flatMap(file => graph.chainOf(file)))];
}

function powerOf({ graph, power }: VmMaterial, tips: ReadonlySet<string>): CurrentState['power'] {
  if (power.power !== 'off') return power.power;
  return [...tips].some(file => graph.nodes.get(file)?.access === 'unclean') ? 'unclean' : 'off';
}

interface OwnFault {
  readonly access: LayerNode['access'];
  readonly finding?: { readonly kind: FindingKindName; readonly cause: string };
}

function judge(
  node: FileNode,
  parent: FileNode | undefined,
  tips: ReadonlySet<string>,
  power: CurrentState['power'],
): OwnFault {
  // One finding about the whole current state stands for all tips that are merely in use.
  if (
    tips.has(node.file) &&
    power !== 'off' &&
    node.access !== 'missing' &&
    (power !== 'unclean' || node.access === 'unclean')
  )
    return { access: power };
  const cause = node.problem?.message ?? '';
  if (node.access === 'missing')
    return { access: 'missing', finding: { kind: 'layer-missing', cause: cause + guessed(node) } };
  if (node.access === 'unclean')
    return { access: 'unclean', finding: { kind: 'layer-unclean', cause } };
  if (node.problem !== undefined) {
    const kind =
      node.problem.code === 'LAYER_UNSUPPORTED' ? 'layer-unsupported' : 'layer-unreadable';
    return { access: 'unsupported', finding: { kind, cause } };
  }
  if (parent !== undefined && parent.problem === undefined) {
    if (parent.sizeBytes > node.sizeBytes) {
      const sizes = `It has ${node.sizeBytes} bytes, its parent ${path.basename(parent.file)} has ${parent.sizeBytes}: a delta never has less.`;
      return { access: 'unsupported', finding: { kind: 'layer-unreadable', cause: sizes } };
    }
    if (node.parent !== undefined && node.parent.parentCid !== parent.manifest.cid) {
      const cids = `Its parentCID is ${node.parent.parentCid}, but ${path.basename(parent.file)} has CID ${parent.manifest.cid || 'none'}: the parent was written to after this delta was made.`;
      return { access: 'frozen', finding: { kind: 'parent-changed', cause: cids } };
    }
  }
  return { access: 'frozen' };
}

function guessed(node: FileNode): string {
  return node.parentGuessed
    ? ` By its name it stood on ${path.basename(node.parentFile ?? '')}.`
    : '';
}

function neededBy(
  { graph, current }: VmMaterial,
  snapshots: readonly HistorySnapshot[],
  file: string,
): string {
  const uses = (files: readonly { readonly file: string }[]): boolean =>
    files.some(state => graph.chainOf(state.file).includes(file));
  const names = snapshots.filter(({ disks }) => uses(disks)).map(({ id, name }) => name || id);
  if (uses(current)) names.push('the current state');
  return names.length === 0 ? 'Nothing needs it.' : `Needed by: ${names.join(', ')}.`;
}

function isOutside(folder: string, file: string): boolean {
  return isAbsoluteName(shownFile(folder, file));
}

function layerNode(
  { vm, folder, graph }: VmMaterial,
  node: FileNode,
  root: string,
  access: LayerNode['access'],
  shared: boolean,
): LayerNode {
  const file = shownFile(folder, node.file);
  const parentFile =
    node.parentFile !== undefined && graph.nodes.has(node.parentFile) ? node.parentFile : undefined;
  return {
    id: objectId('layer', vm.id, file),
    diskId: objectId('disk', vm.id, shownFile(folder, root)),
    ...(parentFile === undefined
      ? {}
      : { parentId: objectId('layer', vm.id, shownFile(folder, parentFile)) }),
    file,
    format: node.format,
    sizeBytes: node.sizeBytes,
    manifest: node.manifest,
    access,
    ...(shared ? { shared } : {}),
  };
}

/** Files beside the VM that nothing names: deltas of its disks, and disks of their own. */
function restFindings(
  { folder, graph }: VmMaterial,
  needed: ReadonlySet<string>,
  roots: ReadonlySet<string>,
): Finding[] {
  return [...graph.nodes.values()]
    .filter(({ file }) => !needed.has(file) && !isOutside(folder, file))
    .map(({ file, parentFile }) => {
      const object = shownFile(folder, file);
      if (!roots.has(graph.rootOf(file)))
        return finding(
          'unattached-disk',
          object,
          "The file lies in the VM's folder, but neither a snapshot nor the current state names it.",
        );
      const on = parentFile === undefined ? 'nothing' : path.basename(parentFile);
      return finding(
        'leftover-delta',
        object,
        `It stands on ${on}, but neither a snapshot nor the current state leads to it.`,
      );
    });
}

/** Deltas in the chain of the current state that no snapshot stands between: left by a removal that did not finish. */
function consolidationFindings(
  material: VmMaterial,
  snapshots: readonly HistorySnapshot[],
  layers: ReadonlyMap<string, JudgedLayer>,
): Finding[] {
  if (!material.namedBySnapshots) return [];
  const named = new Set(snapshots.flatMap(({ disks }) => disks.map(({ file }) => file)));
  return material.current.flatMap(({ file, slot }) => {
    const between = material.graph
      .chainOf(file)
      .slice(0, -1)
      .filter(link => !named.has(link) && layers.get(link)?.node.shared !== true);
    if (between.length === 0) return [];
    const names = between.map(link => path.basename(link)).join(', ');
    return [
      finding(
        'consolidation-needed',
        slot,
        `No snapshot names ${names}, yet ${path.basename(file)} stands on it.`,
      ),
    ];
  });
}

function currentFindings(
  { power: sign, current }: VmMaterial,
  power: CurrentState['power'],
): Finding[] {
  if (power === 'off' || current.length === 0) return [];
  const why = {
    running: 'The VM is running',
    suspended: 'The VM is suspended',
    unclean: 'The VM was not shut down cleanly, or it runs elsewhere',
  }[power];
  const seen = sign.sign === '' ? 'a flag in the header of its files' : sign.sign;
  return [
    finding(
      'current-not-frozen',
      'current',
      `${why} (${seen}): ${current.map(({ file }) => path.basename(file)).join(', ')} may change at any moment and is not read.`,
      'the current state',
    ),
  ];
}
