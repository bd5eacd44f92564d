import { migrationOptions as operationOptions } from '@vm-migrate/api';
import { parseLine } from './arguments';
import { ageMs, migrationOptions, optionWords } from './migration-options';
import { UsageError } from './usage-error';
import { VERBS } from './verbs';

const DAY_MS = 86_400_000;

describe('options of a migration', () => {
  it.each([
    [['all'], { rule: 'all' }],
    [['newest=3'], { rule: 'newest', count: 3 }],
    [['names=a,b c'], { rule: 'names', names: ['a', 'b c'] }],
    [['name=a, or b', 'name=c'], { rule: 'names', names: ['a, or b', 'c'] }],
    [['age=30d'], { rule: 'age', maxAgeMs: 30 * DAY_MS }],
  ])('--keep %j', (keep, rule) => {
    expect(migrationOptions({ keep }).keep).toEqual(rule);
    expect(operationOptions.parse({ keep: rule }).keep).toEqual(rule);
  });

  it.each([
    [['newest']],
    [['newest=x']],
    [['names=']],
    [['age=3 days']],
    [['age=0d']],
    [['some']],
    [['all', 'newest=1']],
  ])('refuses --keep %j', keep => {
    expect(() => migrationOptions({ keep })).toThrow(UsageError);
  });

  it('--disk-class splits at the last sign', () => {
    expect(
      migrationOptions({ diskClass: ['scsi0:1=fast', 'a=b.vmdk=slow'] }).storageClassByDisk,
    ).toEqual({ 'scsi0:1': 'fast', 'a=b.vmdk': 'slow' });
    expect(() => migrationOptions({ diskClass: ['fast'] })).toThrow(UsageError);
  });

  it('nothing given leaves every choice to the defaults', () => {
    expect(migrationOptions({ cutCurrent: false })).toEqual({});
  });

  it('the words of a command to paste mean the same again', () => {
    const line = [
      'plan',
      'vm',
      '--keep',
      'name=it\'s "5"',
      '--leave-out',
      'scsi0:1',
      '--disk-class',
      'scsi0:2=fast',
      '--cut-current',
      '--sample',
      '3',
      '--target',
      't',
    ];
    const { args } = parseLine(line, VERBS);
    const words = optionWords(args).map(word =>
      word.replace(/^'(.*)'$/s, '$1').replaceAll(`'\\''`, "'"),
    );
    expect(migrationOptions(parseLine(['plan', 'vm', ...words], VERBS).args)).toEqual(
      migrationOptions(args),
    );
  });

  it('ages', () => {
    expect(ageMs('90m')).toBe(90 * 60_000);
    expect(ageMs('2w')).toBe(14 * DAY_MS);
    expect(() => ageMs('soon')).toThrow(UsageError);
  });
});
