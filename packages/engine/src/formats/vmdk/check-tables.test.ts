/**
 * What the deliberate check of tables finds. The files come from encoders that know nothing of the
 * check, from qemu-img, and from other people; the damage is written by hand, four bytes at a time.
 */
import path from 'node:path';
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';

import { encodeCowd } from '../../testing/encoders/cowd';
import { descriptorText } from '../../testing/encoders/descriptor-text';
import { patternBytes, type Grain, type GrainLayout } from '../../testing/encoders/grains';
import { encodeHostedSparse, u32 } from '../../testing/encoders/hosted-sparse';
import { patchFile } from '../../testing/encoders/patch-file';
import { randomLayout } from '../../testing/encoders/random-layout';
import { encodeSeSparse } from '../../testing/encoders/se-sparse';
import { describeWithQemu, qemuContent, qemuImg, qemuIo } from '../../testing/qemu';
import { tempFolder } from '../../testing/temp-folder';
import { folderOpener } from '../folder-opener';
import type { TableOddity } from '../layer';
import { openLayer } from '../open-layer';
import { GrainMap, type GrainTableFormat } from './grain-map';
import { sharedGrains } from './shared-grains';

jest.setTimeout(60_000);

const folder = tempFolder();
const opener = folderOpener({ folder, roots: [], datastores: {} });
const inFolder = (name: string): string => path.join(folder, name);

async function check(name: string, from = opener): Promise<readonly TableOddity[]> {
  const layer = await openLayer(from, name);
  try {
    return (await layer.checkTables?.()) ?? [];
  } finally {
    await layer.close();
  }
}

const GRAIN = 65_536;
const LAYOUT: GrainLayout = {
  capacitySectors: 512 * 128 + 640,
  grainSectors: 128,
  grains: new Map<number, Grain>([
    [0, patternBytes(GRAIN, 1)],
    [1, 'zero'],
    [7, patternBytes(GRAIN, 2)],
    [300, patternBytes(GRAIN, 3)],
    [514, patternBytes(GRAIN, 4)],
  ]),
};

/** A file whose redundant directory, as the encoder writes it, stands before the one that is read. */
function writeHosted(name: string, layout = LAYOUT): ReturnType<typeof encodeHostedSparse> {
  const descriptor = descriptorText({
    createType: 'monolithicSparse',
    extents: [`RW ${layout.capacitySectors} SPARSE "${name}"`],
  });
  return encodeHostedSparse(inFolder(name), layout, { descriptor });
}

/** Where a place of the first copy stands in the second: both copies have the same form. */
function inSecond(name: string, offset: number): number {
  const bytes = readFileSync(inFolder(name));
  const first = Number(bytes.readBigUInt64LE(56)) * 512;
  const second = Number(bytes.readBigUInt64LE(48)) * 512;
  expect(second).toBeGreaterThan(0);
  return offset - first + second;
}

describe('two copies of the tables', () => {
  it('say nothing when they agree', async () => {
    writeHosted('sound.vmdk');
    expect(await check('sound.vmdk')).toEqual([]);
  });

  it('an entry that differs is told with its file and offset, and the first copy is read', async () => {
    const { tableEntry, grainBytes } = writeHosted('differs.vmdk');
    const at = inSecond('differs.vmdk', tableEntry(300) ?? 0);
    patchFile(inFolder('differs.vmdk'), at, u32((grainBytes(7) ?? 0) / 512));
    expect(await check('differs.vmdk')).toEqual([
      {
        kind: 'copies-differ',
        file: inFolder('differs.vmdk'),
        offsetBytes: at,
        count: 1,
        detail: `it says sector ${(grainBytes(7) ?? 0) / 512} for the grain at guest offset ${300 * GRAIN}, the first copy says ${(grainBytes(300) ?? 0) / 512}`,
      },
    ]);
    const layer = await openLayer(opener, 'differs.vmdk');
    const read = new Uint8Array(GRAIN);
    await layer.read(300 * GRAIN, read);
    await layer.close();
    expect(read).toEqual(patternBytes(GRAIN, 3));
  });

  it('counts every entry, also of a table that one copy lacks', async () => {
    const { tableEntry, directoryEntry } = writeHosted('lacks.vmdk');
    patchFile(inFolder('lacks.vmdk'), inSecond('lacks.vmdk', directoryEntry(0)), u32(0));
    const [found] = await check('lacks.vmdk');
    // Grains 0, 1, 7 and 300 are in the first table.
    expect(found).toMatchObject({ kind: 'copies-differ', count: 4 });
    expect(found?.detail).toContain('guest offset 0,');
    expect(tableEntry(0)).toBeDefined();
  });

  it('means nothing behind the capacity', async () => {
    const { tableEntry } = writeHosted('behind.vmdk');
    const last = tableEntry(514) ?? 0;
    patchFile(inFolder('behind.vmdk'), inSecond('behind.vmdk', last + 3 * 4), u32(77));
    expect(await check('behind.vmdk')).toEqual([]);
    // 517 grains: the last one is number 516.
    patchFile(inFolder('behind.vmdk'), inSecond('behind.vmdk', last + 2 * 4), u32(77));
    expect(await check('behind.vmdk')).toMatchObject([{ count: 1 }]);
  });

  it('a second copy that leads out of the file is a difference, never a failure', async () => {
    const { directoryEntry } = writeHosted('outside.vmdk');
    const at = inSecond('outside.vmdk', directoryEntry(1));
    patchFile(inFolder('outside.vmdk'), at, u32(0x7fff_ffff));
    expect(await check('outside.vmdk')).toMatchObject([
      {
        kind: 'copies-differ',
        offsetBytes: at,
        count: 1,
        detail: expect.stringContaining('outside'),
      },
    ]);
  });
});

describe('a first copy that is damaged', () => {
  const wholeRead = async (name: string): Promise<unknown> => {
    const layer = await openLayer(opener, name);
    try {
      return await layer.extents({ offset: 0, length: layer.sizeBytes });
    } finally {
      await layer.close();
    }
  };

  it.each(['directory', 'table'] as const)(
    'in its %s: the hint says that the second is sound, and nothing is read from it',
    async where => {
      const name = `damaged-${where}.vmdk`;
      const { directoryEntry, tableEntry } = writeHosted(name);
      const at = where === 'directory' ? directoryEntry(0) : (tableEntry(7) ?? 0);
      patchFile(inFolder(name), at, u32(0x7fff_ffff));
      const second = Number(readFileSync(inFolder(name)).readBigUInt64LE(48)) * 512;
      await expect(wholeRead(name)).rejects.toMatchObject({
        code: 'LAYER_DAMAGED',
        where: { file: inFolder(name), offsetBytes: at },
        hint: expect.stringMatching(new RegExp(`second .*directory.* offset ${second}, is sound`)),
      });
    },
  );

  it('when both are damaged, the hint promises nothing', async () => {
    const { directoryEntry } = writeHosted('both.vmdk');
    patchFile(inFolder('both.vmdk'), directoryEntry(0), u32(0x7fff_ffff));
    patchFile(inFolder('both.vmdk'), inSecond('both.vmdk', directoryEntry(0)), u32(0x7fff_ffff));
    await expect(wholeRead('both.vmdk')).rejects.toMatchObject({
      code: 'LAYER_DAMAGED',
      hint: expect.not.stringContaining('sound'),
    });
  });
});

describe('two entries that share a grain', () => {
  it('hosted sparse: told with the second entry, and both places are read', async () => {
    const { tableEntry, grainBytes } = writeHosted('shared.vmdk');
    const sector = u32((grainBytes(7) ?? 0) / 512);
    for (const at of [tableEntry(300) ?? 0, inSecond('shared.vmdk', tableEntry(300) ?? 0)])
      patchFile(inFolder('shared.vmdk'), at, sector);
    expect(await check('shared.vmdk')).toEqual([
      {
        kind: 'grain-shared',
        file: inFolder('shared.vmdk'),
        offsetBytes: tableEntry(300),
        count: 1,
        detail: `the grain at offset ${grainBytes(7)} belongs to another entry already`,
      },
    ]);
  });

  it('COWD and seSparse', async () => {
    const cowd = { capacitySectors: 9000, grainSectors: 1, grains: sectors(9000, 20) };
    const placed = encodeCowd(inFolder('cowd-delta.vmdk'), cowd);
    describeDelta('cowd.vmdk', 'vmfsSparse', 'RW 9000 VMFSSPARSE "cowd-delta.vmdk"');
    expect(await check('cowd.vmdk')).toEqual([]);
    patchFile(
      inFolder('cowd-delta.vmdk'),
      placed.tableEntry(8980) ?? 0,
      u32((placed.grainBytes(40) ?? 0) / 512),
    );
    expect(await check('cowd.vmdk')).toMatchObject([
      { kind: 'grain-shared', offsetBytes: placed.tableEntry(8980), count: 1 },
    ]);

    const seSparse = { capacitySectors: 80_000, grainSectors: 8, grains: sectors(10_000, 500) };
    const se = encodeSeSparse(inFolder('se-sesparse.vmdk'), seSparse);
    describeDelta('se.vmdk', 'seSparse', 'RW 80000 SESPARSE "se-sesparse.vmdk"');
    expect(await check('se.vmdk')).toEqual([]);
    const bytes = readFileSync(inFolder('se-sesparse.vmdk'));
    const entry = se.tableEntry(1000) ?? 0;
    patchFile(
      inFolder('se-sesparse.vmdk'),
      se.tableEntry(9500) ?? 0,
      bytes.subarray(entry, entry + 8),
    );
    expect(await check('se.vmdk')).toMatchObject([
      { kind: 'grain-shared', offsetBytes: se.tableEntry(9500), count: 1 },
    ]);
  });

  it('is not said of random layouts, unordered files and a last grain that is stored in part', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const grainSectors = [1, 8, 16, 128, 2048][seed % 5] ?? 128;
      const grains = Math.max(24, Math.floor(8192 / grainSectors));
      const capacitySectors = grainSectors * grains - (seed % 2);
      writeHosted(
        'random.vmdk',
        randomLayout({ capacitySectors, grainSectors, seed, shuffleSeed: seed }),
      );
      expect({ seed, found: await check('random.vmdk') }).toEqual({ seed, found: [] });
    }
  });

  it('is looked for within a limit of memory, and what is left out is counted', async () => {
    // Grains at random places of 2 TiB, in the entries of a table that a test makes up.
    const places = Array.from({ length: 4096 }, (_, i) => (i * 7919 + 1) * 2 ** 27);
    places[4000] = places[5] ?? 0;
    const map = new GrainMap(madeUp(places));
    expect(await sharedGrains(map)).toMatchObject([
      { kind: 'grain-shared', count: 1, offsetBytes: 4096 + 4000 * 4 },
    ]);
    // One piece of 4 KiB holds 32,768 grains: only the first place finds room.
    expect(await sharedGrains(map, undefined, 4096)).toMatchObject([
      { kind: 'not-compared', count: 4095 },
    ]);
  });

  it('stops when it is told to', async () => {
    const map = new GrainMap(madeUp([2 ** 20]));
    const stop = AbortSignal.abort(new Error('enough'));
    await expect(sharedGrains(map, stop)).rejects.toThrow('enough');
  });
});

describeWithQemu('files of qemu-img', () => {
  it.each(['monolithicSparse', 'streamOptimized'])('%s has no oddity', async subformat => {
    const raw = inFolder('content.raw');
    const bytes = Buffer.alloc(40 * 1024 * 1024);
    for (let at = 0; at < bytes.length; at += 3_000_000)
      bytes.set(patternBytes(100_000, at + 1), at);
    writeFileSync(raw, bytes);
    const name = `qemu-${subformat}.vmdk`;
    qemuImg('convert', '-O', 'vmdk', '-o', `subformat=${subformat}`, raw, inFolder(name));
    expect(await check(name)).toEqual([]);
  });

  it('a file that qemu-io has written into has none either, and qemu-img reads the first copy too', async () => {
    const file = inFolder('written.vmdk');
    qemuImg('create', '-f', 'vmdk', file, '64M');
    qemuIo(file, 'write -P 7 100k 300k', 'write -P 9 50M 1M');
    expect(await check('written.vmdk')).toEqual([]);
    const before = qemuContent(file);
    const header = readFileSync(file);
    const directory = Number(header.readBigUInt64LE(48)) * 512;
    const table = header.readUInt32LE(directory) * 512;
    patchFile(file, table + 4, u32(0));
    expect(await check('written.vmdk')).toMatchObject([
      { kind: 'copies-differ', offsetBytes: table + 4, count: 1 },
    ]);
    expect(qemuContent(file).equals(before)).toBe(true);
  });
});

const REAL = path.resolve(__dirname, '../../../../../../shared/fixtures/vmdk-real');
(existsSync(REAL) ? describe : describe.skip)(
  'real files (skipped where ../shared/fixtures is absent)',
  () => {
    const real = existsSync(REAL) ? realpathSync(REAL) : REAL;
    const readable = existsSync(REAL)
      ? readdirSync(real).filter(
          name => name.endsWith('.vmdk') && !/invalid|descriptor-only/.test(name),
        )
      : [];

    it.each(readable)('%s has no oddity', async name => {
      expect(await check(name, folderOpener({ folder: real, roots: [], datastores: {} }))).toEqual(
        [],
      );
    });
  },
);

function sectors(grains: number, step: number): Map<number, Grain> {
  const found = new Map<number, Grain>();
  for (let grain = 0; grain < grains; grain += step) found.set(grain, patternBytes(512, grain + 1));
  return found;
}

function describeDelta(name: string, createType: string, extent: string): void {
  const text = descriptorText({
    createType,
    parentCid: '11112222',
    parentHint: 'base.vmdk',
    extents: [extent],
  });
  writeFileSync(inFolder(name), text);
}

/** A format of one table at offset 4096 that gives out these places, without a file behind it. */
function madeUp(places: readonly number[]): GrainTableFormat {
  const file = {
    name: 'made-up.vmdk',
    sizeBytes: 2 ** 53 - 1,
    read: async () => undefined,
    stat: async () => ({ sizeBytes: 0, mtimeNs: '0', inode: '0' }),
    close: async () => undefined,
  };
  return {
    file,
    sizeBytes: places.length * 512,
    grainBytes: 512,
    entriesPerTable: places.length,
    tableBytes: places.length * 4,
    directory: { offsetBytes: 512, entries: 1, entryBytes: 4 },
    decodeDirectory: (_raw, _first, into) => into.fill(4096),
    decodeTable: (_raw, _table, into) => into.set(places),
  };
}
