import fc from 'fast-check';
import { eastAsianWidth } from 'get-east-asian-width';
import { clip, displayWidth, padEnd, shortenMiddle, wrapWords } from './display-width';
import { COLORS } from './style';

describe('display width', () => {
  it.each([
    ['abc', 3],
    ['ü', 1],
    ['u\u0308', 1],
    ['本番前 ✓', 8],
    ['база', 4],
    ['한국', 4],
    ['👩‍👧', 2],
    ['🇩🇪', 2],
    [COLORS.red('abc'), 3],
  ])('%j takes %d columns', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  it('agrees with the Unicode tables on every letter, symbol and digit', () => {
    const wrong: string[] = [];
    for (let code = 0x21; code < 0x32000; code += 1) {
      const char = String.fromCodePoint(code);
      const single =
        /^[\p{L}\p{N}\p{S}\p{P}]$/u.test(char) &&
        !/^[\u1160-\u11ff\ud7b0-\ud7fb\u{1f1e6}-\u{1f1ff}]$/u.test(char);
      if (single && displayWidth(char) !== eastAsianWidth(code))
        wrong.push(`U+${code.toString(16)} ${displayWidth(char)}`);
    }
    expect(wrong).toEqual([]);
  });
});

describe('cutting', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 60 }).filter(each => !/\p{Cc}/u.test(each));

  it('shortens in the middle, keeping start and end', () => {
    expect(shortenMiddle('buro-server-62f24a70bd', 12, 'unicode')).toBe('buro-s…a70bd');
    expect(shortenMiddle('buro-server-62f24a70bd', 12, 'ascii')).toBe('buro-..a70bd');
    expect(shortenMiddle('本番前本番前', 7, 'unicode')).toBe('本番…前');
  });

  it('never takes more columns than it may', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 40 }), (each, width) => {
        expect(displayWidth(shortenMiddle(each, width, 'unicode'))).toBeLessThanOrEqual(width);
        expect(displayWidth(clip(COLORS.red(each) + each, width))).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('closes a colour that it cuts', () => {
    expect(clip(COLORS.red('abcdef'), 3)).toBe('\x1b[31mabc\x1b[0m');
  });

  it('pads by columns, not by characters', () => {
    expect(padEnd('本', 4)).toBe('本  ');
  });

  it('wraps prose at spaces and breaks only a word that has no room', () => {
    expect(wrapWords('Shut the guest down and load', 10)).toEqual([
      'Shut the',
      'guest down',
      'and load',
    ]);
    expect(wrapWords('abcdefghijkl mn', 5)).toEqual(['abcde', 'fghij', 'kl mn']);
  });
});
