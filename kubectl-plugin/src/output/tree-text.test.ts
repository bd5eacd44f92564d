import type { TreeNodeView, TreeView } from '@vm-migrate/api';
import fc from 'fast-check';
import { displayWidth } from './display-width';
import { tree } from '../testing/fixtures';
import { HOSTILE_NAMES } from './hostile-names';
import { PLAIN, type Style } from './style';
import { treeText } from './tree-text';

const style: Style = { palette: PLAIN, width: 80, symbols: 'unicode' };

it('draws the example VM as a person would', () => {
  const lines = treeText(tree('before'), style).split('\n');
  expect(lines.slice(0, 30)).toEqual([
    'lab/Büro-Server "Alpha" – пример',
    'powered off, 6 snapshots, 2 disks of 512 MiB in all, times in UTC',
    '/srv/vms/beispiel/Beispiel VM.vmx',
    'no migration yet',
    '',
    '○  "Fresh install"   #1   2023-05-17 09:30Z   quiesced',
    '│  Straight from the installer.',
    '│  scsi0:0  Beispiel VM.vmdk           -  not migrated',
    '│',
    '○  Before "5.0" upgrade   #2   2023-05-17 09:37Z   memory not carried',
    '│  with | bars and 50 % of the disk',
    '│  scsi0:0  Beispiel VM-000001.vmdk    -  not migrated',
    '│',
    '├─╮',
    '│ ○  Versuch: andere Bibliothek   #4   2023-05-17 09:51Z',
    '│    side branch',
    '│    scsi0:0  Beispiel VM-000003.vmdk    -  not migrated',
    '│',
    '○  Datenbank dazu / база данных   #3   2023-05-17 09:44Z',
    '│  scsi0:0  Beispiel VM-000002.vmdk    -  not migrated',
    '│  scsi0:1  Beispiel VM_1.vmdk         -  not migrated',
    '│',
    '├─╮',
    '│ ○  nach dem Test 100 % grün   #5   2023-05-17 09:58Z',
    '│    leaf',
    '│    scsi0:0  Beispiel VM-000004.vmdk    -  not migrated',
    '│    scsi0:1  Beispiel VM_1-000001.vmdk  -  not migrated',
    '│',
    '○  本番前 ✓   #6',
    '│  scsi0:0  Beispiel VM-000005.vmdk    -  not migrated',
  ]);
});

it('shows each VolumeSnapshot with digest and proof: beside its disk, or under it where that is too wide', () => {
  const find = (width: number): string[] => {
    const lines = treeText(tree('migrated'), { ...style, width }).split('\n');
    const at = lines.findIndex(line => line.includes('VM-000001.vmdk'));
    return lines.slice(at, at + 3);
  };
  expect(find(160)[0]).toBe(
    '│  scsi0:0  Beispiel VM-000001.vmdk    5.0 MiB  migrated  → buro-server-alpha-scsi0-0-before-5-0-upgrade-4ceceef0c1  4ceceef0c177  volume read back',
  );
  expect(find(80)).toEqual([
    '│  scsi0:0  Beispiel VM-000001.vmdk    5.0 MiB  migrated',
    '│           → buro-server-alpha-scsi0-0-before-5-0-upgrade-4ceceef0c1',
    '│             4ceceef0c177  volume read back',
  ]);
});

it('says where a snapshot that is not kept ends up', () => {
  const view = tree('migrated');
  const nodes = view.nodes.map(node =>
    node.id === '5' ? { ...node, kept: false, mergedInto: '6' } : node,
  );
  expect(treeText({ ...view, nodes }, style)).toContain(
    '◌  nach dem Test 100 % grün   #5   2023-05-17 09:58Z   merged into 本番前 ✓',
  );
});

const name = fc.oneof(fc.constantFrom(...HOSTILE_NAMES), fc.string({ unit: 'binary' }));

it('whatever the names are: no line too wide, nothing that acts, every snapshot once', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ parent: fc.nat(), name, description: name, file: name, memory: fc.boolean() }),
        { minLength: 1, maxLength: 25 },
      ),
      fc.integer({ min: 60, max: 160 }),
      (points, width) => {
        const base = tree('migrated');
        const [disk] = base.nodes[0]?.disks ?? [];
        if (disk === undefined) throw new Error('the fixture has a disk');
        const nodes = points.map((point, index): TreeNodeView => ({
          id: String(index),
          parentId: index === 0 ? null : String(point.parent % index),
          name: point.name,
          description: point.description,
          createdAt: null,
          quiesced: null,
          memory: point.memory,
          kept: true,
          mergedInto: null,
          disks: [{ ...disk, layerFile: point.file }],
        }));
        const view: TreeView = { ...base, vm: points[0]?.name ?? '', nodes, findings: [] };
        const lines = treeText(view, { ...style, width }).split('\n');
        for (const line of lines) {
          expect(displayWidth(line)).toBeLessThanOrEqual(width);
          expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        }
        expect(lines.filter(line => /^[│ ]*[●○] {2}/.test(line))).toHaveLength(points.length);
      },
    ),
    { numRuns: 60 },
  );
});
