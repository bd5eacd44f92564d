/**
 * The rows of the treegrid: points in the order of the drawing, all on the first level, and on the
 * second, below each one that is open, what is known about it and its disks. So a row is expanded when
 * its details are shown, which is what its keys change. Forks are no levels: they cannot be folded. A
 * point that does not follow the one above it says in words which one it grew from.
 */
import type { TreeDiskView, TreeNodeView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { diskStateOf, type DiskState } from './disk-state';
import type { RailRow } from './rails';

interface Place {
  readonly key: string;
  readonly rail: RailRow<TreeNodeView>;
  readonly level: number;
  /** Among the rows of the same level under the same row, from 1. */
  position: number;
  setSize: number;
}

export type Origin =
  /** A branch that leaves this point. */
  | { readonly is: 'branch'; readonly from: TreeNodeView }
  /** It goes on from this point, and branches of that stand between the two. */
  | { readonly is: 'next'; readonly from: TreeNodeView }
  /** Nothing that is known comes before it. */
  | { readonly is: 'first' };

export interface PointRow extends Place {
  readonly kind: 'point';
  /** Whether its details are shown. */
  readonly isOpen: boolean;
  /** Whether there is something to show. */
  readonly canOpen: boolean;
  /** What the rails show of where it comes from, for words; undefined: it follows the point above it. */
  readonly origin: Origin | undefined;
}

export interface DiskRow extends Place {
  readonly kind: 'disk';
  readonly disk: TreeDiskView;
}

/** Words that need room: a description, what is waited for, an error. Its height is measured. */
export interface WordsRow extends Place {
  readonly kind: 'words';
  readonly about: 'description' | { readonly disk: string; readonly state: DiskState };
}

export type GridRow = PointRow | DiskRow | WordsRow;

export function gridRows(
  rails: readonly RailRow<TreeNodeView>[],
  open: ReadonlySet<string>,
): GridRow[] {
  const rows: GridRow[] = [];
  for (const [index, rail] of rails.entries()) {
    const { point } = rail;
    const canOpen = point.disks.length > 0 || hasLongDescription(point);
    const isOpen = canOpen && open.has(point.id);
    rows.push({
      kind: 'point',
      key: `point ${point.id}`,
      rail,
      level: 1,
      position: 0,
      setSize: 0,
      isOpen,
      canOpen,
      origin: originOf(rail, rails[index - 1]),
    });
    if (isOpen) rows.push(...detailRows(rail));
  }
  setPositions(rows);
  return rows;
}

function originOf(
  { from, parent }: RailRow<TreeNodeView>,
  above: RailRow<TreeNodeView> | undefined,
): Origin | undefined {
  if (above === undefined) return undefined;
  if (parent === undefined) return { is: 'first' };
  if (from === 'fork') return { is: 'branch', from: parent };
  return parent.id === above.point.id ? undefined : { is: 'next', from: parent };
}

/** The first line of a description stands beside the name; this one says more. */
function hasLongDescription({ description }: TreeNodeView): boolean {
  return description.trim().includes('\n') || description.length > 80;
}

function detailRows(rail: RailRow<TreeNodeView>): GridRow[] {
  const { point } = rail;
  const place = { rail, level: 2, position: 0, setSize: 0 };
  const rows: GridRow[] = [];
  if (hasLongDescription(point))
    rows.push({ ...place, kind: 'words', key: `description ${point.id}`, about: 'description' });
  for (const [index, disk] of point.disks.entries()) {
    rows.push({ ...place, kind: 'disk', key: `disk ${index} ${point.id}`, disk });
    const state = diskStateOf(disk);
    if (needsWords(state))
      rows.push({
        ...place,
        kind: 'words',
        key: `words ${index} ${point.id}`,
        about: { disk: disk.disk, state },
      });
  }
  return rows;
}

function needsWords({ stage, step, words }: DiskState): boolean {
  switch (stage) {
    case 'failed':
      return step?.error != null;
    case 'waiting':
      return step?.waitsFor != null;
    case 'unreadable':
      return true;
    case 'not-wanted':
      return words !== '';
    default:
      return false;
  }
}

/** A row's set: the rows of its level since the last row of a lower one. */
function setPositions(rows: readonly GridRow[]): void {
  const open: GridRow[][] = [];
  const close = (level: number): void => {
    for (const set of open.splice(level)) for (const row of set) row.setSize = set.length;
  };
  for (const row of rows) {
    close(row.level);
    const set = (open[row.level - 1] ??= []);
    set.push(row);
    row.position = set.length;
  }
  close(0);
}
