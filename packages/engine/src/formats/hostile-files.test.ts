/**
 * Files made to harm, one test each. Every one is refused with its code, its file and the place; none is
 * read as something else. The list is section "hostile input" of the format notes in docs/formats/.
 */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

import { descriptorText } from '../testing/encoders/descriptor-text';
import { patternBytes, type EncodedTables, type GrainLayout } from '../testing/encoders/grains';
import { encodeHostedSparse } from '../testing/encoders/hosted-sparse';
import { tempFolder } from '../testing/temp-folder';
import { folderOpener } from './folder-opener';
import { openLayerChain } from './layer-chain';

const root = tempFolder();
const folder = path.join(root, 'vm');
mkdirSync(folder);
writeFileSync(path.join(root, 'secret'), 'not of this VM'.repeat(1000));
const opener = folderOpener({ folder, roots: [], datastores: {} });
const inFolder = (name: string): string => path.join(folder, name);

async function readAll(name: string): Promise<Uint8Array> {
  const chain = await openLayerChain(opener, name);
  try {
    const bytes = new Uint8Array(chain.sizeBytes);
    await chain.read(0, bytes);
    return bytes;
  } finally {
    await chain.close();
  }
}

function describeDisk(name: string, createType: string, ...extents: string[]): void {
  writeFileSync(inFolder(name), descriptorText({ createType, extents }));
}

describe('extent names', () => {
  writeFileSync(inFolder('inside'), Buffer.alloc(4096));
  symlinkSync(path.join(root, 'secret'), inFolder('link'));
  symlinkSync(root, inFolder('up'));
  execFileSync('mkfifo', [inFolder('pipe')]);

  it.each([
    ['CVE-2022-47951: a file of the host', '/etc/passwd'],
    ['a way up', '../secret'],
    ['a way up with backslashes', '..\\secret'],
    ['only the way up', '..'],
    ['a way through a linked folder', 'up/secret'],
    ['CVE-2024-32498: a folder below', 'sub/inside'],
    ['a Windows drive', 'C:secret'],
    ['a UNC path', '\\\\filer\\share\\x'],
    ['an address', 'https://example.test/x.vmdk'],
    ['CVE-2024-4467: a JSON of block drivers', 'json:{"driver":"file","filename":"/etc/passwd"}'],
  ])('%s', async (_what, name) => {
    describeDisk('names.vmdk', 'monolithicFlat', `RW 8 FLAT "${name}" 0`);
    await expect(readAll('names.vmdk')).rejects.toMatchObject({
      code: 'FILE_OUTSIDE_ROOT',
      where: { file: inFolder('names.vmdk'), line: 8 },
    });
  });

  it.each([
    ['a symbolic link', 'link', 'FILE_OUTSIDE_ROOT'],
    ['a pipe', 'pipe', 'FILE_UNREADABLE'],
    ['a folder', '.hidden', 'FILE_UNREADABLE'],
    ['a name with a driver before it, which is just a name', 'nbd:host:10809', 'FILE_MISSING'],
  ])('%s', async (_what, name, code) => {
    if (name === '.hidden') mkdirSync(inFolder(name));
    describeDisk('kinds.vmdk', 'monolithicFlat', `RW 8 FLAT "${name}" 0`);
    await expect(readAll('kinds.vmdk')).rejects.toMatchObject({
      code,
      where: { file: inFolder(name) },
    });
  });

  it('CVE-2015-5163: a parent outside is not read either', async () => {
    writeFileSync(
      inFolder('delta.vmdk'),
      descriptorText({
        createType: 'monolithicFlat',
        parentCid: '00000001',
        parentHint: '../secret',
        extents: ['RW 8 FLAT "inside" 0'],
      }),
    );
    await expect(readAll('delta.vmdk')).rejects.toMatchObject({ code: 'FILE_OUTSIDE_ROOT' });
  });
});

describe('kinds that disagree', () => {
  const cowd = Buffer.concat([Buffer.from('COWD'), Buffer.alloc(4092)]);

  it.each([
    [
      'the descriptor says COWD, the file is hosted sparse',
      'vmfsSparse',
      'RW 1024 VMFSSPARSE "sparse.vmdk"',
      'LAYER_DAMAGED',
    ],
    [
      'the descriptor says seSparse, the file is hosted sparse',
      'seSparse',
      'RW 1024 SESPARSE "sparse.vmdk"',
      'LAYER_DAMAGED',
    ],
    [
      'the descriptor says sparse, the file is COWD',
      'monolithicSparse',
      'RW 1024 SPARSE "cowd.vmdk"',
      'LAYER_DAMAGED',
    ],
    [
      'createType and extent type',
      'monolithicSparse',
      'RW 8 FLAT "inside" 0',
      'DESCRIPTOR_INVALID',
    ],
    [
      'createType and compression',
      'streamOptimized',
      'RW 1024 SPARSE "sparse.vmdk"',
      'LAYER_DAMAGED',
    ],
    [
      'capacity and extent line',
      'monolithicSparse',
      'RW 2048 SPARSE "sparse.vmdk"',
      'LAYER_DAMAGED',
    ],
  ])('%s', async (_what, createType, extent, code) => {
    writeSparse('sparse.vmdk');
    writeFileSync(inFolder('cowd.vmdk'), cowd);
    describeDisk('disagree.vmdk', createType, extent);
    await expect(readAll('disagree.vmdk')).rejects.toMatchObject({ code });
  });

  it('CVE-2026-24708: a suffix says nothing', async () => {
    writeFileSync(inFolder('text.vmdk'), 'root:x:0:0:root:/root:/bin/bash\n');
    await expect(readAll('text.vmdk')).rejects.toMatchObject({
      code: 'DESCRIPTOR_INVALID',
      where: { file: inFolder('text.vmdk') },
    });
  });

  it('a data part is opened by its descriptor only', async () => {
    writeFileSync(inFolder('cowd.vmdk'), cowd);
    await expect(readAll('cowd.vmdk')).rejects.toMatchObject({
      code: 'DESCRIPTOR_INVALID',
      where: { file: inFolder('cowd.vmdk') },
    });
  });

  it('CVE-2015-5162: a huge file without a magic is not read as text', async () => {
    writeFileSync(inFolder('huge.vmdk'), '# Disk DescriptorFile\n');
    truncateSync(inFolder('huge.vmdk'), 1024 ** 4);
    await expect(readAll('huge.vmdk')).rejects.toMatchObject({ code: 'DESCRIPTOR_INVALID' });
  });
});

describe('kinds that are refused by name', () => {
  it.each([
    ['vsanSparse', 'RW 8 VSANSPARSE "vsan://0123"', 'Storage vMotion'],
    ['vmfsRawDeviceMap', 'RW 8 VMFSRDM "x-rdm.vmdk"', 'Clone'],
    ['vmfsRDM', 'RW 8 VMFSRDM "x-rdm.vmdk"', 'Clone'],
    ['vmfsPassthroughRawDeviceMap', 'RW 8 VMFSRDM "x-rdmp.vmdk"', 'LUN'],
    ['vmfsRDMP', 'RW 8 VMFSRDM "x-rdmp.vmdk"', 'LUN'],
    ['vmfsRaw', 'RW 8 VMFSRAW "x"', 'Clone'],
    ['fullDevice', 'RW 8 FLAT "/dev/sda" 0', 'image'],
    ['partitionedDevice', 'RW 8 FLAT "/dev/sda" 63', 'image'],
    ['somethingNew', 'RW 8 FLAT "inside" 0', ''],
  ])('%s', async (createType, extent, hint) => {
    describeDisk('refused.vmdk', createType, extent);
    await expect(readAll('refused.vmdk')).rejects.toMatchObject({
      code: 'LAYER_UNSUPPORTED',
      where: { file: inFolder('refused.vmdk') },
      found: expect.stringContaining(createType),
      ...(hint === '' ? {} : { hint: expect.stringContaining(hint) }),
    });
  });

  it.each([
    ['an RDM inside a custom disk', 'custom', 'RW 8 VMFSRDM "x"', ''],
    [
      'a disk that Workstation encrypted',
      'monolithicFlat',
      'RW 8 FLAT "inside" 0',
      'encryption.keySafe = "vmware:key/list/(pair)"',
    ],
    [
      'a disk that vSphere encrypted',
      'vmfs',
      'RW 8 VMFS "inside"',
      'ddb.iofilters = "vmwarevmcrypt"',
    ],
    ['sectors of 4 KiB', 'vmfs', 'RW 8 VMFS "inside"', 'ddb.sectorFormat = "native_4k"'],
    ['the same as a header key', 'vmfs', 'RW 8 VMFS "inside"', 'virtualDiskFormat = "native_4k"'],
    ['the same in bytes', 'vmfs', 'RW 8 VMFS "inside"', 'ddb.logicalSectorSize = "4096"'],
    [
      'physical ones, nothing logical',
      'vmfs',
      'RW 8 VMFS "inside"',
      'ddb.physicalSectorSize = "4096"',
    ],
  ])('%s', async (_what, createType, extent, line) => {
    describeDisk('refused.vmdk', createType, extent, line);
    await expect(readAll('refused.vmdk')).rejects.toMatchObject({
      code: 'LAYER_UNSUPPORTED',
      where: { file: inFolder('refused.vmdk') },
    });
  });

  it('but not plain emulation: physical sectors of 4 KiB behind logical ones of 512 bytes', async () => {
    describeDisk(
      'emulated.vmdk',
      'vmfs',
      'RW 8 VMFS "inside"',
      'ddb.logicalSectorSize = "512"',
      'ddb.physicalSectorSize = "4096"',
    );
    expect(await readAll('emulated.vmdk')).toHaveLength(4096);
  });
});

const LAYOUT: GrainLayout = {
  capacitySectors: 1024,
  grainSectors: 128,
  grains: new Map([
    [0, patternBytes(65_536, 1)],
    [1, patternBytes(65_536, 2)],
    [7, patternBytes(65_536, 3)],
  ]),
};

function writeSparse(name: string): EncodedTables {
  const descriptor = descriptorText({
    createType: 'monolithicSparse',
    extents: [`RW 1024 SPARSE "${name}"`],
  });
  return encodeHostedSparse(inFolder(name), LAYOUT, { descriptor });
}

function patch(name: string, offset: number, bytes: Uint8Array): void {
  const fd = openSync(inFolder(name), 'r+');
  writeSync(fd, bytes, 0, bytes.length, offset);
  closeSync(fd);
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

describe('headers of hosted sparse files', () => {
  it.each([
    ['version 4', 4, u32(4), 'LAYER_UNSUPPORTED', 4],
    ['an unknown incompatible flag', 8, u32(0x0004_0001), 'LAYER_UNSUPPORTED', 8],
    ['no capacity', 12, u64(0n), 'LAYER_DAMAGED', 12],
    ['afl9, CVE-2014-0223: a capacity of petabytes', 12, u64(1n << 45n), 'LAYER_DAMAGED', 12],
    ['a capacity above 2^53', 12, u64(0xffff_ffff_ffff_ffffn), 'LAYER_DAMAGED', 12],
    ['a tiny file that claims 32 TiB', 12, u64(1n << 36n), 'LAYER_DAMAGED', undefined],
    ['grain-size-zero', 20, u64(0n), 'LAYER_DAMAGED', 20],
    ['grain-size-huge', 20, u64(1n << 40n), 'LAYER_DAMAGED', 20],
    ['a grain that is no power of two', 20, u64(100n), 'LAYER_DAMAGED', 20],
    ['a descriptor outside the file', 28, u64(1n << 40n), 'LAYER_DAMAGED', 28],
    ['descriptor-huge', 36, u64(4096n), 'LAYER_DAMAGED', 36],
    ['a descriptor over the directories', 36, u64(100n), 'LAYER_DAMAGED', undefined],
    ['tables of no entries', 44, u32(0), 'LAYER_DAMAGED', 44],
    ['tables of 513 entries', 44, u32(513), 'LAYER_DAMAGED', 44],
    ['a redundant directory outside the file', 48, u64(1n << 33n), 'LAYER_DAMAGED', 48],
    ['a directory outside the file', 56, u64(1n << 33n), 'LAYER_DAMAGED', 56],
    ['a directory at 0', 56, u64(0n), 'LAYER_DAMAGED', 56],
    ['a directory inside the descriptor', 56, u64(5n), 'LAYER_DAMAGED', 5 * 512],
    ['a footer that is not there', 56, u64(0xffff_ffff_ffff_ffffn), 'LAYER_DAMAGED', undefined],
    ['metadata beyond the file', 64, u64(1n << 33n), 'LAYER_DAMAGED', 64],
    ['a transfer in text mode', 73, Buffer.from('\n \n\n'), 'LAYER_DAMAGED', 73],
    ['an unknown compression', 77, Buffer.from([2, 0]), 'LAYER_UNSUPPORTED', 77],
  ])('%s', async (_what, at, bytes, code, where) => {
    writeSparse('header.vmdk');
    patch('header.vmdk', at, bytes);
    await expect(readAll('header.vmdk')).rejects.toMatchObject({
      code,
      where: {
        file: inFolder('header.vmdk'),
        ...(where === undefined ? {} : { offsetBytes: where }),
      },
    });
  });

  it('truncated-after-magic', async () => {
    for (const length of [4, 5, 79, 511]) {
      writeSparse('magic.vmdk');
      truncateSync(inFolder('magic.vmdk'), length);
      await expect(readAll('magic.vmdk')).rejects.toMatchObject({
        code: 'LAYER_DAMAGED',
        where: { file: inFolder('magic.vmdk'), offsetBytes: 0 },
      });
    }
  });
});

describe('tables of hosted sparse files', () => {
  it.each([
    ['a table outside the file', 'directoryEntry', 0x00ff_ffff],
    ['a table over the header', 'directoryEntry', 0x8000_0000],
    ['a table inside the descriptor', 'directoryEntry', 2],
  ] as const)('%s', async (_what, _field, entry) => {
    const tables = writeSparse('tables.vmdk');
    patch('tables.vmdk', tables.directoryEntry(0), u32(entry));
    await expect(readAll('tables.vmdk')).rejects.toMatchObject({
      code: 'LAYER_DAMAGED',
      where: { file: inFolder('tables.vmdk'), offsetBytes: tables.directoryEntry(0) },
    });
  });

  it.each([
    ['a grain outside the file', 0x00ff_ffff],
    ['a grain over the header', 1],
    ['a grain over the descriptor', 8],
    ['a grain that ends behind the file', -1],
  ])('%s', async (_what, entry) => {
    const tables = writeSparse('grains.vmdk');
    const at = tables.tableEntry(7) as number;
    patch('grains.vmdk', at, u32(entry === -1 ? tables.fileBytes / 512 - 127 : entry));
    await expect(readAll('grains.vmdk')).rejects.toMatchObject({
      code: 'LAYER_DAMAGED',
      where: { file: inFolder('grains.vmdk'), offsetBytes: at },
    });
  });

  it('a grain over the directory', async () => {
    const tables = writeSparse('over.vmdk');
    const at = tables.tableEntry(1) as number;
    patch('over.vmdk', at, u32(tables.directoryEntry(0) / 512));
    await expect(readAll('over.vmdk')).rejects.toMatchObject({
      code: 'LAYER_DAMAGED',
      where: { offsetBytes: at },
    });
  });

  it('two entries that share a grain read the same bytes', async () => {
    const tables = writeSparse('shared.vmdk');
    const place = (tables.grainBytes(0) as number) / 512;
    patch('shared.vmdk', tables.tableEntry(1) as number, u32(place));
    const bytes = await readAll('shared.vmdk');
    expect(Buffer.compare(bytes.subarray(0, 65_536), bytes.subarray(65_536, 131_072))).toBe(0);
  });

  it('a file that is cut short at any sector is refused, never filled up', async () => {
    const { fileBytes } = writeSparse('cut.vmdk');
    const whole = readFileSync(inFolder('cut.vmdk'));
    for (let keep = 512; keep < fileBytes; keep += 37 * 512) {
      writeFileSync(inFolder('cut.vmdk'), whole.subarray(0, keep));
      await expect(readAll('cut.vmdk')).rejects.toMatchObject({
        where: { file: inFolder('cut.vmdk') },
      });
    }
  });
});
