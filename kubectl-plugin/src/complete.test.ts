import { candidates } from './complete';
import { VERBS } from './verbs';

const offered = (...words: string[]) =>
  candidates(words, VERBS).lines.map(line => line.split('\t')[0]);

describe('completion', () => {
  it('offers verbs with their meaning, and none that is hidden', () => {
    expect(offered('')).toEqual(
      VERBS.filter(({ group }) => group !== 'hidden').map(({ name }) => name),
    );
    expect(candidates(['pla'], VERBS)).toEqual({
      lines: [expect.stringMatching(/^plan\t\w/)],
      directive: 4,
    });
  });

  it('offers fixed words and options of the verb', () => {
    expect(offered('get', 's')).toEqual(['sources', 'snapshots']);
    expect(offered('get', 'vms', '')).toEqual([]);
    expect(offered('cancel', 'm-1', '--keep')).toEqual(['--keep-all', '--keep-snapshots']);
    expect(offered('wait', 'm-1', '--for', '')).toEqual(['migrated', 'verified']);
    expect(offered('get', 'vms', '-o', 'j')).toEqual(['json']);
  });

  it('leaves files to the shell where a path may stand', () => {
    expect(candidates(['plan', ''], VERBS).directive).toBe(0);
    expect(candidates(['plan', 'x', '--bundle', ''], VERBS).directive).toBe(0);
    expect(candidates(['get', ''], VERBS).directive).toBe(4);
  });
});
