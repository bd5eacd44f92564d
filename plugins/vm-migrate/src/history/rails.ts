/**
 * Where each point of a history stands when it is drawn as `git log --graph` draws it, oldest first:
 * parents before children, the line to the current state straight, every fork a lane to the right.
 * The same order and lanes as `kubectl vm-migrate tree`; a test compares the two.
 */

/** A point and the one it grew from; `nodes` gives the order of siblings, parents before children. */
export interface HistoryPoint {
  readonly id: string;
  readonly parentId: string | null;
}

/**
 * One row of the drawing. Every lane to the left of `lane` passes by it unbroken: a fork is drawn
 * whole before the line that it left goes on.
 */
export interface RailRow<Point extends HistoryPoint> {
  readonly point: Point;
  /** Count of forks inside forks; 0 is the line to the current state. */
  readonly lane: number;
  /** How the line comes in: down its own lane, from the lane to the left, or not at all. */
  readonly from: 'above' | 'fork' | 'nowhere';
  /** Whether the lane goes on below this row. */
  readonly goesOn: boolean;
  /** The point that it grew from, where that is drawn. */
  readonly parent: Point | undefined;
  /** Points that leave from this one to lanes of their own. */
  readonly forks: number;
}

/**
 * Every point once. The child on the way to `currentId` stays in its parent's lane and is drawn last,
 * without one the child with the most below it: so lanes count forks inside forks, and there are few.
 * A point whose parent is not there, or comes later, begins a history of its own.
 */
export function railRows<Point extends HistoryPoint>(
  points: readonly Point[],
  currentId: string,
): RailRow<Point>[] {
  const family = familyOf(points, currentId);
  const rows: RailRow<Point>[] = [];
  const ahead: Pick<RailRow<Point>, 'point' | 'lane' | 'from' | 'parent'>[] = family.roots
    .map(point => ({ point, lane: 0, from: 'nowhere' as const, parent: undefined }))
    .reverse();
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    const { point, lane } = next;
    const children = family.childrenOf(point);
    const straight = family.straightOn(children);
    const forks = children.filter(child => child !== straight);
    rows.push({ ...next, goesOn: straight !== undefined, forks: forks.length });
    // A stack: what is drawn last goes on it first.
    if (straight !== undefined) ahead.push({ point: straight, lane, from: 'above', parent: point });
    for (const fork of forks.reverse())
      ahead.push({ point: fork, lane: lane + 1, from: 'fork', parent: point });
  }
  return rows;
}

function familyOf<Point extends HistoryPoint>(points: readonly Point[], currentId: string) {
  const children = new Map<string, Point[]>();
  const roots: Point[] = [];
  const known = new Map<string, Point>();
  for (const point of points) {
    const parent = point.parentId === null ? undefined : known.get(point.parentId);
    if (parent === undefined) roots.push(point);
    else {
      const siblings = children.get(parent.id);
      if (siblings === undefined) children.set(parent.id, [point]);
      else siblings.push(point);
    }
    known.set(point.id, point);
  }
  const childrenOf = (point: Point): readonly Point[] => children.get(point.id) ?? [];
  const sizes = new Map<Point, number>();
  for (const point of points.toReversed())
    sizes.set(
      point,
      childrenOf(point).reduce((sum, child) => sum + (sizes.get(child) ?? 1), 1),
    );
  const toCurrent = new Set<Point>();
  for (let at = known.get(currentId); at !== undefined && !toCurrent.has(at);) {
    toCurrent.add(at);
    at = at.parentId === null ? undefined : known.get(at.parentId);
  }
  const sizeOf = (point: Point): number => sizes.get(point) ?? 1;
  const straightOn = (siblings: readonly Point[]): Point | undefined =>
    siblings.find(child => toCurrent.has(child)) ??
    siblings.reduce<Point | undefined>(
      (best, child) => (best === undefined || sizeOf(child) > sizeOf(best) ? child : best),
      undefined,
    );
  return { roots, childrenOf, straightOn };
}
