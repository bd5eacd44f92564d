import { execFileSync } from 'node:child_process';
import { firstLine, printable, shellWord } from './escape';
import { HOSTILE_NAMES } from './hostile-names';

describe('printable', () => {
  it.each([
    ['plain', 'plain'],
    ['本番前 ✓ ü', '本番前 ✓ ü'],
    ['a\nb\r\tc', 'a\\nb\\r\\tc'],
    ['\x1b[31mred', '\\x1b[31mred'],
    ['\x9b31m', '\\x9b31m'],
    ['photo\u202egpj.exe', 'photo\\u202egpj.exe'],
    ['zero\u200bwidth\ufeff', 'zero\\u200bwidth\\ufeff'],
    ['half \ud800 pair', 'half \\ud800 pair'],
    ['C:\\new', 'C:\\\\new'],
    ['C:\\data', 'C:\\data'],
    ['👩‍👧', '👩‍👧'],
  ])('%j is shown as %j', (name, shown) => {
    expect(printable(name)).toBe(shown);
  });

  it.each(HOSTILE_NAMES)('leaves nothing that acts in %j', name => {
    expect(printable(name)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
  });

  it('takes the first line that says something', () => {
    expect(firstLine('\r\n  \nStraight from the installer.\nNo updates yet.')).toBe(
      'Straight from the installer.',
    );
  });
});

describe('shellWord', () => {
  it.each(
    [...HOSTILE_NAMES, 'lab/web', `it's "quoted" $HOME \`x\``, '\n0', 'ü –'].map(name =>
      name.replaceAll('\0', '').toWellFormed(),
    ),
  )('bash reads %j back as it was', name => {
    const read = execFileSync('bash', ['-c', `printf %s ${shellWord(name)}`], { encoding: 'utf8' });
    expect(read).toBe(name);
  });
});
