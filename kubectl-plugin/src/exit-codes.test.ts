import { EXIT, exitOfAll } from './exit-codes';
import { exitOfMigrations } from './follow';

describe('exit codes', () => {
  it('of several: all alike, or some failed', () => {
    expect(exitOfAll([])).toBe(EXIT.done);
    expect(exitOfAll([EXIT.done, EXIT.done])).toBe(EXIT.done);
    expect(exitOfAll([EXIT.failed, EXIT.failed])).toBe(EXIT.failed);
    expect(exitOfAll([EXIT.done, EXIT.failed])).toBe(EXIT.someFailed);
    expect(exitOfAll([EXIT.usage, EXIT.failed, EXIT.done])).toBe(EXIT.someFailed);
    expect(exitOfAll([EXIT.done, EXIT.someFailed])).toBe(EXIT.someFailed);
  });

  it('of migrations: 3 only when some came through', () => {
    expect(exitOfMigrations([{ state: 'migrated' }, { state: 'migrated' }])).toBe(EXIT.done);
    expect(exitOfMigrations([{ state: 'failed' }])).toBe(EXIT.failed);
    expect(exitOfMigrations([{ state: 'migrated' }, { state: 'canceled' }])).toBe(EXIT.someFailed);
  });

  it('are the ones that scripts know', () => {
    expect(EXIT).toEqual({
      done: 0,
      failed: 1,
      usage: 2,
      someFailed: 3,
      timedOut: 4,
      interrupted: 130,
      terminated: 143,
    });
  });
});
