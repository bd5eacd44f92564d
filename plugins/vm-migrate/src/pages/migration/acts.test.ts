import type { MigrationView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { ACTS, commandOf, refusalOf } from './acts';

type Facts = Pick<MigrationView, 'state' | 'wanted' | 'error' | 'snapshots'>;
const running: Facts = {
  state: 'running',
  wanted: 'run',
  error: null,
  snapshots: { total: 2, ready: 0 },
};
const error = { code: 'VOLUME_FULL', message: 'full' };

const refusals = (migration: Facts, mayControl: boolean | undefined = true) =>
  ACTS.map(act => `${act}: ${refusalOf(act, { migration, mayControl }) ?? 'may'}`);

describe('acts', () => {
  it.each<[string, Facts, string[]]>([
    [
      'runs',
      running,
      [
        'pause: may',
        'resume: isRunning',
        'retry: nothingFailed',
        'verify: nothingReady',
        'cancel: may',
      ],
    ],
    [
      'is paused, with a step that failed and a snapshot that is ready',
      { ...running, state: 'paused', wanted: 'pause', error, snapshots: { total: 2, ready: 1 } },
      ['pause: isPaused', 'resume: may', 'retry: may', 'verify: may', 'cancel: may'],
    ],
    [
      'is migrated',
      { ...running, state: 'migrated', snapshots: { total: 2, ready: 2 } },
      [
        'pause: isMigrated',
        'resume: isMigrated',
        'retry: isMigrated',
        'verify: may',
        'cancel: isMigrated',
      ],
    ],
    [
      'is being canceled: only to cancel again helps, when it did not end',
      { ...running, wanted: 'cancel' },
      [
        'pause: isStopping',
        'resume: isStopping',
        'retry: isStopping',
        'verify: nothingReady',
        'cancel: may',
      ],
    ],
  ])('of a migration that %s', (_what, migration, expected) => {
    expect(refusals(migration)).toEqual(expected);
  });

  it('nobody acts without the permission, or before it is known', () => {
    expect(new Set(refusals(running, false).map(line => line.split(': ')[1]))).toEqual(
      new Set(['notAllowed']),
    );
    expect(refusalOf('pause', { migration: running, mayControl: undefined })).toBe(
      'unknownPermission',
    );
  });

  it('each has its command', () => {
    expect(commandOf('cancel', 'm-1', 'remove-all')).toBe(
      'kubectl vm-migrate cancel m-1 --remove-all',
    );
    expect(commandOf('verify', 'm-1')).toBe('kubectl vm-migrate verify m-1 --full');
  });
});
