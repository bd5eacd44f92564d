/**
 * A VM's snapshot history as a person would draw it: oldest on top, a rail for every fork, beside
 * each VMware snapshot its disks, how far they are, and the VolumeSnapshots that hold them.
 */
import type { TreeDiskView, TreeNodeView, TreeView } from '@vm-migrate/api';
import { diskTable } from './tree-disks';
import { clip, displayWidth, joinFitting, shortenMiddle } from './display-width';
import { firstLine, printable } from './escape';
import { findingsLines } from './findings-text';
import { bytes, count, eta, percent, rate, utcMinute } from './format';
import { marksOf } from './marks';
import { drawRails, type RailNode } from './rails';
import { migrationState } from './migration-state';
import { stateColor } from './state-color';
import type { Style } from './style';

/** Title, history, findings. No line is wider than the style, save ids and commands to copy. */
export function treeText(tree: TreeView, style: Style): string {
  const findings = findingsLines(tree.findings, style);
  return [
    ...titleLines(tree, style),
    '',
    ...historyLines(tree, style),
    ...(findings.length > 0 ? ['', ...findings] : []),
  ].join('\n');
}

const POWER: Readonly<Record<string, string>> = {
  off: 'powered off',
  unclean: 'not shut down cleanly',
};

function titleLines(tree: TreeView, style: Style): string[] {
  const { palette } = style;
  const snapshots = tree.nodes.filter(node => node.id !== 'current').length;
  const capacity = tree.disks.reduce((sum, disk) => sum + disk.sizeBytes, 0);
  const facts = [
    POWER[tree.power] ?? printable(tree.power),
    count(snapshots, 'snapshot'),
    `${count(tree.disks.length, 'disk')} of ${bytes(capacity)} in all`,
    'times in UTC',
  ];
  const name = `${printable(tree.source)}/${printable(tree.vm)}`;
  return [
    palette.bold(shortenMiddle(name, style.width, style.symbols)),
    clip(palette.dim(facts.join(', ')), style.width),
    palette.dim(shortenMiddle(printable(tree.location), style.width, style.symbols)),
    ...migrationLine(tree, style),
  ];
}

function migrationLine({ migration }: TreeView, style: Style): string[] {
  const { palette } = style;
  if (migration === null) return [clip(palette.dim('no migration yet'), style.width)];
  const { id, state, layers, snapshots, progress } = migration;
  const wanted = layers.total - layers.notWanted;
  const words = migrationState(migration);
  const parts = [
    `migration ${id} ${palette[stateColor(words)](words)}`,
    `${snapshots.ready}/${snapshots.total} snapshots ready`,
    `${layers.migrated}/${wanted} layers`,
  ];
  if (state === 'running') {
    const done = `${percent(progress.bytesDone, progress.bytesTotal)} %`;
    parts.push(done, eta(progress.etaMs), rate(progress.bytesPerSecond));
  }
  return [joinFitting(parts, style.width)];
}

function historyLines(tree: TreeView, style: Style): string[] {
  const toCurrent = pathTo(tree.nodes, 'current');
  const table = diskTable(
    tree.nodes.flatMap(node => node.disks),
    style,
  );
  const names = new Map(tree.nodes.map(node => [node.id, node.name]));
  return drawRails(
    tree.nodes.map((node): RailNode => ({
      id: node.id,
      parentId: node.parentId,
      mark: markOf(node, style),
      main: toCurrent.has(node.id),
      lines: room => [
        ...headLines(node, names, style, room),
        ...node.disks.flatMap(disk => table(disk, room)),
      ],
      spaced: true,
    })),
    style,
  ).filter((line, index, all) => index < all.length - 1 || line !== '');
}

/** The node and everything above it. */
function pathTo(nodes: readonly TreeNodeView[], id: string): ReadonlySet<string> {
  const byId = new Map(nodes.map(node => [node.id, node]));
  const path = new Set<string>();
  for (let node = byId.get(id); node !== undefined && !path.has(node.id);) {
    path.add(node.id);
    node = node.parentId === null ? undefined : byId.get(node.parentId);
  }
  return path;
}

function markOf(node: TreeNodeView, style: Style): string {
  const { palette } = style;
  const marks = marksOf(style);
  if (node.id === 'current') return palette.cyan(marks.current);
  if (!node.kept) return palette.dim(marks.merged);
  return isReady(node.disks) ? palette.green(marks.ready) : marks.kept;
}

function isReady(disks: readonly TreeDiskView[]): boolean {
  const cuts = disks.flatMap(({ volumeSnapshot }) => volumeSnapshot ?? []);
  return cuts.length > 0 && cuts.every(({ state }) => state === 'ready');
}

function headLines(
  node: TreeNodeView,
  names: ReadonlyMap<string, string>,
  style: Style,
  room: number,
): string[] {
  const { palette, symbols } = style;
  const facts = factsOf(node, names);
  const description = firstLine(node.description);
  if (node.id === 'current') return [clip(palette.bold(palette.cyan('you are here')), room)];
  const tail = facts.length === 0 ? '' : `   ${facts.join('   ')}`;
  const name = printable(node.name) || '<no name>';
  // The name keeps at least a third of the line; what is known about it gives way.
  const tailRoom = Math.max(
    0,
    room - Math.min(displayWidth(name), Math.max(12, Math.floor(room / 3))),
  );
  const shownTail = shortenMiddle(tail, tailRoom, symbols);
  const shownName = shortenMiddle(name, Math.max(1, room - displayWidth(shownTail)), symbols);
  const head = palette.bold(shownName) + palette.dim(shownTail);
  if (description === '') return [head];
  return [head, palette.dim(shortenMiddle(description, room, symbols))];
}

function factsOf(node: TreeNodeView, names: ReadonlyMap<string, string>): string[] {
  const facts = [`#${printable(node.id)}`];
  if (node.createdAt !== null) facts.push(utcMinute(node.createdAt));
  if (node.quiesced === true) facts.push('quiesced');
  if (node.memory) facts.push('memory not carried');
  if (!node.kept) facts.push(`merged into ${mergedInto(node, names)}`);
  return facts;
}

function mergedInto(
  { mergedInto: into }: TreeNodeView,
  names: ReadonlyMap<string, string>,
): string {
  if (into === null) return 'nothing';
  return into === 'current' ? 'the current state' : printable(names.get(into) ?? into);
}
