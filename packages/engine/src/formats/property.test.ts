/**
 * Random layouts of every sparse kind: what the readers say equals the naive model, and random
 * chains of deltas equal what qemu-img makes of them.
 * A failure prints seed and path; replay it with VM_MIGRATE_PROPERTY_SEED and _PATH.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import fc from 'fast-check';

import { descriptorText } from '../testing/encoders/descriptor-text';
import { encodeFlat } from '../testing/encoders/flat';
import {
  flattenModels,
  modelOf,
  patternBytes,
  type Grain,
  type GrainLayout,
  type LayerModel,
} from '../testing/encoders/grains';
import {
  DELTA_KINDS,
  SPARSE_KINDS,
  writeSparseDisk,
  type SparseKind,
} from '../testing/encoders/sparse-disk';
import type { StreamTables } from '../testing/encoders/stream-optimized';
import { describeWithQemu, qemuContent } from '../testing/qemu';
import { tempFolder } from '../testing/temp-folder';
import { folderOpener } from './folder-opener';
import type { Layer } from './layer';
import { openLayerChain } from './layer-chain';
import { openLayer } from './open-layer';

const folder = tempFolder();

const REPLAY = {
  ...(process.env['VM_MIGRATE_PROPERTY_SEED'] === undefined
    ? {}
    : { seed: Number(process.env['VM_MIGRATE_PROPERTY_SEED']) }),
  ...(process.env['VM_MIGRATE_PROPERTY_PATH'] === undefined
    ? {}
    : { path: process.env['VM_MIGRATE_PROPERTY_PATH'] }),
};
const RUNS = Number(process.env['VM_MIGRATE_PROPERTY_RUNS'] ?? 40);
const TIMEOUT_MS = 120_000;

/** Grain sizes that the format allows, in sectors. */
const GRAIN_SECTORS: Record<SparseKind, readonly number[]> = {
  hosted: [8, 16, 64, 128, 512, 2048],
  'two-gb': [8, 16, 128, 2048],
  stream: [8, 16, 128, 512, 2048],
  cowd: [1, 2, 8, 128, 2048],
  'se-sparse': [8],
};

/** The naive model holds the whole disk. */
const MOST_BYTES = 24 * 1024 * 1024;

type RunKind = 'data' | 'zero' | 'unmapped' | 'absent';

interface Run {
  readonly kind: RunKind;
  readonly grains: number;
}

/** Short runs of anything, and now and then a gap that skips whole tables. */
const run: fc.Arbitrary<Run> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom<RunKind>('data', 'zero', 'unmapped', 'absent'),
      grains: fc.integer({ min: 1, max: 30 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant<RunKind>('absent'),
      grains: fc.integer({ min: 400, max: 5000 }),
    }),
  },
);

interface LayoutPlan {
  readonly runs: readonly Run[];
  /** Sectors that the last grain lacks, below the grain size. */
  readonly cut: number;
  readonly bytes: number;
  readonly shuffleSeed: number | undefined;
}

const layoutPlan: fc.Arbitrary<LayoutPlan> = fc.record({
  runs: fc.array(run, { minLength: 1, maxLength: 24 }),
  cut: fc.nat(4095),
  bytes: fc.nat(),
  shuffleSeed: fc.option(fc.nat(), { nil: undefined }),
});

/** Entry 1 of COWD is read in other ways elsewhere, so chains for the referee have no zeros there. */
function layoutOf(
  plan: LayoutPlan,
  grainSectors: number,
  zeros: 'any' | 'none' = 'any',
): GrainLayout {
  const grains = new Map<number, Grain>();
  const most = Math.floor(MOST_BYTES / (grainSectors * 512));
  let count = 0;
  for (const { kind, grains: length } of plan.runs) {
    for (let i = 0; i < length && count < most; i++, count++) {
      if (kind === 'data') grains.set(count, patternBytes(grainSectors * 512, plan.bytes + count));
      else if (kind !== 'absent' && zeros === 'any') grains.set(count, kind);
    }
  }
  return withCapacity(
    { grainSectors, grains, capacitySectors: count * grainSectors - (plan.cut % grainSectors) },
    plan,
  );
}

function withCapacity(layout: GrainLayout, { shuffleSeed }: LayoutPlan): GrainLayout {
  return shuffleSeed === undefined ? layout : { ...layout, shuffleSeed };
}

interface DiskPlan {
  readonly extents: readonly GrainLayout[];
  readonly tables: StreamTables;
  readonly delta: boolean;
}

function diskPlan(kind: SparseKind): fc.Arbitrary<DiskPlan> {
  const extent = fc
    .tuple(layoutPlan, fc.constantFrom(...GRAIN_SECTORS[kind]))
    .map(([plan, sectors]) => layoutOf(plan, sectors));
  return fc.record({
    extents: fc.array(extent, { minLength: 1, maxLength: kind === 'two-gb' ? 4 : 1 }),
    tables: fc.constantFrom<StreamTables>('footer', 'first', 'last', 'redundant'),
    delta: fc.boolean(),
  });
}

describe('a random layout, read back', () => {
  it.each(SPARSE_KINDS)(
    '%s equals the naive model',
    async kind => {
      await fc.assert(
        fc.asyncProperty(diskPlan(kind), async ({ extents, tables, delta }) => {
          const link =
            delta && kind !== 'stream' ? { parentCid: '11112222', parentHint: 'base.vmdk' } : {};
          await inFolder(async (place, opener) => {
            const { name } = writeSparseDisk({
              folder: place,
              name: 'disk',
              kind,
              extents,
              link,
              tables,
            });
            const layer = await openLayer(opener, name);
            try {
              await expectModel(
                layer,
                extents.map(modelOf),
                'parentCid' in link ? 'inherited' : 'zero',
              );
            } finally {
              await layer.close();
            }
          });
        }),
        { numRuns: RUNS, ...REPLAY },
      );
    },
    TIMEOUT_MS,
  );
});

interface ChainPlan {
  readonly base: LayoutPlan;
  readonly deltas: readonly LayoutPlan[];
  readonly grainSectors: number;
}

function chainPlan(kind: SparseKind): fc.Arbitrary<ChainPlan> {
  return fc.record({
    base: layoutPlan,
    deltas: fc.array(layoutPlan, { minLength: 2, maxLength: 2 }),
    grainSectors: fc.constantFrom(...GRAIN_SECTORS[kind]),
  });
}

describeWithQemu('a random chain of a flat base and two deltas', () => {
  it.each(DELTA_KINDS)(
    '%s equals the naive model and what qemu-img makes of it',
    async kind => {
      await fc.assert(
        fc.asyncProperty(chainPlan(kind), async ({ base, deltas, grainSectors }) => {
          await inFolder(async (place, opener) => {
            const below = layoutOf(base, grainSectors, 'none');
            const { capacitySectors } = below;
            writeFileSync(
              path.join(place, 'link-0.vmdk'),
              descriptorText({
                createType: 'monolithicFlat',
                cid: '10000000',
                extents: [`RW ${capacitySectors} FLAT "link-0-flat.vmdk" 0`],
              }),
            );
            encodeFlat(path.join(place, 'link-0-flat.vmdk'), below);
            let expected: Uint8Array = modelOf(below).bytes;
            deltas.forEach((plan, index) => {
              const layout = clippedTo(
                layoutOf(plan, grainSectors, kind === 'cowd' ? 'none' : 'any'),
                capacitySectors,
              );
              const link = {
                cid: `1000000${index + 1}`,
                parentCid: `1000000${index}`,
                parentHint: `link-${index}.vmdk`,
              };
              writeSparseDisk({
                folder: place,
                name: `link-${index + 1}`,
                kind,
                extents: [layout],
                link,
              });
              expected = flattenModels(expected, modelOf(layout));
            });
            const chain = await openLayerChain(opener, 'link-2.vmdk');
            try {
              const ours = new Uint8Array(chain.sizeBytes);
              await chain.read(0, ours);
              expectBytes(ours, expected, 0);
              expectBytes(qemuContent(path.join(place, 'link-2.vmdk')), expected, 0);
            } finally {
              await chain.close();
            }
          });
        }),
        { numRuns: Math.ceil(RUNS / 4), ...REPLAY },
      );
    },
    TIMEOUT_MS,
  );
});

/** All links of a chain have one capacity. */
function clippedTo(layout: GrainLayout, capacitySectors: number): GrainLayout {
  const end = Math.ceil(capacitySectors / layout.grainSectors);
  return {
    ...layout,
    capacitySectors,
    grains: new Map([...layout.grains].filter(([grain]) => grain < end)),
  };
}

async function expectModel(
  layer: Layer,
  models: readonly LayerModel[],
  absent: 'inherited' | 'zero',
): Promise<void> {
  const sizeBytes = models.reduce((sum, model) => sum + model.sizeBytes, 0);
  expect(layer.sizeBytes).toBe(sizeBytes);
  expect(runsOf(await layer.extents({ offset: 0, length: sizeBytes }))).toEqual(
    expectedRuns(models, absent),
  );
  let start = 0;
  for (const { bytes } of models) {
    for (const extent of await layer.extents({ offset: start, length: bytes.length })) {
      if (extent.kind !== 'data') continue;
      const found = new Uint8Array(extent.length);
      await layer.read(extent.offset, found);
      expectBytes(
        found,
        bytes.subarray(extent.offset - start, extent.offset - start + extent.length),
        extent.offset,
      );
    }
    start += bytes.length;
  }
}

/** `kind offset+length` of maximal runs. */
function runsOf(
  extents: readonly { readonly kind: string; readonly offset: number; readonly length: number }[],
): readonly string[] {
  return extents.map(({ kind, offset, length }) => `${kind} ${offset}+${length}`);
}

function expectedRuns(
  models: readonly LayerModel[],
  absent: 'inherited' | 'zero',
): readonly string[] {
  const runs: { kind: string; offset: number; length: number }[] = [];
  let start = 0;
  for (const { kinds, grainBytes, sizeBytes } of models) {
    kinds.forEach((kind, grain) => {
      const said = kind === 'inherited' ? absent : kind;
      const length = Math.min(grainBytes, sizeBytes - grain * grainBytes);
      const last = runs.at(-1);
      if (last?.kind === said) last.length += length;
      else runs.push({ kind: said, offset: start + grain * grainBytes, length });
    });
    start += sizeBytes;
  }
  return runsOf(runs);
}

function expectBytes(found: Uint8Array, expected: Uint8Array, offset: number): void {
  if (Buffer.compare(found, expected) === 0) return;
  const first = found.findIndex((byte, index) => byte !== expected[index]);
  throw new Error(
    `${found.length} bytes for ${expected.length}; the one at guest offset ${offset + first} is ${found[first]}, not ${expected[first]}`,
  );
}

let folders = 0;

async function inFolder(
  body: (folder: string, opener: ReturnType<typeof folderOpener>) => Promise<void>,
): Promise<void> {
  const place = path.join(folder, `case-${(folders += 1)}`);
  mkdirSync(place);
  try {
    await body(place, folderOpener({ folder: place, roots: [], datastores: {} }));
  } finally {
    rmSync(place, { recursive: true });
  }
}
