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
    const expanded =
      row.kind === 'point' && row.isExpanded !== undefined ? (row.isExpanded ? ' -' : ' +') : '';
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
  it('a fork is a level of its own, and disks are below their point', () => {
    const rows = gridRows(railRows(history, 'current'), new Set(['D3']));
    expect(shown(rows)).toEqual([
      '1 1/3 point B -',
      '2 1/2 point D3 -',
      '3 1/2 disk 0 D3',
      '3 2/2 disk 1 D3',
      '2 2/2 point D4 +',
      '1 2/3 point D1 +',
      '1 3/3 point current',
    ]);
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
          if (row.kind === 'point') expect(row.isExpanded === true).toBe(below);
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
