import { ObjectNames, slug } from './object-names';

describe('slug', () => {
  it.each([
    ['web-1', 'web-1'],
    ['Büro Server #2', 'buro-server-2'],
    ['--a--b--', 'a-b'],
    ['服务器', 'vm'],
    ['сервер 2', 'vm'],
    ['7', '7'],
    ['', 'vm'],
    ['../../etc', 'etc'],
    ['x'.repeat(80), 'x'.repeat(24)],
    ['it\'s "quoted"\n', 'it-s-quoted'],
  ])('of %j is %j', (text, expected) => {
    expect(slug(text, 'vm')).toBe(expected);
  });
});

describe('object names', () => {
  it('are the same for the same identity and differ for another', () => {
    const name = (id: string): string => new ObjectNames().name(['vm', 'scsi0-0'], ['lab', id], 55);
    expect(name('one')).toBe(name('one'));
    expect(name('one')).not.toBe(name('two'));
    expect(name('one')).toMatch(/^vm-scsi0-0-[0-9a-f]{10}$/);
  });

  it('do not run together: parts of an identity are apart', () => {
    const names = new ObjectNames();
    expect(names.name(['a'], ['x', 'yz'], 55)).not.toBe(names.name(['a'], ['xy', 'z'], 55));
  });

  it('are never given twice, and never longer than asked', () => {
    const names = new ObjectNames();
    const twice = [
      names.name(['v'.repeat(70)], ['x'], 55),
      names.name(['v'.repeat(70)], ['x'], 55),
    ];
    expect(new Set(twice).size).toBe(2);
    expect(twice.map(name => name.length)).toEqual([55, 55]);
  });

  it('end in no dash where the words are cut', () => {
    expect(new ObjectNames().name(['abcd-efgh'], ['x'], 16)).toMatch(/^abcd-[0-9a-f]{10}$/);
  });
});
