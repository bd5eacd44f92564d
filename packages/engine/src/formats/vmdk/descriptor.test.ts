import * as iconv from 'iconv-lite';

import { parseDescriptor } from './descriptor';

const HEAD =
  '# Disk DescriptorFile\nversion=1\nCID=0000000a\nparentCID=ffffffff\ncreateType="monolithicFlat"\n';

function parse(
  text: string | Uint8Array,
  place?: 'file' | 'embedded',
): ReturnType<typeof parseDescriptor> {
  return parseDescriptor(typeof text === 'string' ? Buffer.from(text) : text, 'disk.vmdk', place);
}

describe('a descriptor', () => {
  it('is read as VMware writes it', () => {
    const found = parse(
      `${HEAD}isNativeSnapshot="no"\n\n# Extent description\nRW 4192256 FLAT "disk-f001.vmdk" 0\nRDONLY 63 ZERO\nddb.adapterType = "lsilogic"\nddb.longContentID = "0123456789abcdef0123456789abcdef"\n`,
    );
    expect(found).toMatchObject({
      createType: 'monolithicFlat',
      cid: '0000000a',
      parentCid: undefined,
      parentFileNameHint: undefined,
    });
    expect(found.extents).toEqual([
      {
        line: 9,
        access: 'RW',
        sizeBytes: 4_192_256 * 512,
        type: 'FLAT',
        name: 'disk-f001.vmdk',
        offsetBytes: 0,
      },
      {
        line: 10,
        access: 'RDONLY',
        sizeBytes: 63 * 512,
        type: 'ZERO',
        name: undefined,
        offsetBytes: undefined,
      },
    ]);
    expect(found.ddb.get('adaptertype')).toBe('lsilogic');
    expect(found.header.get('isnativesnapshot')).toBe('no');
  });

  it('does not mind CRLF, case, spaces, blank lines and comments before its title', () => {
    const found = parse(
      '\r\n# made by hand\r\n# disk descriptorfile\r\nVERSION = 1\r\ncid = ABC\r\nPARENTCID=FFFFFFFF\r\nCreateType = "vmfs"\r\n  rw 8 vmfs "a-flat.vmdk"  \r\n',
    );
    expect(found).toMatchObject({
      createType: 'vmfs',
      cid: '00000abc',
      parentCid: undefined,
      extents: [{ access: 'RW', type: 'VMFS', name: 'a-flat.vmdk' }],
    });
  });

  it.each([
    ['quotes', 'say "hello" (1).vmdk'],
    ['an equals sign', 'a=b.vmdk'],
    ['spaces and digits at its end', 'disk 12 34.vmdk'],
    ['other writing', 'диск 磁盘 💾.vmdk'],
    ['words of the grammar', 'RW 8 FLAT "x" 0.vmdk'],
  ])('keeps names with %s', (_what, name) => {
    expect(parse(`${HEAD}RW 8 FLAT "${name}" 7\n`).extents[0]).toMatchObject({
      name,
      offsetBytes: 7 * 512,
    });
  });

  it.each(['UTF-8', 'windows-1252', 'GBK', 'Big5', 'Shift_JIS', 'windows-1251'])(
    'is decoded as %s when it says so',
    encoding => {
      const name =
        {
          'UTF-8': 'größe 磁盘',
          'windows-1252': 'größe',
          GBK: '磁盘',
          Big5: '磁碟',
          Shift_JIS: '表ディスク',
          'windows-1251': 'диск',
        }[encoding] ?? '';
      const bytes = iconv.encode(
        `# Disk DescriptorFile\nencoding="${encoding}"\n${HEAD.slice(22)}RW 8 FLAT "${name}.vmdk" 0\n`,
        encoding,
      );
      expect(parse(bytes).extents[0]?.name).toBe(`${name}.vmdk`);
    },
  );

  it('is taken for windows-1252 when it says nothing and is no UTF-8', () => {
    expect(
      parse(iconv.encode(`${HEAD}RW 8 FLAT "größe.vmdk" 0\n`, 'windows-1252')).extents[0]?.name,
    ).toBe('größe.vmdk');
  });

  it('keeps keys that objects would trip over', () => {
    const found = parse(
      `${HEAD}__proto__="x"\nconstructor="y"\nddb.__proto__ = "z"\nRW 8 FLAT "a" 0\n`,
    );
    expect(found.header.get('__proto__')).toBe('x');
    expect(found.ddb.get('__proto__')).toBe('z');
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('ends at its first NUL when it is embedded', () => {
    const text = Buffer.concat([
      Buffer.from(HEAD.replace('# Disk DescriptorFile\n', '')),
      Buffer.alloc(10),
      Buffer.from('RW 8 FLAT "b" 0\n'),
    ]);
    expect(parse(text, 'embedded').extents).toEqual([]);
  });

  it('may be padded with NULs in a file of its own', () => {
    expect(parse(Buffer.concat([Buffer.from(HEAD), Buffer.alloc(512)])).cid).toBe('0000000a');
  });
});

describe('a descriptor is refused', () => {
  it.each([
    ['without a title', 'version=1\nCID=1\n', 1],
    ['with CID twice', `${HEAD}cid=0000000b\n`, 6],
    ['with createType twice', `${HEAD}CREATETYPE="vmfs"\n`, 6],
    ['with parentCID twice', `${HEAD}parentCID=0000000b\n`, 6],
    ['with a line that may be an extent', `${HEAD}RWX 8 FLAT "a" 0\n`, 6],
    ['with sectors that are no number', `${HEAD}RW 8x FLAT "a" 0\n`, 6],
    ['with negative sectors', `${HEAD}RW -8 FLAT "a" 0\n`, 6],
    ['with sectors above every disk', `${HEAD}RW 99999999999999999999 FLAT "a" 0\n`, 6],
    ['with an offset above every disk', `${HEAD}RW 8 FLAT "a" 9007199254740993\n`, 6],
    ['with an open quote', `${HEAD}RW 8 FLAT "a\n`, 6],
    ['with a name without quotes', `${HEAD}RW 8 FLAT a 0\n`, 6],
    [
      'with extents above every disk together',
      `${HEAD}${'RW 137438953472 ZERO\n'.repeat(2)}`,
      undefined,
    ],
    ['with a CID that is no number', HEAD.replace('0000000a', 'xyz'), undefined],
    ['with a version that nobody knows', HEAD.replace('version=1', 'version=9'), undefined],
    ['in an unknown encoding', HEAD.replace('version=1', 'encoding="klingon"'), undefined],
    ['with a NUL inside', `${HEAD}RW 8 FLAT "a\0b" 0\n`, undefined],
    [
      'with a parent but without its CID',
      `${HEAD.replace('parentCID=ffffffff\n', '')}parentFileNameHint="base.vmdk"\n`,
      undefined,
    ],
  ])('%s', (_what, text, line) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({
        code: 'DESCRIPTOR_INVALID',
        where: expect.objectContaining({
          file: 'disk.vmdk',
          ...(line === undefined ? {} : { line }),
        }),
      }),
    );
  });

  it('above 1 MiB', () => {
    expect(() => parse(Buffer.concat([Buffer.from(HEAD), Buffer.alloc(1024 * 1024, 35)]))).toThrow(
      expect.objectContaining({ code: 'DESCRIPTOR_INVALID' }),
    );
  });
});
