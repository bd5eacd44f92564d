/**
 * The rows of the treegrid: points in the order of the drawing, and below each one that is open what
 * is known about it and its disks. A point's level is its lane, so that a screen reader tells a fork
 * as the rails do; what belongs to a point is one level below it, and so are the forks that leave it.
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

export interface PointRow extends Place {
  readonly kind: 'point';
  /** Whether its disks are shown. */
  readonly isOpen: boolean;
  /** For `aria-expanded`: whether a row one level below follows. Undefined: it has none. */
  readonly isExpanded: boolean | undefined;
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
  for (const rail of rails) {
    const { point, lane } = rail;
    const isOpen = open.has(point.id);
    const inside = isOpen ? detailRows(rail) : [];
    const canOpen = point.disks.length > 0 || point.description !== '';
    rows.push({
      kind: 'point',
      key: `point ${point.id}`,
      rail,
      level: lane + 1,
      position: 0,
      setSize: 0,
      isOpen,
      isExpanded: rail.forks > 0 || inside.length > 0 ? true : canOpen ? false : undefined,
    });
    rows.push(...inside);
  }
  setPositions(rows);
  return rows;
}

function detailRows(rail: RailRow<TreeNodeView>): GridRow[] {
  const { point, lane } = rail;
  const place = { rail, level: lane + 2, position: 0, setSize: 0 };
  const rows: GridRow[] = [];
  // The first line stands beside the name.
  if (point.description.trim().includes('\n') || point.description.length > 80)
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
