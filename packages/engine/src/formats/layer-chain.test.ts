import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { descriptorText } from '../testing/encoders/descriptor-text';
import { flattenModels, modelOf, seededNumbers } from '../testing/encoders/grains';
import { encodeHostedSparse } from '../testing/encoders/hosted-sparse';
import { encodeFlat } from '../testing/encoders/flat';
import { randomLayout } from '../testing/encoders/random-layout';
import { describeWithQemu, qemuContent, qemuImg, qemuIo } from '../testing/qemu';
import { tempFolder } from '../testing/temp-folder';
import { folderOpener, type FolderAddress } from './folder-opener';
import { openLayerChain, type OpenChainOptions } from './layer-chain';

jest.setTimeout(60_000);

const root = tempFolder();
let folders = 0;

function newFolder(): string {
  const folder = path.join(root, `f${folders++}`);
  mkdirSync(folder);
  return folder;
}

interface Link {
  readonly name: string;
  readonly sectors?: number;
  readonly cid: string;
  readonly parentCid?: string;
  readonly hint?: string;
  readonly seed: number;
}

/** One monolithicSparse file; answers its model. */
function writeLink(
  folder: string,
  { name, sectors = 4096, cid, parentCid, hint, seed }: Link,
): ReturnType<typeof modelOf> {
  const layout = randomLayout({ capacitySectors: sectors, grainSectors: 128, seed });
  const descriptor = descriptorText({
    createType: 'monolithicSparse',
    cid,
    ...(parentCid === undefined ? {} : { parentCid }),
    ...(hint === undefined ? {} : { parentHint: hint }),
    extents: [`RW ${sectors} SPARSE "${name}"`],
  });
  encodeHostedSparse(path.join(folder, name), layout, { descriptor });
  return modelOf(layout);
}

async function contentOf(
  address: FolderAddress,
  name: string,
  options?: OpenChainOptions,
): Promise<Uint8Array> {
  const chain = await openLayerChain(folderOpener(address), name, options);
  try {
    const extents = await chain.extents({ offset: 0, length: chain.sizeBytes });
    expect(extents.some(extent => extent.kind === 'inherited')).toBe(false);
    const bytes = new Uint8Array(chain.sizeBytes).fill(0xee);
    // Pieces of an odd size: every boundary is crossed somewhere.
    for (let offset = 0; offset < bytes.length; offset += 99_991)
      await chain.read(offset, bytes.subarray(offset, offset + 99_991));
    return bytes;
  } finally {
    await chain.close();
  }
}

const at = (folder: string): FolderAddress => ({ folder, roots: [], datastores: {} });

describeWithQemu('chains that qemu wrote', () => {
  it('a base and five deltas with data and explicit zeros', async () => {
    const seed = Number(process.env['CHAIN_SEED'] ?? Math.floor(Math.random() * 1e9));
    const next = seededNumbers(seed);
    const folder = newFolder();
    const name = (level: number): string =>
      path.join(folder, level === 0 ? 'disk.vmdk' : `disk-00000${level}.vmdk`);
    for (let level = 0; level <= 5; level++) {
      const parent = level === 0 ? [] : ['-b', path.basename(name(level - 1)), '-F', 'vmdk'];
      qemuImg(
        'create',
        '-q',
        '-f',
        'vmdk',
        '-o',
        'zeroed_grain=on',
        ...parent,
        name(level),
        ...(level === 0 ? ['24M'] : []),
      );
      const commands = Array.from({ length: 8 }, () => {
        const offset = (next() % 44_000) * 512;
        const length = (1 + (next() % 900)) * 512;
        return next() % 3 === 0
          ? `write -z ${offset} ${length}`
          : `write -P ${1 + (next() % 255)} ${offset} ${length}`;
      });
      qemuIo(name(level), ...commands);
      const ours = await contentOf(at(folder), path.basename(name(level)));
      if (!qemuContent(name(level)).equals(ours))
        throw new Error(`level ${level} differs; replay with CHAIN_SEED=${seed}`);
    }
  });

  it('monolithicFlat below a sparse delta', async () => {
    const folder = newFolder();
    qemuImg(
      'create',
      '-q',
      '-f',
      'vmdk',
      '-o',
      'subformat=monolithicFlat',
      path.join(folder, 'flat.vmdk'),
      '8M',
    );
    qemuIo(path.join(folder, 'flat.vmdk'), 'write -P 3 1M 2M');
    qemuImg(
      'create',
      '-q',
      '-f',
      'vmdk',
      '-b',
      'flat.vmdk',
      '-F',
      'vmdk',
      path.join(folder, 'delta.vmdk'),
    );
    qemuIo(path.join(folder, 'delta.vmdk'), 'write -P 4 2M 64k');
    expect(
      qemuContent(path.join(folder, 'delta.vmdk')).equals(
        await contentOf(at(folder), 'delta.vmdk'),
      ),
    ).toBe(true);
  });
});

describe('a chain', () => {
  it('reads as its layers flattened, and behind the end of a smaller parent as zeros', async () => {
    const folder = newFolder();
    const base = writeLink(folder, { name: 'base.vmdk', sectors: 4000, cid: '00000001', seed: 1 });
    const middle = writeLink(folder, {
      name: 'middle.vmdk',
      cid: '00000002',
      parentCid: '00000001',
      hint: 'base.vmdk',
      seed: 2,
    });
    const leaf = writeLink(folder, {
      name: 'leaf.vmdk',
      sectors: 9000,
      cid: '00000003',
      parentCid: '00000002',
      hint: 'middle.vmdk',
      seed: 3,
    });
    const expected = flattenModels(flattenModels(base.bytes, middle), leaf);
    expect(Buffer.compare(await contentOf(at(folder), 'leaf.vmdk'), expected)).toBe(0);
  });

  it('refuses a delta that is smaller than its parent', async () => {
    const folder = newFolder();
    writeLink(folder, { name: 'base.vmdk', sectors: 4096, cid: '00000001', seed: 1 });
    writeLink(folder, {
      name: 'leaf.vmdk',
      sectors: 2048,
      cid: '00000002',
      parentCid: '00000001',
      hint: 'base.vmdk',
      seed: 2,
    });
    await expect(contentOf(at(folder), 'leaf.vmdk')).rejects.toMatchObject({
      code: 'CHAIN_BROKEN',
      where: { file: path.join(folder, 'leaf.vmdk') },
    });
  });

  it('refuses a parent that changed after the delta was made, unless an operator decides', async () => {
    const folder = newFolder();
    const base = writeLink(folder, { name: 'base.vmdk', cid: '0000000a', seed: 1 });
    const leaf = writeLink(folder, {
      name: 'leaf.vmdk',
      cid: '00000002',
      parentCid: '0000000b',
      hint: 'base.vmdk',
      seed: 2,
    });
    await expect(contentOf(at(folder), 'leaf.vmdk')).rejects.toMatchObject({
      code: 'CHAIN_BROKEN',
      expected: 'a parent with CID 0000000b',
    });
    const accepted = await contentOf(at(folder), 'leaf.vmdk', {
      unclean: 'refuse',
      cidMismatch: 'accept',
    });
    expect(Buffer.compare(accepted, flattenModels(base.bytes, leaf))).toBe(0);
  });

  // qemu-img convert never ends on these.
  it('refuses to be its own parent', async () => {
    const folder = newFolder();
    writeLink(folder, {
      name: 'self.vmdk',
      cid: '00000001',
      parentCid: '00000001',
      hint: 'self.vmdk',
      seed: 1,
    });
    await expect(contentOf(at(folder), 'self.vmdk')).rejects.toMatchObject({
      code: 'CHAIN_BROKEN',
    });
  });

  it('refuses a loop of several files', async () => {
    const folder = newFolder();
    for (const [name, hint] of [
      ['a.vmdk', 'b.vmdk'],
      ['b.vmdk', 'c.vmdk'],
      ['c.vmdk', 'a.vmdk'],
    ] as const) {
      writeLink(folder, { name, cid: '00000001', parentCid: '00000001', hint, seed: 1 });
    }
    await expect(contentOf(at(folder), 'a.vmdk')).rejects.toMatchObject({
      code: 'CHAIN_BROKEN',
      found: 'a loop over 3 files',
    });
  });

  it('refuses more than 64 links and reads 64', async () => {
    const folder = newFolder();
    for (let level = 0; level < 65; level++) {
      writeLink(folder, {
        name: `${level}.vmdk`,
        sectors: 128,
        cid: '00000001',
        seed: level,
        ...(level === 0 ? {} : { parentCid: '00000001', hint: `${level - 1}.vmdk` }),
      });
    }
    expect((await contentOf(at(folder), '63.vmdk')).length).toBe(65_536);
    await expect(contentOf(at(folder), '64.vmdk')).rejects.toMatchObject({
      code: 'CHAIN_BROKEN',
      expected: 'at most 64 links',
    });
  });

  it('names the parent that is missing', async () => {
    const folder = newFolder();
    writeLink(folder, {
      name: 'leaf.vmdk',
      cid: '00000002',
      parentCid: '00000001',
      hint: 'gone.vmdk',
      seed: 2,
    });
    await expect(contentOf(at(folder), 'leaf.vmdk')).rejects.toMatchObject({
      code: 'FILE_MISSING',
      where: { file: path.join(folder, 'gone.vmdk') },
    });
  });

  it('refuses a hint beside a parentCID that says there is no parent', async () => {
    const folder = newFolder();
    writeLink(folder, { name: 'leaf.vmdk', cid: '00000002', hint: 'base.vmdk', seed: 2 });
    await expect(contentOf(at(folder), 'leaf.vmdk')).rejects.toMatchObject({
      code: 'DESCRIPTOR_INVALID',
    });
  });
});

describe('a parent in another folder', () => {
  const hints = [
    ['relative', '../golden/base.vmdk', {}],
    ['relative with backslashes', '..\\golden\\base.vmdk', {}],
    [
      'datastore by uuid',
      '/vmfs/volumes/5f1c-ab/golden/base.vmdk',
      { '/vmfs/volumes/5f1c-ab': '' },
    ],
    ['datastore by name', '[ds one] golden/base.vmdk', { '[ds one]': '' }],
    ['datastore path for a name', '/vmfs/volumes/ds one/golden/base.vmdk', { '[ds one]': '' }],
    ['Windows drive', 'D:\\VMs\\golden\\base.vmdk', { 'd:\\vms': '' }],
    ['UNC', '\\\\filer\\vms\\golden\\base.vmdk', { '\\\\Filer\\vms\\': '' }],
  ] as const;

  it.each(hints)('%s: %s', async (_name, hint, datastores) => {
    const site = newFolder();
    const [golden, clone] = [path.join(site, 'golden'), path.join(site, 'clone')];
    mkdirSync(golden);
    mkdirSync(clone);
    // The clone's own disk has the name of its parent's file: the content id tells them apart.
    const base = writeLink(golden, { name: 'base.vmdk', cid: '0000000a', seed: 1 });
    const leaf = writeLink(clone, {
      name: 'base.vmdk',
      cid: '0000000b',
      parentCid: '0000000a',
      hint,
      seed: 2,
    });
    const address = {
      folder: clone,
      roots: [golden],
      datastores: Object.fromEntries(Object.keys(datastores).map(prefix => [prefix, site])),
    };
    const found = await contentOf(address, 'base.vmdk');
    expect(Buffer.compare(found, flattenModels(base.bytes, leaf))).toBe(0);
  });

  it('is taken from beside the child when the whole VM was copied elsewhere', async () => {
    const folder = newFolder();
    const base = writeLink(folder, { name: 'base.vmdk', cid: '0000000a', seed: 1 });
    const leaf = writeLink(folder, {
      name: 'leaf.vmdk',
      cid: '0000000b',
      parentCid: '0000000a',
      hint: '/vmfs/volumes/gone/vm/base.vmdk',
      seed: 2,
    });
    expect(
      Buffer.compare(await contentOf(at(folder), 'leaf.vmdk'), flattenModels(base.bytes, leaf)),
    ).toBe(0);
  });

  it('is refused outside the configured roots, whether it exists or not', async () => {
    const site = newFolder();
    const [golden, clone] = [path.join(site, 'golden'), path.join(site, 'clone')];
    mkdirSync(golden);
    mkdirSync(clone);
    writeLink(golden, { name: 'base.vmdk', cid: '0000000a', seed: 1 });
    for (const hint of [
      '../golden/base.vmdk',
      '../golden/gone.vmdk',
      '/etc/passwd',
      path.join(golden, 'base.vmdk'),
      'C:\\x.vmdk',
      '[other] x.vmdk',
    ]) {
      writeLink(clone, {
        name: 'leaf.vmdk',
        cid: '0000000b',
        parentCid: '0000000a',
        hint,
        seed: 2,
      });
      await expect(contentOf(at(clone), 'leaf.vmdk')).rejects.toMatchObject({
        code: 'FILE_OUTSIDE_ROOT',
      });
    }
  });
});

describe('a manifest', () => {
  it('differs after a write, a new descriptor and a replaced file', async () => {
    const folder = newFolder();
    writeLink(folder, { name: 'a.vmdk', cid: '00000001', seed: 1 });
    encodeFlat(
      path.join(folder, 'b-flat.vmdk'),
      randomLayout({ capacitySectors: 512, grainSectors: 128, seed: 2 }),
    );
    const text = descriptorText({
      createType: 'monolithicFlat',
      extents: ['RW 512 FLAT "b-flat.vmdk" 0'],
    });
    writeFileSync(path.join(folder, 'b.vmdk'), text);
    const manifest = async (name: string): Promise<string> => {
      const chain = await openLayerChain(folderOpener(at(folder)), name);
      try {
        return JSON.stringify(await chain.layers[0]?.manifest());
      } finally {
        await chain.close();
      }
    };
    const [a, b] = [await manifest('a.vmdk'), await manifest('b.vmdk')];
    expect([await manifest('a.vmdk'), await manifest('b.vmdk')]).toEqual([a, b]);
    writeFileSync(path.join(folder, 'b.vmdk'), text.replace('0a0b0c0d', '0a0b0c0e'));
    expect(await manifest('b.vmdk')).not.toBe(b);
    copyFileSync(path.join(folder, 'a.vmdk'), path.join(folder, 'a.new'));
    renameSync(path.join(folder, 'a.new'), path.join(folder, 'a.vmdk'));
    expect(await manifest('a.vmdk')).not.toBe(a);
    expect(readFileSync(path.join(folder, 'a.vmdk')).length).toBeGreaterThan(0);
  });
});
