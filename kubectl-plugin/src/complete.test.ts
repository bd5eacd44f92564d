import { candidates } from './complete';
import { VERBS } from './verbs';

const offered = (...words: string[]) =>
  candidates(words, VERBS).lines.map(line => line.split('\t')[0]);

describe('completion', () => {
  it('offers verbs with their meaning, and none that is hidden', () => {
    expect(offered('')).toEqual(
      VERBS.filter(({ group, name }) => group !== 'hidden' && !name.includes(' ')).map(
        ({ name }) => name,
      ),
    );
    expect(candidates(['pla'], VERBS)).toMatchObject({
      lines: [expect.stringMatching(/^plan\t\w/)],
      directive: 4,
    });
  });

  it('offers the second word of a verb, and then its options', () => {
    expect(offered('worker', '')).toEqual(['deploy']);
    expect(offered('worker', 'deploy', '--post')).toContain('--postgres');
    expect(offered('worker', '--post')).toEqual([]);
  });

  it('offers fixed words and options of the verb', () => {
    expect(offered('get', 's')).toEqual(['sources', 'snapshots']);
    expect(offered('get', 'vms', '')).toEqual([]);
    expect(offered('cancel', 'm-1', '--keep')).toEqual(['--keep-all', '--keep-snapshots']);
    expect(offered('wait', 'm-1', '--for', '')).toEqual(['migrated', 'verified']);
    expect(offered('get', 'vms', '-o', 'j')).toEqual(['json']);
  });

  it('asks for the names that fit the place, and for none where there are fixed words', () => {
    const names = (...words: string[]) => candidates(words, VERBS).names;
    expect(names('plan', '')).toEqual(['vm']);
    expect(names('start', 'lab/a', '')).toEqual(['vm']);
    expect(names('plan', 'lab/a', '')).toEqual([]);
    expect(names('tree', '--output', 'json', '')).toEqual(['vm', 'migration']);
    expect(names('wait', 'm-1', '--for', '')).toEqual([]);
    expect(names('get', 'vms', '')).toEqual(['source']);
    expect(names('get', 'layers', '')).toEqual(['migration', 'group']);
    expect(names('get', 'workers', '')).toEqual([]);
    expect(names('get', '')).toEqual([]);
    expect(names('start', 'lab/a', '--target', '')).toEqual(['target']);
    expect(candidates(['start', 'lab/a', '--accept', ''], VERBS)).toMatchObject({
      names: ['finding'],
      given: ['lab/a'],
      directive: 4,
    });
    expect(names('pla')).toEqual([]);
    expect(names('plan', '--')).toEqual([]);
  });

  it('leaves files to the shell where a path may stand', () => {
    expect(candidates(['plan', ''], VERBS).directive).toBe(0);
    expect(candidates(['plan', 'x', '--bundle', ''], VERBS).directive).toBe(0);
    expect(candidates(['start', '--plan', ''], VERBS).directive).toBe(0);
    expect(candidates(['start', '-f', ''], VERBS).directive).toBe(0);
    expect(candidates(['get', ''], VERBS).directive).toBe(4);
  });
});
