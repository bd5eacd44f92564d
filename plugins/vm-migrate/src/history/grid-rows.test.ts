import fc from 'fast-check';
import type { TreeDiskView, TreeNodeView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { gridRows, type GridRow } from './grid-rows';
import { railRows } from './rails';

const disk: TreeDiskView = {
  disk: 'scsi0:0',
  layerFile: 'a.vmdk',
  format: 'hosted-sparse',
  dataBytes: 1,
  zeroBytes: 0,
  flag: null,
  state: 'not migrated',
  stage: 'not-migrated',
  step: null,
  volumeSnapshot: null,
};

const point = (id: string, parentId: string | null, disks = 1): TreeNodeView => ({
  id,
  parentId,
  name: id,
  description: '',
  createdAt: null,
  quiesced: null,
  memory: false,
  kept: true,
  mergedInto: null,
  disks: Array.from({ length: disks }, () => disk),
});

const shown = (rows: readonly GridRow[]) =>
  rows.map(row => {
    const expanded = row.kind === 'point' && row.canOpen ? (row.isOpen ? ' -' : ' +') : '';
    return `${row.level} ${row.position}/${row.setSize} ${row.key}${expanded}`;
  });

const history = [
  point('B', null),
  point('D1', 'B'),
  point('D3', 'B', 2),
  point('D4', 'D3'),
  point('current', 'D1', 0),
];

describe('gridRows', () => {
  it('points are the first level, and what is open is below them', () => {
    const rows = gridRows(railRows(history, 'current'), new Set(['D3', 'current']));
    expect(shown(rows)).toEqual([
      '1 1/5 point B +',
      '1 2/5 point D3 -',
      '2 1/2 disk 0 D3',
      '2 2/2 disk 1 D3',
      '1 3/5 point D4 +',
      '1 4/5 point D1 +',
      // It has nothing to show.
      '1 5/5 point current',
    ]);
  });

  it('what does not follow the point above it says what it grew from', () => {
    const origins = gridRows(railRows([...history, point('X', null)], 'current'), new Set(['D3']))
      .flatMap(row => (row.kind === 'point' ? [row] : []))
      .map(({ rail, origin }) =>
        [rail.point.id, origin?.is, origin !== undefined && 'from' in origin ? origin.from.id : '']
          .join(' ')
          .trim(),
      );
    expect(origins).toEqual(['B', 'D3 branch B', 'D4', 'D1 next B', 'current', 'X first']);
  });

  it('what is open, the levels and the sets agree, whatever the history', () => {
    const histories = fc
      .array(fc.record({ parent: fc.nat(), disks: fc.nat(3), open: fc.boolean() }), {
        minLength: 1,
        maxLength: 40,
      })
      .map(points => ({
        points: points.map(({ parent, disks }, at) =>
          point(`${at}`, at === 0 ? null : `${parent % at}`, disks),
        ),
        open: new Set(points.flatMap(({ open }, at) => (open ? [`${at}`] : []))),
      }));
    fc.assert(
      fc.property(histories, ({ points, open }) => {
        const rows = gridRows(railRows(points, `${points.length - 1}`), open);
        for (const [index, row] of rows.entries()) {
          const below = (rows[index + 1]?.level ?? 0) > row.level;
          if (below) expect(rows[index + 1]?.level).toBe(row.level + 1);
          if (row.kind === 'point') expect(row.isOpen).toBe(below);
          // The set, the slow way: the rows of this level around it that nothing lower parts from it.
          const end = (step: 1 | -1): number => {
            let at = index;
            while ((rows[at + step]?.level ?? 0) >= row.level) at += step;
            return at;
          };
          const first = end(-1);
          const set = rows.slice(first, end(1) + 1).filter(({ level }) => level === row.level);
          expect([row.position, row.setSize]).toEqual([set.indexOf(row) + 1, set.length]);
        }
      }),
    );
  });
});
