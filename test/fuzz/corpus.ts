/**
 * What mutants are made of: valid disks of every kind from the encoders, and the real files of
 * ../shared/fixtures where that folder is.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { TIB } from '../../packages/engine/src/bytes';
import { openLocalFile } from '../../packages/engine/src/formats/local-file';
import { descriptorText } from '../../packages/engine/src/testing/encoders/descriptor-text';
import { encodeFlat } from '../../packages/engine/src/testing/encoders/flat';
import {
  patternBytes,
  type EncodedTables,
  type GrainLayout,
} from '../../packages/engine/src/testing/encoders/grains';
import {
  encodeHostedSparse,
  type HostedSparseOptions,
} from '../../packages/engine/src/testing/encoders/hosted-sparse';
import { randomLayout } from '../../packages/engine/src/testing/encoders/random-layout';
import {
  writeSparseDisk,
  type SparseDisk,
} from '../../packages/engine/src/testing/encoders/sparse-disk';
import { PatchedFile, type Piece } from './patched-file';

export interface CorpusItem {
  readonly name: string;
  /** What is opened. */
  readonly disk: string;
  readonly files: ReadonlyMap<string, PatchedFile>;
  /** Places worth damaging: headers, tables, markers. */
  readonly targets: readonly Target[];
}

export interface Target {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

interface Built {
  readonly disk: string;
  readonly targets: readonly Target[];
}

/** Writes the disks below `folder` and takes them into memory. `fixtures` may be absent. */
export async function makeCorpus(folder: string, fixtures: string): Promise<readonly CorpusItem[]> {
  const items: CorpusItem[] = [];
  for (const [name, build] of Object.entries({ ...OWN, ...realFiles(fixtures) })) {
    const place = path.join(folder, name);
    mkdirSync(place, { recursive: true });
    const { disk, targets } = build(place);
    items.push({ name, disk, targets, files: await loadFolder(place) });
  }
  return items;
}

type Build = (folder: string) => Built;

const layout = (
  seed: number,
  grainSectors: number,
  capacitySectors: number,
  shuffleSeed?: number,
): GrainLayout =>
  randomLayout({
    seed,
    grainSectors,
    capacitySectors,
    ...(shuffleSeed === undefined ? {} : { shuffleSeed }),
  });

const CHILD = { cid: '22223333', parentCid: '11112222', parentHint: 'base.vmdk' };

const OWN: Readonly<Record<string, Build>> = {
  'hosted-redundant': hosted(layout(1, 8, 6_001), {}),
  'hosted-zero-grains': hosted(layout(2, 16, 20_000, 5), { version: 2, directories: 'one' }),
  'hosted-v3': hosted(layout(3, 128, 20_000), { version: 3, directories: 'one' }),
  'hosted-one-sector-grains': hosted(layout(4, 1, 3_000, 6), { directories: 'one' }),
  'hosted-unclean': hosted(layout(5, 8, 4_000), { unclean: true }),
  'hosted-2tib': hosted(
    {
      capacitySectors: 2 ** 32,
      grainSectors: 128,
      grains: new Map([
        [3, patternBytes(65_536, 1)],
        [33_000_000, patternBytes(65_536, 2)],
      ]),
    },
    { directories: 'one' },
  ),
  'hosted-chain': chain({ kind: 'hosted', extents: [layout(6, 8, 4_000)] }),
  'two-gb': sparse({
    kind: 'two-gb',
    extents: [layout(7, 8, 4_000), layout(8, 16, 2_000), layout(9, 128, 3_001)],
  }),
  'stream-footer': sparse({ kind: 'stream', extents: [layout(10, 128, 8_001)], tables: 'footer' }),
  'stream-first': sparse({ kind: 'stream', extents: [layout(11, 16, 4_001)], tables: 'first' }),
  'stream-last': sparse({ kind: 'stream', extents: [layout(12, 128, 8_001)], tables: 'last' }),
  'stream-redundant': sparse({
    kind: 'stream',
    extents: [layout(13, 64, 8_001)],
    tables: 'redundant',
  }),
  cowd: sparse({ kind: 'cowd', extents: [layout(14, 1, 6_001, 3)] }),
  'cowd-chain': chain({ kind: 'cowd', extents: [layout(15, 8, 4_000, 4)] }),
  'cowd-2tib': sparse({
    kind: 'cowd',
    extents: [
      {
        capacitySectors: 0xffff_ffff,
        grainSectors: 1,
        grains: new Map([
          [7, patternBytes(512, 1)],
          [4_000_000_000, patternBytes(512, 2)],
        ]),
      },
    ],
  }),
  'se-sparse': sparse({ kind: 'se-sparse', extents: [layout(16, 8, 6_001, 5)] }),
  'se-sparse-chain': chain({ kind: 'se-sparse', extents: [layout(17, 8, 4_000)] }),
  'se-sparse-62tib': sparse({
    kind: 'se-sparse',
    extents: [
      {
        capacitySectors: (62 * TIB) / 512,
        grainSectors: 8,
        grains: new Map([
          [7, patternBytes(4096, 1)],
          [9_000_000_000, patternBytes(4096, 2)],
        ]),
      },
    ],
  }),
  flat: place => {
    encodeFlat(path.join(place, 'a-flat.vmdk'), layout(18, 8, 2_000), { offsetBytes: 4096 });
    encodeFlat(path.join(place, 'b-flat.vmdk'), layout(19, 8, 1_000));
    const extents = [
      'RW 2000 FLAT "a-flat.vmdk" 8',
      'RW 500 ZERO',
      'RDONLY 1000 FLAT "b-flat.vmdk" 0',
    ];
    writeFileSync(path.join(place, 'disk.vmdk'), descriptorText({ createType: 'custom', extents }));
    return { disk: 'disk.vmdk', targets: [] };
  },
};

function hosted(of: GrainLayout, options: HostedSparseOptions): Build {
  return place => {
    const descriptor = descriptorText({
      createType: 'monolithicSparse',
      extents: [`RW ${of.capacitySectors} SPARSE "disk.vmdk"`],
    });
    return {
      disk: 'disk.vmdk',
      targets: targetsOf(
        'disk.vmdk',
        of,
        encodeHostedSparse(path.join(place, 'disk.vmdk'), of, { ...options, descriptor }),
      ),
    };
  };
}

function sparse(disk: Omit<SparseDisk, 'folder' | 'name'>): Build {
  return place => {
    const written = writeSparseDisk({ ...disk, folder: place, name: 'disk' });
    const data =
      written.files.length > written.tables.length ? written.files.slice(1) : written.files;
    return {
      disk: written.name,
      targets: written.tables.flatMap((tables, i) =>
        targetsOf(data[i] ?? '', disk.extents[i], tables),
      ),
    };
  };
}

function chain(disk: Omit<SparseDisk, 'folder' | 'name' | 'link'>): Build {
  return place => {
    const [{ capacitySectors }] = disk.extents as readonly [GrainLayout];
    const extents = [`RW ${capacitySectors} VMFS "base-flat.vmdk"`];
    writeFileSync(
      path.join(place, 'base.vmdk'),
      descriptorText({ createType: 'vmfs', cid: '11112222', extents }),
    );
    encodeFlat(path.join(place, 'base-flat.vmdk'), layout(99, 8, capacitySectors));
    return sparse({ ...disk, link: CHILD })(place);
  };
}

function targetsOf(
  file: string,
  of: GrainLayout | undefined,
  tables: EncodedTables,
): readonly Target[] {
  const grains = [...(of?.grains.keys() ?? [])];
  const some = [grains[0], grains.at(-1)].filter(grain => grain !== undefined);
  const entries = some
    .map(grain => tables.tableEntry(grain))
    .filter(offset => offset !== undefined);
  const markers = some
    .map(grain => tables.grainBytes(grain))
    .filter(offset => offset !== undefined);
  return [
    { file, offset: tables.directoryEntry(0), length: 64 },
    ...entries.map(offset => ({ file, offset, length: 256 })),
    ...markers.map(offset => ({ file, offset, length: 32 })),
  ];
}

function realFiles(folder: string): Readonly<Record<string, Build>> {
  if (!existsSync(folder)) return {};
  const names = readdirSync(folder).filter(name => name.endsWith('.vmdk'));
  return Object.fromEntries(
    names.map(name => [
      `real-${name}`,
      (place: string): Built => {
        copyFileSync(path.join(folder, name), path.join(place, name));
        return { disk: name, targets: [] };
      },
    ]),
  );
}

async function loadFolder(folder: string): Promise<Map<string, PatchedFile>> {
  const files = new Map<string, PatchedFile>();
  for (const name of readdirSync(folder).sort()) {
    files.set(
      name,
      new PatchedFile(
        await piecesOf(path.join(folder, name)),
        statSync(path.join(folder, name)).size,
      ),
    );
  }
  return files;
}

/** What is stored of a sparse file, in pieces of at most 1 MiB. Holes of less than a page are not looked for. */
async function piecesOf(file: string): Promise<readonly Piece[]> {
  const opened = await openLocalFile(file);
  try {
    const all = [{ offset: 0, length: opened.sizeBytes, kind: 'data' as const }];
    const runs = (await opened.allocated?.(0, opened.sizeBytes)) ?? all;
    const pieces: Piece[] = [];
    for (const { offset, length, kind } of runs) {
      if (kind === 'hole') continue;
      for (let done = 0; done < length; done += 1 << 20) {
        const bytes = new Uint8Array(Math.min(1 << 20, length - done));
        await opened.read(offset + done, bytes);
        pieces.push({ offset: offset + done, bytes });
      }
    }
    return pieces;
  } finally {
    await opened.close();
  }
}
