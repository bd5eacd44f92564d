import iconv from 'iconv-lite';

import { parseDictionary, unescapePercents } from './dictionary';

const parse = (text: string, encoding = 'utf8') =>
  parseDictionary('vm.vmx', iconv.encode(text, encoding));
const refusal = (text: string, encoding?: string) => {
  try {
    parse(text, encoding);
  } catch (error) {
    return error;
  }
  return 'accepted';
};

describe('the dictionary of .vmx and .vmsd', () => {
  it('reads quoted, bare, spaced and unspaced assignments, LF and CRLF alike', () => {
    const text =
      '.encoding = "UTF-8"\r\n#!/usr/bin/vmware\r\n\r\n  memSize="4096"\r\nguestOS = other-64\r\n\tnote =  ""  \r\nlast = "a = b"';
    for (const form of [text, text.replaceAll('\r\n', '\n')]) {
      const found = parse(form);
      expect([...found.keys()].map(key => [key, found.get(key)])).toEqual([
        ['.encoding', 'UTF-8'],
        ['memsize', '4096'],
        ['guestos', 'other-64'],
        ['note', ''],
        ['last', 'a = b'],
      ]);
    }
  });

  it('finds keys in any case', () => {
    const found = parse('SCSI0:0.FileName = "Disk.vmdk"\nscsi0:0.PRESENT = "true"');
    expect(found.get('scsi0:0.filename')).toBe('Disk.vmdk');
    expect(found.isTrue('Scsi0:0.present')).toBe(true);
  });

  it('undoes |XX, also for characters above ASCII, and leaves a bar that is none', () => {
    expect(parse('a = "say |22hi|22|0Aa|7Cb |E2|9C|93 x|y"').get('a')).toBe('say "hi"\na|b ✓ x|y');
  });

  it.each([
    ['windows-1252', 'Müller – 100 €'],
    ['windows-1251', 'Сервер'],
    // The second byte of ポ is 7C, a bar, and that of ソ is 5C.
    ['Shift_JIS', 'ポート ソフト'],
    ['GBK', '虚拟机'],
    ['UTF-8', '本番 ✓'],
  ])('decodes %s when the file says so', (encoding, name) => {
    expect(
      parse(`.encoding = "${encoding}"\r\ndisplayName = "${name}"\r\n`, encoding).get(
        'displayname',
      ),
    ).toBe(name);
  });

  it('takes bytes that are not UTF-8 for windows-1252 when the file names no encoding, or a wrong one', () => {
    expect(parse('displayName = "Müller"', 'windows-1252').get('displayName')).toBe('Müller');
    expect(
      parse('.encoding = "UTF-8"\ndisplayName = "Müller"', 'windows-1252').get('displayName'),
    ).toBe('Müller');
  });

  it('skips a byte order mark', () => {
    expect(parse('\ufeff.encoding = "UTF-8"\na = "1"').get('.encoding')).toBe('UTF-8');
  });

  it('keeps __proto__ and constructor as keys and touches no prototype', () => {
    const found = parse(
      '__proto__.polluted = "yes"\n__proto__ = "x"\nconstructor.prototype.polluted = "yes"',
    );
    expect(found.get('__proto__')).toBe('x');
    expect(found.get('toString')).toBeUndefined();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('accepts a key twice with one value, and refuses it with two when it is asked for', () => {
    const found = parse('a = "1"\nb = "1"\nA = "1"\nB = "2"');
    expect(found.get('a')).toBe('1');
    expect(() => found.get('b')).toThrow(
      expect.objectContaining({ code: 'VM_INVALID', where: { file: 'vm.vmx', line: 4 } }),
    );
  });

  it.each([
    ['a line that is no assignment', 'a = "1"\r\nwhat is this\r\n', 2],
    ['a quote that is not closed', 'a = "1"\nb = "1', 2],
    ['text behind the closing quote', 'a = "1" 2"3" x', 1],
    ['a line without a key', '= "1"', 1],
    ['a NUL', 'a = "1"\nb = "\0"', 2],
    ['an unknown encoding', 'x = "1"\n.encoding = "klingon"', 2],
    ['an encoding that is none', '.encoding = "base64"', 1],
  ])('refuses %s with the line', (_what, text, line) => {
    expect(refusal(text)).toMatchObject({ code: 'VM_INVALID', where: { file: 'vm.vmx', line } });
  });

  it('refuses a file that is far too long to be configuration', () => {
    expect(() => parseDictionary('vm.vmx', new Uint8Array(5 * 1024 * 1024))).toThrow(
      expect.objectContaining({ code: 'VM_INVALID' }),
    );
  });

  it('undoes %XX in names only where it makes sense', () => {
    expect(unescapePercents('50%25 of a%2fb%5Cc')).toBe('50% of a/b\\c');
    expect(unescapePercents('100 % sure')).toBe('100 % sure');
    expect(unescapePercents('%ff%fe')).toBe('%ff%fe');
  });
});
