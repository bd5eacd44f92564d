import { ACTS, isAllMigrated, refusalOf, type Act } from './acts';

type Migration = Parameters<typeof refusalOf>[1];

const error = { code: 'VOLUME_IO', message: 'The volume does not answer.' };
const running: Migration = { state: 'running', wanted: 'run', error: null };

describe('what may be done with a migration', () => {
  it.each<[string, Migration, readonly Act[]]>([
    ['running', running, ['pause', 'cancel']],
    ['running, with a step that failed', { ...running, error }, ['pause', 'retry', 'cancel']],
    ['about to pause', { ...running, wanted: 'pause' }, ['resume', 'cancel']],
    ['being canceled', { ...running, wanted: 'cancel' }, ['cancel']],
    ['paused', { state: 'paused', wanted: 'pause', error: null }, ['resume', 'cancel']],
    ['failed', { state: 'failed', wanted: 'run', error }, ['pause', 'retry', 'cancel']],
    ['migrated', { state: 'migrated', wanted: 'run', error: null }, []],
    ['canceled', { state: 'canceled', wanted: 'cancel', error }, []],
  ])('%s', (_name, migration, acts) => {
    expect(ACTS.filter(act => refusalOf(act, migration) === undefined)).toEqual(acts);
  });
});

it.each([
  ['with layers that are not wanted, and all others migrated', [5, 4, 1], [3, 3], true],
  ['with a layer to write', [5, 3, 1], [3, 3], false],
  ['with a snapshot to cut', [5, 5, 0], [3, 2], false],
] as const)('all is on the target: %s', (_, [total, migrated, notWanted], [kept, ready], all) => {
  const layers = { total, migrated, notWanted };
  expect(isAllMigrated({ layers, snapshots: { total: kept, ready } })).toBe(all);
});
