import type { PlanView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { migrationOptions } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { acceptedOf, openFindings } from '../../parts/accepted';
import { DAY_MS, NOTHING_CHOSEN, optionsOf, type Draft } from './draft';
import { vmGroups } from './vm-groups';

const snapshot = (id: string, name: string): PlanView['snapshots'][number] => ({
  id,
  name,
  description: '',
  kept: true,
  costBytes: 0,
  volumeSnapshotIds: [],
});
const snapshots = [snapshot('1', 'first'), snapshot('2', 'weekly'), snapshot('3', 'weekly')];

describe('options of a draft', () => {
  it.each<[string, Partial<Draft>, object]>([
    ['nothing', {}, {}],
    ['all of the newest', { rule: 'newest' }, {}],
    ['newest', { rule: 'newest', newest: 0 }, { keep: { rule: 'newest', count: 0 } }],
    ['age', { rule: 'age', days: 7 }, { keep: { rule: 'age', maxAgeMs: 7 * DAY_MS } }],
    [
      'names, where two have one name by their ids',
      { rule: 'names', keptIds: new Set(['1', '3']) },
      { keep: { rule: 'names', names: ['first', '3'] } },
    ],
    [
      'where to',
      { target: 'cluster', storageClass: 'fast', classByDisk: { a: 'slow', b: 'slow' } },
      {
        target: 'cluster',
        storageClass: 'fast',
        storageClassByDisk: { a: 'slow', b: 'slow' },
      },
    ],
    [
      'a disk that is left out needs no class',
      { leftOut: new Set(['b']), classByDisk: { b: 'slow' } },
      { leaveOutDisks: ['b'] },
    ],
    ['a prefix that is half typed', { namePrefix: 'web-' }, {}],
    [
      'the rest',
      { namePrefix: 'web', cutCurrent: true, sampleWindows: 0 },
      { namePrefix: 'web', cutCurrent: true, sampleWindows: 0 },
    ],
  ])('%s', (_name, chosen, options) => {
    const said = optionsOf({ ...NOTHING_CHOSEN, ...chosen }, snapshots);
    expect(said).toEqual(options);
    expect(migrationOptions.parse(said)).toEqual(options);
  });
});

describe('findings before a start', () => {
  const finding = (id: string, severity: 'blocks' | 'warns', acceptable: boolean) => ({
    id,
    kind: 'kind',
    severity,
    object: '',
    cause: '',
    remedy: '',
    acceptable,
  });
  const findings = [
    finding('a', 'blocks', true),
    finding('b', 'blocks', false),
    finding('c', 'warns', true),
  ];

  it('are those that block and are not accepted, whatever was accepted of other plans', () => {
    const accepted = new Set(['a', 'b', 'of another plan']);
    expect(acceptedOf(findings, accepted)).toEqual(['a']);
    expect(openFindings(findings, accepted).map(({ id }) => id)).toEqual(['b']);
    expect(openFindings(findings, new Set()).map(({ id }) => id)).toEqual(['a', 'b']);
  });
});

describe('VMs to choose from', () => {
  const vm = (source: string, name: string) => ({
    source,
    id: name,
    name,
    location: `/vms/${name}`,
    snapshots: null,
    migration: null,
    error: null,
  });
  const vms = [vm('lab', 'web-10'), vm('attic', 'old'), vm('lab', 'web-9'), vm('lab', 'db')];

  it('are under their sources, by their names as people count, the rest by number', () => {
    expect(
      vmGroups(vms, '', 2).map(({ source, vms: of, more }) => [source, of.length, more]),
    ).toEqual([
      ['lab', 2, 1],
      ['attic', 1, 0],
    ]);
    const [lab] = vmGroups(vms, ' LAB  web ', 10);
    expect(lab?.vms.map(({ name }) => name)).toEqual(['web-9', 'web-10']);
  });
});
