import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { GIB, MIB } from '../../bytes';
import { encodeCowd } from '../../testing/encoders/cowd';
import { descriptorText } from '../../testing/encoders/descriptor-text';
import {
  modelOf,
  patternBytes,
  type EncodedTables,
  type Grain,
  type GrainLayout,
} from '../../testing/encoders/grains';
import { patchFile } from '../../testing/encoders/patch-file';
import { asBase, randomLayout } from '../../testing/encoders/random-layout';
import { heldBufferBytes } from '../../testing/held-memory';
import { layerSuite } from '../../testing/layer-suite';
import { describeWithQemu, qemuContent } from '../../testing/qemu';
import { tempFolder } from '../../testing/temp-folder';
import { folderOpener } from '../folder-opener';
import { openLayer } from '../open-layer';

const folder = tempFolder();
const opener = folderOpener({ folder, roots: [], datastores: {} });

/** `name.vmdk` and `name-delta.vmdk`; with a parent hint it is a delta. */
function write(name: string, layout: GrainLayout, parentHint?: string): EncodedTables {
  const extents = [`RW ${layout.capacitySectors} VMFSSPARSE "${name}-delta.vmdk"`];
  const parent = parentHint === undefined ? {} : { parentHint, parentCid: '11112222' };
  writeFileSync(
    path.join(folder, `${name}.vmdk`),
    descriptorText({ createType: 'vmfsSparse', extents, ...parent }),
  );
  return encodeCowd(dataFile(name), layout);
}

function dataFile(name: string): string {
  return path.join(folder, `${name}-delta.vmdk`);
}

const VARIANTS: readonly { readonly name: string; readonly layout: GrainLayout }[] = [
  {
    name: 'grains of one sector, as the hypervisor makes them',
    layout: randomLayout({
      capacitySectors: 10_000,
      grainSectors: 1,
      seed: 1,
      content: 'data-only',
    }),
  },
  {
    name: 'grains of one sector, unordered',
    layout: randomLayout({
      capacitySectors: 10_001,
      grainSectors: 1,
      seed: 2,
      content: 'data-only',
      shuffleSeed: 7,
    }),
  },
  {
    name: 'entries of 1 for zeros',
    layout: randomLayout({ capacitySectors: 9_000, grainSectors: 1, seed: 3, shuffleSeed: 8 }),
  },
  {
    name: 'grains of 8 sectors, the last one partial',
    layout: randomLayout({
      capacitySectors: 40_005,
      grainSectors: 8,
      seed: 4,
      content: 'data-only',
      shuffleSeed: 9,
    }),
  },
  {
    name: 'grains of 1 MiB',
    layout: randomLayout({
      capacitySectors: 131_072,
      grainSectors: 2048,
      seed: 5,
      content: 'data-only',
      shuffleSeed: 10,
    }),
  },
];

for (const [index, { name, layout }] of VARIANTS.entries()) {
  layerSuite(`COWD, ${name}`, () => {
    write(`suite-${index}`, layout, 'base.vmdk');
    return {
      open: () => openLayer(opener, `suite-${index}.vmdk`),
      model: modelOf(layout),
      kinds: 'exact',
    };
  });
}

layerSuite('COWD without a parent: what it does not hold is zero', () => {
  const layout = randomLayout({ capacitySectors: 5_000, grainSectors: 1, seed: 20 });
  write('root', layout);
  return {
    open: () => openLayer(opener, 'root.vmdk'),
    model: asBase(modelOf(layout)),
    kinds: 'exact',
  };
});

describeWithQemu('COWD as qemu-img reads it', () => {
  it.each(VARIANTS)('$name', ({ name, layout }) => {
    const file = `referee-${VARIANTS.findIndex(variant => variant.name === name)}`;
    write(file, layout);
    expect(qemuContent(path.join(folder, `${file}.vmdk`)).equals(modelOf(layout).bytes)).toBe(true);
  });

  it('known difference: it takes entry 1 for sector 1 of the file, which shows the directory when grains have 8 sectors', async () => {
    const layout: GrainLayout = {
      capacitySectors: 64,
      grainSectors: 8,
      grains: new Map<number, Grain>([
        [0, 'zero'],
        [1, patternBytes(4096, 1)],
      ]),
    };
    write('entry-one', layout);
    const theirs = qemuContent(path.join(folder, 'entry-one.vmdk'));
    expect(theirs.subarray(0, 4096).every(byte => byte === 0)).toBe(false);
    expect(theirs.subarray(4096).equals(modelOf(layout).bytes.subarray(4096))).toBe(true);
    const layer = await openLayer(opener, 'entry-one.vmdk');
    expect((await layer.extents({ offset: 0, length: 4096 }))[0]).toEqual({
      offset: 0,
      length: 4096,
      kind: 'zero',
    });
    await layer.close();
  });
});

describe('COWD: what is refused', () => {
  const layout = randomLayout({
    capacitySectors: 10_000,
    grainSectors: 1,
    seed: 30,
    content: 'data-only',
  });
  const [someGrain] = [...layout.grains.keys()] as [number];

  /** One field of the header wrong; found when it is opened. */
  const HEADERS: readonly {
    readonly what: string;
    readonly offset: number;
    readonly value: number;
    readonly code: string;
    readonly at?: number;
  }[] = [
    { what: 'another magic', offset: 0, value: 0x564d444b, code: 'LAYER_DAMAGED' },
    { what: 'an unknown version', offset: 4, value: 2, code: 'LAYER_UNSUPPORTED' },
    { what: 'unknown flags', offset: 8, value: 0x10003, code: 'LAYER_UNSUPPORTED' },
    { what: 'no capacity', offset: 12, value: 0, code: 'LAYER_DAMAGED' },
    {
      what: 'a capacity that its directory cannot hold',
      offset: 12,
      value: 0xffff_ffff,
      code: 'LAYER_DAMAGED',
      at: 24,
    },
    {
      what: 'another capacity than the descriptor',
      offset: 12,
      value: 9_999,
      code: 'LAYER_DAMAGED',
    },
    { what: 'grains of nothing', offset: 16, value: 0, code: 'LAYER_DAMAGED' },
    { what: 'grains of no power of two', offset: 16, value: 3, code: 'LAYER_DAMAGED' },
    { what: 'huge grains', offset: 16, value: 0x8000_0000, code: 'LAYER_DAMAGED' },
    { what: 'a directory inside the header', offset: 20, value: 3, code: 'LAYER_DAMAGED' },
    {
      what: 'a directory behind the end',
      offset: 20,
      value: 0xffff_ffff,
      code: 'LAYER_DAMAGED',
      at: 0xffff_ffff * 512,
    },
    { what: 'a directory too small', offset: 24, value: 2, code: 'LAYER_DAMAGED' },
    { what: 'a file that was not closed', offset: 1648, value: 1, code: 'LAYER_UNCLEAN' },
  ];

  it.each(HEADERS)('$what', async ({ what, offset, value, code, at = offset }) => {
    const name = what.replaceAll(' ', '-');
    write(name, layout);
    patchFile(dataFile(name), offset, u32(value));
    // A wrong capacity shows first where it is compared with the descriptor.
    const place =
      code === 'LAYER_DAMAGED' && offset === 12 && value === 9_999 ? {} : { offsetBytes: at };
    await expect(openLayer(opener, `${name}.vmdk`)).rejects.toMatchObject({
      code,
      where: { file: dataFile(name), ...place },
    });
  });

  it('a header cut short', async () => {
    write('short', layout);
    writeFileSync(dataFile('short'), Buffer.from('COWD'));
    await expect(openLayer(opener, 'short.vmdk')).rejects.toMatchObject({
      code: 'LAYER_DAMAGED',
      where: { file: dataFile('short') },
    });
  });

  /** One entry wrong; found when the map is read. */
  const ENTRIES: readonly {
    readonly what: string;
    readonly patch: (tables: EncodedTables) => { readonly offset: number; readonly value: number };
  }[] = [
    {
      what: 'a table inside the header',
      patch: tables => ({ offset: tables.directoryEntry(0), value: 2 }),
    },
    {
      what: 'a table that is the directory',
      patch: tables => ({ offset: tables.directoryEntry(0), value: 4 }),
    },
    {
      what: 'a table that passes the end',
      patch: tables => ({ offset: tables.directoryEntry(0), value: tables.fileBytes / 512 - 1 }),
    },
    {
      what: 'a table far behind the end',
      patch: tables => ({ offset: tables.directoryEntry(0), value: 0xffff_ffff }),
    },
    {
      what: 'a grain inside the header',
      patch: tables => ({ offset: tables.tableEntry(someGrain) as number, value: 2 }),
    },
    {
      what: 'a grain that is the directory',
      patch: tables => ({ offset: tables.tableEntry(someGrain) as number, value: 4 }),
    },
    {
      what: 'a grain that is its own table',
      patch: tables => ({ offset: tables.tableEntry(someGrain) as number, value: 5 }),
    },
    {
      what: 'a grain behind the end',
      patch: tables => ({
        offset: tables.tableEntry(someGrain) as number,
        value: tables.fileBytes / 512,
      }),
    },
  ];

  it.each(ENTRIES)('$what', async ({ what, patch }) => {
    const name = what.replaceAll(' ', '-');
    const { offset, value } = patch(write(name, layout));
    patchFile(dataFile(name), offset, u32(value));
    const layer = await openLayer(opener, `${name}.vmdk`);
    await expect(layer.extents({ offset: 0, length: layer.sizeBytes })).rejects.toMatchObject({
      code: 'LAYER_DAMAGED',
      where: { file: dataFile(name), offsetBytes: offset },
    });
    await layer.close();
  });

  it('opens a file that was not closed when asked to, and says so', async () => {
    write('in-use', layout);
    patchFile(dataFile('in-use'), 1648, u32(1));
    const layer = await openLayer(opener, 'in-use.vmdk', { unclean: 'report' });
    expect((await layer.manifest()).files[1]?.counters).toMatchObject({
      uncleanShutdown: '1',
      freeSector: String(statSync(dataFile('in-use')).size / 512),
    });
    await layer.close();
  });

  it('shows in its manifest when the hypervisor moved freeSector', async () => {
    write('grows', layout);
    const layer = await openLayer(opener, 'grows.vmdk');
    const before = await layer.manifest();
    patchFile(dataFile('grows'), 28, u32(99_999));
    const after = await layer.manifest();
    expect(after.files[1]?.counters['freeSector']).toBe('99999');
    expect(after.files[1]?.counters['header']).not.toBe(before.files[1]?.counters['header']);
    await layer.close();
  });
});

describe('COWD of 2 TiB', () => {
  it('opens in milliseconds and never holds its map', async () => {
    const capacitySectors = 0xffff_ffff;
    const last = capacitySectors - 1;
    write(
      'huge',
      {
        capacitySectors,
        grainSectors: 1,
        grains: new Map([
          [5, patternBytes(512, 1)],
          [1_000_000_007, patternBytes(512, 2)],
          [last, patternBytes(512, 3)],
        ]),
      },
      'base.vmdk',
    );
    const before = heldBufferBytes();
    const startedAt = performance.now();
    const layer = await openLayer(opener, 'huge.vmdk');
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    const found: number[] = [];
    for (let offset = 0; offset < layer.sizeBytes; offset += 16 * GIB) {
      const length = Math.min(16 * GIB, layer.sizeBytes - offset);
      for (const extent of await layer.extents({ offset, length }))
        if (extent.kind === 'data') found.push(extent.offset / 512);
    }
    expect(found).toEqual([5, 1_000_000_007, last]);
    const bytes = new Uint8Array(512);
    await layer.read(last * 512, bytes);
    expect(Buffer.compare(bytes, patternBytes(512, 3))).toBe(0);
    expect(heldBufferBytes() - before).toBeLessThan(16 * MIB);
    await layer.close();
  });
});

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
