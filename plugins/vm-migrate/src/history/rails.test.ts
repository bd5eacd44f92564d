import fc from 'fast-check';
import { railRows, type HistoryPoint, type RailRow } from './rails';

/** A tree of ids by the parents of each but the first; -1 begins a history of its own. */
const histories = fc
  .array(fc.integer({ min: -1, max: 1_000 }), { minLength: 1, maxLength: 60 })
  .map(parents =>
    parents.map((parent, index): HistoryPoint => ({
      id: `s${index}`,
      parentId: index === 0 || parent < 0 ? null : `s${parent % index}`,
    })),
  );
const withCurrent = histories.chain(points =>
  fc.record({
    points: fc.constant(points),
    currentId: fc.constantFrom('nowhere', ...points.map(({ id }) => id)),
  }),
);

/**
 * Reads the drawing as an eye does, from the top, with nothing but the lanes: what a lane holds is the
 * last point drawn in it. Fails where a line goes on to nothing, comes from nothing, or hits another.
 */
function readDrawing(rows: readonly RailRow<HistoryPoint>[]): HistoryPoint[] {
  const lines: { id: string; goesOn: boolean }[] = [];
  const read = rows.map(({ point: { id }, lane, from, goesOn }): HistoryPoint => {
    if (from === 'nowhere') {
      // A new history begins only when no line of the last one is open.
      expect(lines.filter(line => line.goesOn)).toEqual([]);
      expect(lane).toBe(0);
      lines.length = 0;
    }
    // What is to the right of a row has come to its end.
    expect(lines.slice(lane + 1).filter(line => line.goesOn)).toEqual([]);
    lines.length = Math.min(lines.length, lane + 1);
    // What is to the left passes by it.
    expect(lines.slice(0, lane).filter(line => !line.goesOn)).toEqual([]);
    const before = from === 'above' ? lines[lane] : from === 'fork' ? lines[lane - 1] : undefined;
    if (from === 'above') expect(before?.goesOn).toBe(true);
    if (from === 'fork') expect(lines[lane]?.goesOn ?? false).toBe(false);
    lines[lane] = { id, goesOn };
    return { id, parentId: before?.id ?? null };
  });
  expect(lines.filter(line => line.goesOn)).toEqual([]);
  return read;
}

const byId = (points: readonly HistoryPoint[]) =>
  points.toSorted((a, b) => a.id.localeCompare(b.id, 'en'));

describe('railRows', () => {
  it('draws a fork whole before the line that it left goes on', () => {
    const points = [
      { id: 'B', parentId: null },
      { id: 'D1', parentId: 'B' },
      { id: 'D3', parentId: 'B' },
      { id: 'D5', parentId: 'D1' },
    ];
    const drawn = railRows(points, 'D5').map(
      ({ point, lane, from, goesOn }) => `${lane} ${point.id} ${from}${goesOn ? ' on' : ''}`,
    );
    expect(drawn).toEqual(['0 B nowhere on', '1 D3 fork', '0 D1 above on', '0 D5 above']);
  });

  it('a drawing reads back as the history that was drawn: each line once, none crossing another', () => {
    fc.assert(
      fc.property(withCurrent, ({ points, currentId }) => {
        const rows = railRows(points, currentId);
        expect(byId(readDrawing(rows))).toEqual(
          byId(points.map(({ id, parentId }) => ({ id, parentId }))),
        );
      }),
    );
  });

  it('the way to the current state is straight, and lanes are as few as forks inside forks', () => {
    fc.assert(
      fc.property(withCurrent, ({ points, currentId }) => {
        const rows = railRows(points, currentId);
        const rowOf = new Map(rows.map(row => [row.point.id, row]));
        for (let at = rowOf.get(currentId); at !== undefined;) {
          expect(at.lane).toBe(0);
          at = at.parent && rowOf.get(at.parent.id);
        }
        const most = Math.max(...rows.map(({ lane }) => lane));
        // Each lane to the right holds at most half of what is left; the way to now costs one more.
        expect(most).toBeLessThanOrEqual(Math.floor(Math.log2(points.length)) + 1);
      }),
    );
  });

  it('a point that names itself, or one that comes later, as its parent begins a history', () => {
    const rows = railRows(
      [
        { id: 'a', parentId: 'a' },
        { id: 'b', parentId: 'c' },
        { id: 'c', parentId: 'b' },
      ],
      'c',
    );
    expect(rows.map(({ point, from }) => `${point.id} ${from}`)).toEqual([
      'a nowhere',
      'b nowhere',
      'c above',
    ]);
  });

  it('100,000 layers in a line, and as many forks of one point, are no depth of calls', () => {
    const line = Array.from({ length: 100_000 }, (_, at) => ({
      id: `${at}`,
      parentId: at === 0 ? null : `${at - 1}`,
    }));
    expect(railRows(line, '99999').every(({ lane }) => lane === 0)).toBe(true);
    const fan = line.map(({ id }, at) => ({ id, parentId: at === 0 ? null : '0' }));
    expect(Math.max(...railRows(fan, '5').map(({ lane }) => lane))).toBe(1);
  });
});
