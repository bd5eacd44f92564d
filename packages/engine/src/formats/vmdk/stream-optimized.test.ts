import { closeSync, openSync, truncateSync, writeSync } from 'node:fs';
import path from 'node:path';
import { deflateSync } from 'node:zlib';

import { descriptorText } from '../../testing/encoders/descriptor-text';
import {
  modelOf,
  patternBytes,
  type EncodedTables,
  type GrainLayout,
} from '../../testing/encoders/grains';
import { asBase, randomLayout } from '../../testing/encoders/random-layout';
import { encodeStreamOptimized, type StreamTables } from '../../testing/encoders/stream-optimized';
import { layerSuite } from '../../testing/layer-suite';
import { describeWithQemu, qemuContent } from '../../testing/qemu';
import { tempFolder } from '../../testing/temp-folder';
import { folderOpener } from '../folder-opener';
import { openLayerChain } from '../layer-chain';
import { openLayer } from '../open-layer';

jest.setTimeout(60_000);

const folder = tempFolder();
const opener = folderOpener({ folder, roots: [], datastores: {} });
const TABLES: readonly StreamTables[] = ['footer', 'first', 'last', 'redundant'];

function write(
  name: string,
  layout: GrainLayout,
  tables: StreamTables,
  level?: number,
): EncodedTables {
  const descriptor = descriptorText({
    createType: 'streamOptimized',
    extents: [`RW ${layout.capacitySectors} SPARSE "${name}"`],
  });
  return encodeStreamOptimized(path.join(folder, name), layout, {
    tables,
    descriptor,
    ...(level === undefined ? {} : { level }),
  });
}

for (const tables of TABLES) {
  layerSuite(`streamOptimized, tables ${tables}`, () => {
    const layout = randomLayout({ capacitySectors: 70_001, grainSectors: 128, seed: 50 });
    write(`suite-${tables}.vmdk`, layout, tables);
    return {
      open: () => openLayer(opener, `suite-${tables}.vmdk`),
      model: asBase(modelOf(layout)),
      kinds: 'exact',
    };
  });
}

describeWithQemu('streamOptimized as qemu-img reads it', () => {
  it.each(TABLES)('tables %s', async tables => {
    // It ends inside a grain, which is stored short.
    const layout = randomLayout({ capacitySectors: 66_001, grainSectors: 128, seed: 51 });
    write(`referee-${tables}.vmdk`, layout, tables);
    expect(
      qemuContent(path.join(folder, `referee-${tables}.vmdk`)).equals(
        await contentOf(`referee-${tables}.vmdk`),
      ),
    ).toBe(true);
  });

  it('grains that deflate made longer', async () => {
    const layout = randomLayout({ capacitySectors: 8_192, grainSectors: 128, seed: 52 });
    write('stored.vmdk', layout, 'footer', 0);
    expect(
      qemuContent(path.join(folder, 'stored.vmdk')).equals(await contentOf('stored.vmdk')),
    ).toBe(true);
  });
});

describe('streamOptimized refuses', () => {
  const layout: GrainLayout = {
    capacitySectors: 1024,
    grainSectors: 128,
    grains: new Map([
      [0, patternBytes(65_536, 1)],
      [1, patternBytes(65_536, 2)],
      [7, patternBytes(65_536, 3)],
    ]),
  };

  it('a grain that inflates to more than a grain', async () => {
    const tables = write('bomb.vmdk', layout, 'first');
    const bomb = deflateSync(Buffer.alloc(64 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(131_072);
    const at = tables.grainBytes(7) as number;
    patch('bomb.vmdk', at + 8, u32(bomb.length));
    patch('bomb.vmdk', at + 12, bomb);
    await expect(contentOf('bomb.vmdk')).rejects.toMatchObject({
      code: 'LAYER_DAMAGED',
      where: { file: path.join(folder, 'bomb.vmdk'), offsetBytes: at },
    });
  });

  it('bytes that are not deflated', async () => {
    const tables = write('garbled.vmdk', layout, 'footer');
    const at = tables.grainBytes(1) as number;
    patch('garbled.vmdk', at + 12, Buffer.alloc(64, 0xff));
    await expect(contentOf('garbled.vmdk')).rejects.toMatchObject({
      code: 'LAYER_DAMAGED',
      where: { offsetBytes: at },
    });
  });

  it('a grain that is shorter than it should be', async () => {
    const tables = write('short.vmdk', layout, 'first');
    const at = tables.grainBytes(0) as number;
    const short = deflateSync(Buffer.alloc(100, 1));
    patch('short.vmdk', at + 8, u32(short.length));
    patch('short.vmdk', at + 12, short);
    await expect(contentOf('short.vmdk')).rejects.toMatchObject({
      code: 'LAYER_DAMAGED',
      where: { offsetBytes: at },
    });
  });

  it('a marker for another sector', async () => {
    const tables = write('moved.vmdk', layout, 'first');
    const at = tables.grainBytes(1) as number;
    patch('moved.vmdk', at, u32(0));
    await expect(contentOf('moved.vmdk')).rejects.toMatchObject({
      code: 'LAYER_DAMAGED',
      where: { offsetBytes: at },
    });
  });

  it('a compressed size that nobody could need', async () => {
    const tables = write('oversized.vmdk', layout, 'first');
    const at = tables.grainBytes(1) as number;
    patch('oversized.vmdk', at + 8, u32(0xffff_fff0));
    await expect(contentOf('oversized.vmdk')).rejects.toMatchObject({
      code: 'LAYER_DAMAGED',
      where: { offsetBytes: at + 8 },
    });
  });

  it.each(TABLES)('a file that was cut short, tables %s', async tables => {
    const { fileBytes } = write(`cut-${tables}.vmdk`, layout, tables);
    for (const keep of [0.98, 0.6, 0.2]) {
      truncateSync(
        path.join(folder, `cut-${tables}.vmdk`),
        Math.floor((fileBytes * keep) / 512) * 512,
      );
      await expect(contentOf(`cut-${tables}.vmdk`)).rejects.toMatchObject({
        code: 'LAYER_DAMAGED',
      });
    }
  });

  it('a footer of another disk', async () => {
    const { fileBytes } = write('footer.vmdk', layout, 'footer');
    patch('footer.vmdk', fileBytes - 1024 + 12, u32(2048));
    await expect(contentOf('footer.vmdk')).rejects.toMatchObject({
      code: 'LAYER_DAMAGED',
      where: { offsetBytes: fileBytes - 1024 },
    });
  });

  it('a createType that speaks of uncompressed grains', async () => {
    const embed = (name: string, createType: string): void => {
      const descriptor = descriptorText({ createType, extents: [`RW 1024 SPARSE "${name}"`] });
      encodeStreamOptimized(path.join(folder, name), layout, { tables: 'first', descriptor });
    };
    embed('disagrees.vmdk', 'monolithicSparse');
    await expect(contentOf('disagrees.vmdk')).rejects.toMatchObject({
      code: 'LAYER_DAMAGED',
      where: { offsetBytes: 8 },
    });
    // `custom` lets each extent speak for itself.
    embed('custom.vmdk', 'custom');
    expect(Buffer.compare(await contentOf('custom.vmdk'), modelOf(layout).bytes)).toBe(0);
  });
});

function patch(name: string, offset: number, bytes: Uint8Array): void {
  const fd = openSync(path.join(folder, name), 'r+');
  writeSync(fd, bytes, 0, bytes.length, offset);
  closeSync(fd);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

async function contentOf(name: string): Promise<Uint8Array> {
  const chain = await openLayerChain(opener, name);
  try {
    const bytes = new Uint8Array(chain.sizeBytes);
    await chain.read(0, bytes);
    return bytes;
  } finally {
    await chain.close();
  }
}
