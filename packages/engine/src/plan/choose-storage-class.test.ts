import type { StorageClass } from '../targets/target';
import { storageClass } from '../testing/plan-input';
import { tree } from '../testing/tree-notation';
import { chooseStorageClasses } from './choose-storage-class';

const { disks } = tree({ 'scsi0:0': 'A*', 'scsi0:1': 'B*' });
const named = (name: string, facts: Partial<StorageClass> = {}): StorageClass =>
  storageClass({ name, isDefault: false, ...facts });
const plain = named('plain', { snapshots: { how: 'none', reason: 'its driver has no snapshots' } });

function choose(
  classes: readonly StorageClass[],
  options: { storageClass?: string; storageClassByDisk?: Record<string, string> } = {},
): { readonly chosen: readonly (string | undefined)[]; readonly findings: readonly string[] } {
  const choice = chooseStorageClasses(disks, { storageClassByDisk: {}, ...options }, { classes });
  return {
    chosen: disks.map(({ id }) => choice.byDisk.get(id)?.name),
    findings: choice.findings.map(({ id }) => id),
  };
}

describe('one common class', () => {
  const a = named('a');
  const b = named('b');
  const theDefault = named('std', { isDefault: true });

  it.each([
    ['the named one, without a word', [a, theDefault], { storageClass: 'a' }, 'a', []],
    ['else the default', [a, theDefault], {}, 'std', ['class-chosen:std']],
    ['else the only one', [a], {}, 'a', ['class-chosen:a']],
    ['else the only one that takes snapshots', [plain, b], {}, 'b', ['class-chosen:b']],
  ])('is %s', (_, classes, options, expected, findings) => {
    expect(choose(classes, options)).toEqual({ chosen: [expected, expected], findings });
  });

  it.each([
    ['no default', [a, b]],
    [
      'two defaults',
      [named('a', { isDefault: true }), named('b', { isDefault: true }), named('c')],
    ],
  ])('is not guessed with %s: a finding names the candidates', (_, classes) => {
    const choice = chooseStorageClasses(disks, { storageClassByDisk: {} }, { classes });
    expect(choice.byDisk.size).toBe(0);
    expect(choice.findings).toEqual([
      expect.objectContaining({
        id: 'class-not-chosen:common',
        severity: 'blocks',
        acceptable: false,
        remedy: 'Name one with --storage-class: a, b.',
      }),
    ]);
  });

  it('may be overridden for a disk, which is a finding', () => {
    expect(choose([a, theDefault], { storageClassByDisk: { 'scsi0:1': 'a' } })).toEqual({
      chosen: ['std', 'a'],
      findings: ['class-chosen:std', 'classes-differ:a,std'],
    });
  });

  it('is not needed when every disk has its own', () => {
    const options = { storageClassByDisk: { 'scsi0:0': 'a', 'scsi0:1': 'a' } };
    expect(choose([a, b], options)).toEqual({ chosen: ['a', 'a'], findings: [] });
  });
});

describe('a class without snapshots', () => {
  it.each([
    ['named', [plain, named('good')], { storageClass: 'plain' }],
    [
      'for one disk',
      [plain, named('good', { isDefault: true })],
      { storageClassByDisk: { 'scsi0:0': 'plain' } },
    ],
    ['the default', [{ ...plain, isDefault: true }, named('good')], {}],
  ])('is refused when it is %s, naming those that would do', (_, classes, options) => {
    expect(() => choose(classes, options)).toThrow(
      expect.objectContaining({
        code: 'CLASS_WITHOUT_SNAPSHOTS',
        found: 'its driver has no snapshots',
        hint: 'These would do: good. Name one with --storage-class.',
      }),
    );
  });

  it('is refused where there is no other', () => {
    expect(() => choose([plain])).toThrow(
      expect.objectContaining({ code: 'CLASS_WITHOUT_SNAPSHOTS' }),
    );
    expect(() => choose([])).toThrow(expect.objectContaining({ code: 'CLASS_NOT_FOUND' }));
  });
});

it('refuses a class that the target does not have', () => {
  expect(() => choose([named('a')], { storageClass: 'z' })).toThrow(
    expect.objectContaining({ code: 'CLASS_NOT_FOUND', expected: 'one of a' }),
  );
});
