import { statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { MIB, TIB } from '../../bytes';
import { descriptorText } from '../../testing/encoders/descriptor-text';
import { encodeFlat } from '../../testing/encoders/flat';
import {
  flattenModels,
  modelOf,
  patternBytes,
  type EncodedTables,
  type Grain,
  type GrainLayout,
} from '../../testing/encoders/grains';
import { patchFile } from '../../testing/encoders/patch-file';
import { asBase, randomLayout } from '../../testing/encoders/random-layout';
import { allocated, encodeSeSparse } from '../../testing/encoders/se-sparse';
import { heldBufferBytes } from '../../testing/held-memory';
import { layerSuite } from '../../testing/layer-suite';
import { describeWithQemu, qemuContent, qemuImg } from '../../testing/qemu';
import { tempFolder } from '../../testing/temp-folder';
import { folderOpener } from '../folder-opener';
import { openLayerChain } from '../layer-chain';
import { openLayer } from '../open-layer';

const folder = tempFolder();
const opener = folderOpener({ folder, roots: [], datastores: {} });

/** `name.vmdk` and `name-sesparse.vmdk`; with a parent hint it is a delta. */
function write(name: string, layout: GrainLayout, parentHint?: string): EncodedTables {
  const extents = [`RW ${layout.capacitySectors} SESPARSE "${name}-sesparse.vmdk"`];
  const parent = parentHint === undefined ? {} : { parentHint, parentCid: '11112222' };
  writeFileSync(
    path.join(folder, `${name}.vmdk`),
    descriptorText({ createType: 'seSparse', extents, ...parent }),
  );
  return encodeSeSparse(dataFile(name), layout);
}

function dataFile(name: string): string {
  return path.join(folder, `${name}-sesparse.vmdk`);
}

function writeFlatBase(name: string, layout: GrainLayout): void {
  writeFileSync(
    path.join(folder, `${name}.vmdk`),
    descriptorText({
      createType: 'vmfs',
      cid: '11112222',
      extents: [`RW ${layout.capacitySectors} VMFS "${name}-flat.vmdk"`],
    }),
  );
  encodeFlat(path.join(folder, `${name}-flat.vmdk`), layout);
}

/** Two thirds of the grains that say zero say it as "unmapped by the guest". */
function withUnmapped(layout: GrainLayout): GrainLayout {
  const grains = new Map(
    [...layout.grains].map(
      ([grain, content]) =>
        [grain, content === 'zero' && grain % 3 !== 0 ? 'unmapped' : content] as const,
    ),
  );
  return { ...layout, grains };
}

const VARIANTS: readonly { readonly name: string; readonly layout: GrainLayout }[] = [
  {
    name: 'data only, in order',
    layout: randomLayout({
      capacitySectors: 65_536,
      grainSectors: 8,
      seed: 1,
      content: 'data-only',
    }),
  },
  {
    name: 'zero and unmapped grains',
    layout: withUnmapped(randomLayout({ capacitySectors: 65_536, grainSectors: 8, seed: 2 })),
  },
  {
    name: 'unordered grains and tables, the last grain partial',
    layout: withUnmapped(
      randomLayout({ capacitySectors: 100_003, grainSectors: 8, seed: 3, shuffleSeed: 6 }),
    ),
  },
];

for (const [index, { name, layout }] of VARIANTS.entries()) {
  layerSuite(`seSparse, ${name}`, () => {
    write(`suite-${index}`, layout, 'base.vmdk');
    return {
      open: () => openLayer(opener, `suite-${index}.vmdk`),
      model: modelOf(layout),
      kinds: 'exact',
    };
  });
}

layerSuite('seSparse without a parent: what it does not hold is zero', () => {
  const layout = randomLayout({ capacitySectors: 40_000, grainSectors: 8, seed: 20 });
  write('root', layout);
  return {
    open: () => openLayer(opener, 'root.vmdk'),
    model: asBase(modelOf(layout)),
    kinds: 'exact',
  };
});

describeWithQemu('seSparse as qemu-img reads it', () => {
  it.each(VARIANTS)('$name', ({ name, layout }) => {
    const file = `referee-${VARIANTS.findIndex(variant => variant.name === name)}`;
    write(file, layout);
    expect(qemuContent(path.join(folder, `${file}.vmdk`)).equals(modelOf(layout).bytes)).toBe(true);
  });

  it('a delta over a flat base: zero and unmapped grains hide the base, absent ones show it', async () => {
    const base = randomLayout({
      capacitySectors: 50_000,
      grainSectors: 128,
      seed: 40,
      content: 'data-only',
    });
    const delta = withUnmapped(
      randomLayout({ capacitySectors: 50_000, grainSectors: 8, seed: 41, shuffleSeed: 2 }),
    );
    writeFlatBase('flat', base);
    write('over-flat', delta, 'flat.vmdk');
    const expected = flattenModels(modelOf(base).bytes, modelOf(delta));
    expect(qemuContent(path.join(folder, 'over-flat.vmdk')).equals(expected)).toBe(true);
    const chain = await openLayerChain(opener, 'over-flat.vmdk');
    const ours = new Uint8Array(chain.sizeBytes);
    await chain.read(0, ours);
    expect(Buffer.compare(ours, expected)).toBe(0);
    await chain.close();
  });

  it('both refuse a journal that waits to be replayed', async () => {
    write('dirty', VARIANTS[0]?.layout as GrainLayout);
    patchFile(dataFile('dirty'), 512 + 24, u64(1n));
    expect(() => qemuImg('info', '-f', 'vmdk', path.join(folder, 'dirty.vmdk'))).toThrow(
      /journal/i,
    );
    await expect(openLayer(opener, 'dirty.vmdk')).rejects.toMatchObject({
      code: 'LAYER_UNCLEAN',
      where: { file: dataFile('dirty'), offsetBytes: 536 },
    });
    const layer = await openLayer(opener, 'dirty.vmdk', { unclean: 'report' });
    expect((await layer.manifest()).files[1]?.counters).toMatchObject({
      replayJournal: '0x1',
      uncleanShutdown: '1',
    });
    await layer.close();
  });

  it('known difference: a plain read by qemu-img of an entry of type 5 gives the parent; we refuse', async () => {
    const layout: GrainLayout = {
      capacitySectors: 8_000,
      grainSectors: 8,
      grains: new Map([[3, patternBytes(4096, 1)]]),
    };
    writeFlatBase(
      'under-five',
      randomLayout({ capacitySectors: 8_000, grainSectors: 8, seed: 42, content: 'data-only' }),
    );
    const tables = write('five', layout, 'under-five.vmdk');
    const entry = tables.tableEntry(3) as number;
    patchFile(dataFile('five'), entry, u64(5n << 60n));
    expect(() => qemuContent(path.join(folder, 'five.vmdk'))).toThrow();
    const layer = await openLayer(opener, 'five.vmdk');
    await expect(layer.extents({ offset: 0, length: MIB })).rejects.toMatchObject({
      code: 'LAYER_DAMAGED',
      where: { file: dataFile('five'), offsetBytes: entry },
    });
    await layer.close();
  });
});

describe('seSparse: known differences of other readers', () => {
  it('an unmapped grain (type 1) is zeros, not the parent, whatever stands beside its type', async () => {
    const layout: GrainLayout = {
      capacitySectors: 64,
      grainSectors: 8,
      grains: new Map<number, Grain>([
        [0, 'unmapped'],
        [1, 'zero'],
        [2, patternBytes(4096, 1)],
      ]),
    };
    const tables = write('unmapped', layout, 'base.vmdk');
    // The place that the grain had before it was unmapped.
    patchFile(
      dataFile('unmapped'),
      tables.tableEntry(0) as number,
      u64((1n << 60n) | (allocated(77) & ((1n << 60n) - 1n))),
    );
    const layer = await openLayer(opener, 'unmapped.vmdk');
    expect(await layer.extents({ offset: 0, length: layer.sizeBytes })).toEqual([
      { offset: 0, length: 8192, kind: 'zero' },
      { offset: 8192, length: 4096, kind: 'data' },
      { offset: 12_288, length: layer.sizeBytes - 12_288, kind: 'inherited' },
    ]);
    await layer.close();
  });
});

describe('seSparse: what is refused', () => {
  const layout = randomLayout({
    capacitySectors: 100_000,
    grainSectors: 8,
    seed: 30,
    content: 'data-only',
  });
  const [someGrain] = [...layout.grains.keys()] as [number];
  const word = (index: number): number => index * 8;

  /** One word of the constant header wrong. `at`: where the error points when that is another word. */
  const HEADERS: readonly {
    readonly what: string;
    readonly offset: number;
    readonly value: bigint;
    readonly code: string;
    readonly at?: number;
  }[] = [
    {
      what: 'the upper half of the magic set',
      offset: word(0),
      value: 0x1_cafe_baben,
      code: 'LAYER_DAMAGED',
    },
    {
      what: 'an unknown version',
      offset: word(1),
      value: 0x2_0000_0002n,
      code: 'LAYER_UNSUPPORTED',
    },
    { what: 'no capacity', offset: word(2), value: 0n, code: 'LAYER_DAMAGED' },
    {
      what: 'a capacity above 64 TiB',
      offset: word(2),
      value: BigInt(TIB / 512) * 64n + 1n,
      code: 'LAYER_DAMAGED',
    },
    {
      what: 'a capacity above 2^53',
      offset: word(2),
      value: 0xffff_ffff_ffff_ffffn,
      code: 'LAYER_DAMAGED',
    },
    {
      what: 'a capacity that its directory cannot hold',
      offset: word(2),
      value: BigInt(TIB / 512),
      code: 'LAYER_DAMAGED',
      at: word(17),
    },
    { what: 'grains of another size', offset: word(3), value: 16n, code: 'LAYER_UNSUPPORTED' },
    { what: 'tables of another size', offset: word(4), value: 32n, code: 'LAYER_UNSUPPORTED' },
    { what: 'flags', offset: word(5), value: 1n, code: 'LAYER_UNSUPPORTED' },
    { what: 'a reserved word', offset: word(8), value: 1n, code: 'LAYER_UNSUPPORTED' },
    {
      what: 'a word behind the last field',
      offset: word(63),
      value: 1n,
      code: 'LAYER_UNSUPPORTED',
    },
    {
      what: 'a volatile header behind the end',
      offset: word(10),
      value: 1n << 40n,
      code: 'LAYER_DAMAGED',
      at: 2 ** 49,
    },
    {
      what: 'a volatile header that is the constant one',
      offset: word(10),
      value: 0n,
      code: 'LAYER_DAMAGED',
    },
    {
      what: 'a directory behind the end',
      offset: word(16),
      value: 1n << 40n,
      code: 'LAYER_DAMAGED',
      at: 2 ** 49,
    },
    { what: 'a directory above 2^53', offset: word(16), value: 1n << 63n, code: 'LAYER_DAMAGED' },
    {
      what: 'a directory inside the tables',
      offset: word(16),
      value: 4104n,
      code: 'LAYER_DAMAGED',
      at: word(18),
    },
    {
      what: 'tables inside the grains',
      offset: word(18),
      value: 6144n,
      code: 'LAYER_DAMAGED',
      at: word(24),
    },
    { what: 'grains inside the tables', offset: word(24), value: 4112n, code: 'LAYER_DAMAGED' },
    { what: 'no directory', offset: word(17), value: 0n, code: 'LAYER_DAMAGED' },
    {
      what: 'another magic of the volatile header',
      offset: 512,
      value: 0xcafe_baben,
      code: 'LAYER_DAMAGED',
    },
  ];

  it.each(HEADERS)('$what', async ({ what, offset, value, code, at = offset }) => {
    const name = what.replaceAll(/[ ^]/g, '-');
    write(name, layout);
    patchFile(dataFile(name), offset, u64(value));
    await expect(openLayer(opener, `${name}.vmdk`)).rejects.toMatchObject({
      code,
      where: { file: dataFile(name), offsetBytes: at },
    });
  });

  it('another capacity than the descriptor', async () => {
    write('capacity', layout);
    patchFile(dataFile('capacity'), word(2), u64(99_999n));
    await expect(openLayer(opener, 'capacity.vmdk')).rejects.toMatchObject({
      code: 'LAYER_DAMAGED',
      where: { file: dataFile('capacity') },
    });
  });

  it.each([0, 4, 511, 512, 1000])('a file that ends after %i bytes', async length => {
    write('short', layout);
    truncateSync(dataFile('short'), length);
    await expect(openLayer(opener, 'short.vmdk')).rejects.toMatchObject({
      code: 'LAYER_DAMAGED',
      where: { file: dataFile('short') },
    });
  });

  /** One entry wrong; found when the map is read. */
  const ENTRIES: readonly {
    readonly what: string;
    readonly offset: (tables: EncodedTables) => number;
    readonly value: bigint;
  }[] = [
    {
      what: 'a directory entry without its mark',
      offset: tables => tables.directoryEntry(0),
      value: 1n,
    },
    {
      what: 'a directory entry with another mark',
      offset: tables => tables.directoryEntry(0),
      value: 0x2000_0000n << 32n,
    },
    {
      what: 'a table index behind the tables',
      offset: tables => tables.directoryEntry(0),
      value: (0x1000_0000n << 32n) | 4n,
    },
    {
      what: 'an entry of type 0 that is not zero',
      offset: tables => tables.tableEntry(someGrain) as number,
      value: 1n,
    },
    {
      what: 'an entry of type 4',
      offset: tables => tables.tableEntry(someGrain) as number,
      value: 4n << 60n,
    },
    {
      what: 'an entry of type 15',
      offset: tables => tables.tableEntry(someGrain) as number,
      value: 15n << 60n,
    },
    {
      what: 'a grain index behind the grains',
      offset: tables => tables.tableEntry(someGrain) as number,
      value: allocated(12_500),
    },
    {
      what: 'a grain index above 2^53',
      offset: tables => tables.tableEntry(someGrain) as number,
      value: 0x3fff_ffff_ffff_ffffn,
    },
    {
      what: 'a grain behind the end of the file',
      offset: tables => tables.tableEntry(someGrain) as number,
      value: allocated(12_499),
    },
  ];

  it.each(ENTRIES)('$what', async ({ what, offset, value }) => {
    const name = what.replaceAll(/[ ^]/g, '-');
    const at = offset(write(name, layout));
    patchFile(dataFile(name), at, u64(value));
    const layer = await openLayer(opener, `${name}.vmdk`);
    await expect(layer.extents({ offset: 0, length: layer.sizeBytes })).rejects.toMatchObject({
      code: 'LAYER_DAMAGED',
      where: { file: dataFile(name), offsetBytes: at },
    });
    await layer.close();
  });

  it('a delta that was cut short among its grains', async () => {
    write('cut', layout);
    truncateSync(dataFile('cut'), statSync(dataFile('cut')).size - 4096);
    const layer = await openLayer(opener, 'cut.vmdk');
    await expect(layer.extents({ offset: 0, length: layer.sizeBytes })).rejects.toMatchObject({
      code: 'LAYER_DAMAGED',
    });
    await layer.close();
  });
});

describe('seSparse of 62 TiB', () => {
  it('opens in milliseconds and never holds its map', async () => {
    const capacitySectors = (62 * TIB) / 512;
    const last = capacitySectors / 8 - 1;
    const middle = 9_000_000_001;
    write(
      'huge',
      {
        capacitySectors,
        grainSectors: 8,
        grains: new Map<number, Grain>([
          [5, patternBytes(4096, 1)],
          [middle, 'zero'],
          [last, patternBytes(4096, 3)],
        ]),
        shuffleSeed: 1,
      },
      'base.vmdk',
    );
    const before = heldBufferBytes();
    const startedAt = performance.now();
    const layer = await openLayer(opener, 'huge.vmdk');
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    const found: string[] = [];
    for (let offset = 0; offset < layer.sizeBytes; offset += TIB) {
      for (const extent of await layer.extents({ offset, length: TIB })) {
        if (extent.kind !== 'inherited')
          found.push(`${extent.kind} ${extent.offset / 4096}+${extent.length / 4096}`);
      }
    }
    expect(found).toEqual(['data 5+1', `zero ${middle}+1`, `data ${last}+1`]);
    const bytes = new Uint8Array(4096);
    await layer.read(last * 4096, bytes);
    expect(Buffer.compare(bytes, patternBytes(4096, 3))).toBe(0);
    expect(heldBufferBytes() - before).toBeLessThan(16 * MIB);
    await layer.close();
  });
});

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}
