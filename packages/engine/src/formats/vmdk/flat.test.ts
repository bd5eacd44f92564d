import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { descriptorText } from '../../testing/encoders/descriptor-text';
import { encodeFlat } from '../../testing/encoders/flat';
import { modelOf, type LayerModel } from '../../testing/encoders/grains';
import { encodeHostedSparse } from '../../testing/encoders/hosted-sparse';
import { asBase, randomLayout } from '../../testing/encoders/random-layout';
import { layerSuite } from '../../testing/layer-suite';
import { describeWithQemu, qemuContent } from '../../testing/qemu';
import { tempFolder } from '../../testing/temp-folder';
import { folderOpener } from '../folder-opener';
import { openLayerChain } from '../layer-chain';
import { openLayer } from '../open-layer';
import { openRawLayer } from '../raw';

jest.setTimeout(60_000);

const folder = tempFolder();
const opener = folderOpener({ folder, roots: [], datastores: {} });
const inFolder = (name: string): string => path.join(folder, name);

/** `bytes` before the model's, as zeros. */
function behindZeros(model: LayerModel, grains: number): LayerModel {
  const bytes = Buffer.concat([Buffer.alloc(grains * model.grainBytes), model.bytes]);
  return {
    ...model,
    sizeBytes: bytes.length,
    bytes,
    kinds: [...Array.from({ length: grains }, () => 'zero' as const), ...model.kinds],
  };
}

layerSuite('raw image with holes', () => {
  const layout = randomLayout({ capacitySectors: 20_003, grainSectors: 128, seed: 60 });
  encodeFlat(inFolder('disk.img'), layout);
  return {
    open: () => openRawLayer(opener, 'disk.img'),
    model: asBase(modelOf(layout)),
    kinds: 'stored',
  };
});

layerSuite('vmfs: one extent beside its descriptor', () => {
  const layout = randomLayout({ capacitySectors: 20_000, grainSectors: 128, seed: 61 });
  encodeFlat(inFolder('esx-flat.vmdk'), layout);
  writeFileSync(
    inFolder('esx.vmdk'),
    descriptorText({ createType: 'vmfs', extents: ['RW 20000 VMFS "esx-flat.vmdk"'] }),
  );
  return {
    open: () => openLayer(opener, 'esx.vmdk'),
    model: asBase(modelOf(layout)),
    kinds: 'stored',
  };
});

layerSuite('custom: zeros, a read-only flat extent at an offset, a sparse one', () => {
  const flat = randomLayout({ capacitySectors: 12_800, grainSectors: 128, seed: 62 });
  const sparse = randomLayout({ capacitySectors: 12_800, grainSectors: 128, seed: 63 });
  encodeFlat(inFolder('custom-f.vmdk'), flat, { offsetBytes: 63 * 512 });
  encodeHostedSparse(inFolder('custom-s.vmdk'), sparse);
  const extents = [
    'RW 1280 ZERO',
    'RDONLY 12800 FLAT "custom-f.vmdk" 63',
    'RW 12800 SPARSE "custom-s.vmdk"',
  ];
  writeFileSync(inFolder('custom.vmdk'), descriptorText({ createType: 'custom', extents }));
  const [a, b] = [asBase(modelOf(flat)), asBase(modelOf(sparse))];
  const joined = {
    ...a,
    sizeBytes: a.sizeBytes + b.sizeBytes,
    bytes: Buffer.concat([a.bytes, b.bytes]),
    kinds: [...a.kinds, ...b.kinds],
  };
  return {
    open: () => openLayer(opener, 'custom.vmdk'),
    model: behindZeros(joined, 10),
    kinds: 'stored',
  };
});

describe('a flat disk', () => {
  const write = (name: string, createType: string, ...extents: string[]): void => {
    writeFileSync(inFolder(name), descriptorText({ createType, extents }));
  };

  // Named fault of the referee: it fills up with zeros and says nothing.
  it('whose file is shorter than its extent is refused with the place where bytes end', async () => {
    writeFileSync(inFolder('short-flat.vmdk'), Buffer.alloc(1000));
    write('short.vmdk', 'monolithicFlat', 'RW 2 FLAT "short-flat.vmdk" 0');
    await expect(openLayer(opener, 'short.vmdk')).rejects.toMatchObject({
      code: 'LAYER_DAMAGED',
      where: { file: inFolder('short-flat.vmdk'), offsetBytes: 1000 },
    });
    write('behind.vmdk', 'monolithicFlat', 'RW 1 FLAT "short-flat.vmdk" 1');
    await expect(openLayer(opener, 'behind.vmdk')).rejects.toMatchObject({ code: 'LAYER_DAMAGED' });
  });

  it('with NOACCESS is refused, not skipped', async () => {
    writeFileSync(inFolder('n-flat.vmdk'), Buffer.alloc(512));
    write('n.vmdk', 'monolithicFlat', 'NOACCESS 1 FLAT "n-flat.vmdk" 0');
    await expect(openLayer(opener, 'n.vmdk')).rejects.toMatchObject({
      code: 'LAYER_UNSUPPORTED',
      where: { line: 8 },
    });
  });

  it('may start with the magic of another format: the guest wrote it', async () => {
    const forged = Buffer.concat([Buffer.from('KDMV'), Buffer.alloc(508, 7)]);
    writeFileSync(inFolder('forged-flat.vmdk'), forged);
    write('forged.vmdk', 'monolithicFlat', 'RW 1 FLAT "forged-flat.vmdk" 0');
    const layer = await openLayer(opener, 'forged.vmdk');
    const into = new Uint8Array(512);
    await layer.read(0, into);
    await layer.close();
    expect([layer.format, Buffer.compare(into, forged)]).toEqual(['flat', 0]);
  });
});

describeWithQemu('flat disks as qemu-img reads them', () => {
  it('twoGbMaxExtentFlat of two extents', async () => {
    // Named faults of the referee: it drops ZERO and RDONLY extents without a word, and it does not
    // know `custom` or the spelling 2GbMaxExtentFlat. So this disk has none of them.
    const layouts = [
      randomLayout({ capacitySectors: 6_400, grainSectors: 128, seed: 64 }),
      randomLayout({ capacitySectors: 3_001, grainSectors: 128, seed: 65 }),
    ];
    layouts.forEach((layout, index) => encodeFlat(inFolder(`two-f00${index}.vmdk`), layout));
    const extents = layouts.map(
      (layout, index) => `RW ${layout.capacitySectors} FLAT "two-f00${index}.vmdk" 0`,
    );
    writeFileSync(
      inFolder('two.vmdk'),
      descriptorText({ createType: 'twoGbMaxExtentFlat', extents }),
    );
    const chain = await openLayerChain(opener, 'two.vmdk');
    const ours = new Uint8Array(chain.sizeBytes);
    await chain.read(0, ours);
    await chain.close();
    expect(qemuContent(inFolder('two.vmdk')).equals(ours)).toBe(true);
  });
});
