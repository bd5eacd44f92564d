/** A small disk of a base and a delta, a volume, and orders on them: what tests of the mover start from. */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import path from 'node:path';

import { SECTOR_BYTES, TIB } from '../bytes';
import type {
  ApplyOrder,
  HashChainOrder,
  HashVolumeOrder,
  VolumeMark,
  WindowReport,
} from '../mover/mover';
import { openSource } from '../sources/open-source';
import type { SourceAddress } from '../sources/source';
import { descriptorText } from './encoders/descriptor-text';
import type { Grain, GrainLayout } from './encoders/grains';
import { encodeHostedSparse } from './encoders/hosted-sparse';
import { randomLayout } from './encoders/random-layout';

const GRAIN_SECTORS = 128;
const GRAIN_BYTES = GRAIN_SECTORS * SECTOR_BYTES;
const BLOCK_BYTES = 64 * 1024;
export const SCENE_WINDOW_BYTES = 256 * 1024;

export interface MoverScene {
  readonly source: SourceAddress;
  readonly sizeBytes: number;
  /** What a guest reads at the base, and at the delta. */
  readonly baseContent: Buffer;
  readonly deltaContent: Buffer;
  /** Path of the volume's raw file; empty and new. */
  readonly volume: string;
  readonly table: (name: string) => string;
  base(change?: Partial<ApplyOrder>): Promise<ApplyOrder>;
  /** The base must be on the volume, its table at table('base'). */
  delta(change?: Partial<ApplyOrder>): Promise<ApplyOrder>;
  hashVolume(change?: Partial<HashVolumeOrder>): HashVolumeOrder;
  hashChain(): HashChainOrder;
  setMark(mark: VolumeMark): void;
}

/** `extraBytes`: how much larger the volume is than the disk. */
export function moverScene(
  folder: string,
  sizeBytes: number,
  seed: number,
  extraBytes = 0,
): MoverScene {
  const capacitySectors = sizeBytes / SECTOR_BYTES;
  const base = layoutWithData(capacitySectors, seed);
  const delta = randomLayout({ capacitySectors, grainSectors: GRAIN_SECTORS, seed: seed + 1 });
  const baseContent = Buffer.alloc(sizeBytes);
  overlay(baseContent, base.grains);
  const deltaContent = Buffer.from(baseContent);
  overlay(deltaContent, delta.grains);
  return { ...sceneOf(folder, base, delta, sizeBytes + extraBytes), baseContent, deltaContent };
}

/** 1 TiB with three grains: at the start, in the middle, at the end. No content: nobody could hold it. */
export function hugeScene(folder: string): Omit<MoverScene, 'baseContent' | 'deltaContent'> {
  const capacitySectors = TIB / SECTOR_BYTES;
  const last = capacitySectors / GRAIN_SECTORS - 1;
  const grains = new Map(
    [0, Math.floor(last / 2), last].map((grain): [number, Grain] => [
      grain,
      Buffer.alloc(GRAIN_BYTES, 1 + (grain % 200)),
    ]),
  );
  const layout = { capacitySectors, grainSectors: GRAIN_SECTORS, grains };
  return sceneOf(folder, layout, layout, TIB);
}

function sceneOf(
  folder: string,
  base: GrainLayout,
  delta: GrainLayout,
  volumeBytes: number,
): Omit<MoverScene, 'baseContent' | 'deltaContent'> {
  const sizeBytes = base.capacitySectors * SECTOR_BYTES;
  fs.mkdirSync(path.join(folder, 'vm'), { recursive: true });
  fs.mkdirSync(path.join(folder, 'tables'), { recursive: true });
  const source = {
    kind: 'vm-directory',
    folder: path.join(folder, 'vm'),
    roots: [],
    datastores: {},
  } as const;
  writeDisk(source.folder, 'disk', base, undefined);
  writeDisk(source.folder, 'disk-000001', delta, 'disk.vmdk');

  const volume = path.join(folder, 'disk.img');
  const [lockPath, markPath] = [path.join(folder, 'lock'), path.join(folder, 'volume.json')];
  fs.writeFileSync(volume, '');
  fs.truncateSync(volume, volumeBytes);
  fs.writeFileSync(lockPath, '');
  const address = {
    kind: 'file',
    path: volume,
    sizeBytes: volumeBytes,
    lockPath,
  } as const;
  const table = (name: string) => path.join(folder, 'tables', name);
  const setMark = (mark: VolumeMark) =>
    fs.writeFileSync(markPath, JSON.stringify({ format: 'test', mark }));
  let runs = 0;
  const common = () =>
    ({ protocol: 1, runId: `${folder}/${runs++}`, leaseMs: 600_000, bytesPerSecond: 0 }) as const;

  const apply = async (
    layerId: string,
    file: string,
    rest: Pick<ApplyOrder, 'content' | 'proof'>,
    change: Partial<ApplyOrder>,
  ): Promise<ApplyOrder> => {
    const layer = await openSource(source).openLayer(file);
    const manifest = await layer.manifest();
    await layer.close();
    const mark = {
      storeId: 'store',
      migrationId: 'migration',
      volumeId: 'volume',
      generation: 1,
      phase: 'writing',
      layerId,
      fence: 1,
    } as const;
    setMark(mark);
    return {
      ...common(),
      order: 'apply',
      fence: 1,
      layerId,
      source,
      layer: { file, manifest },
      volume: { ...address, markPath },
      mark,
      windowBytes: SCENE_WINDOW_BYTES,
      windowsDone: [],
      ...rest,
      ...change,
    };
  };
  return {
    source,
    sizeBytes,
    volume,
    table,
    setMark,
    base: (change = {}) =>
      apply(
        'base',
        'disk.vmdk',
        { content: 'zeros', proof: { stateSizeBytes: sizeBytes, table: table('base') } },
        change,
      ),
    delta: (change = {}) =>
      apply(
        'delta',
        'disk-000001.vmdk',
        {
          content: 'parent',
          proof: { stateSizeBytes: sizeBytes, parentTable: table('base'), table: table('delta') },
        },
        change,
      ),
    hashVolume: (change = {}) => ({
      ...common(),
      order: 'hash-volume',
      volume: address,
      stateSizeBytes: sizeBytes,
      ...change,
    }),
    hashChain: () => ({
      ...common(),
      order: 'hash-chain',
      source,
      files: ['disk.vmdk', 'disk-000001.vmdk'],
      stateSizeBytes: sizeBytes,
    }),
  };
}

/** The definition of a state's digest, written down plainly. */
export function plainStateDigest(state: Uint8Array): string {
  const all = createHash('sha256');
  for (let at = 0; at < state.length; at += BLOCK_BYTES)
    all.update(
      createHash('sha256')
        .update(state.subarray(at, at + BLOCK_BYTES))
        .digest(),
    );
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(state.length));
  return all.update(size).digest('hex');
}

/** SHA-256 over the digests of windows in order, written down plainly. */
export function plainWindowsDigest(windows: readonly WindowReport[]): string {
  const sorted = [...windows].sort((one, other) => one.index - other.index);
  return createHash('sha256')
    .update(Buffer.from(sorted.map(window => window.digest).join(''), 'hex'))
    .digest('hex');
}

/** A seed may happen to give a disk without data, on which nothing can be seen. */
function layoutWithData(capacitySectors: number, seed: number): ReturnType<typeof randomLayout> {
  const layout = randomLayout({ capacitySectors, grainSectors: GRAIN_SECTORS, seed });
  const withData = [...layout.grains.values()].filter(grain => typeof grain !== 'string').length;
  return withData >= 20 ? layout : layoutWithData(capacitySectors, seed + 1_000);
}

function writeDisk(
  folder: string,
  name: string,
  layout: GrainLayout,
  parent: string | undefined,
): void {
  const descriptor = descriptorText({
    createType: 'monolithicSparse',
    ...(parent === undefined ? {} : { parentCid: '0a0b0c0d', parentHint: parent }),
    extents: [`RW ${layout.capacitySectors} SPARSE "${name}.vmdk"`],
  });
  encodeHostedSparse(path.join(folder, `${name}.vmdk`), layout, { descriptor });
}

function overlay(content: Buffer, grains: ReadonlyMap<number, Grain>): void {
  for (const [grain, bytes] of grains) {
    const [from, to] = [grain * GRAIN_BYTES, Math.min((grain + 1) * GRAIN_BYTES, content.length)];
    if (bytes === 'zero') content.fill(0, from, to);
    else if (typeof bytes !== 'string') content.set(bytes.subarray(0, to - from), from);
  }
}
