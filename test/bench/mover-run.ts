/** The mover program under the stopwatch, with an order such as the engine gives. */
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import path from 'node:path';

import { MIB } from '../../packages/engine/src/bytes';
import type { LayerManifest } from '../../packages/engine/src/formats/layer';
import type { ApplyOrder, MoverReport, Receipt } from '../../packages/engine/src/mover/mover';
import { openSource } from '../../packages/engine/src/sources/open-source';
import { timed, type Sample } from './measure';

const root = path.resolve(__dirname, '../..');
/** BENCH_MOVER names another build, to compare with. */
export const MOVER_PROGRAM =
  process.env['BENCH_MOVER'] ?? path.join(root, 'packages/mover/dist/mover.cjs');

export interface BenchLayer {
  readonly folder: string;
  readonly file: string;
  readonly sizeBytes: number;
  readonly manifest: LayerManifest;
}

export async function benchLayer(folder: string, file: string): Promise<BenchLayer> {
  const layer = await openSource(sourceOf(folder)).openLayer(file);
  try {
    return { folder, file, sizeBytes: layer.sizeBytes, manifest: await layer.manifest() };
  } finally {
    await layer.close();
  }
}

export interface MoverRunOptions {
  readonly content: 'zeros' | 'parent';
  /** Tables beside the volume, named after the layer. */
  readonly proof: { readonly parentTable?: string; readonly table: string } | undefined;
  readonly programArguments: readonly string[];
}

/** The volume must exist and have the layer's size: newVolume. */
export function runMover(
  layer: BenchLayer,
  volume: string,
  { content, proof, programArguments }: MoverRunOptions,
): Sample & { readonly receipt: Receipt } {
  const mark = {
    storeId: 'bench',
    migrationId: 'bench',
    volumeId: 'bench',
    generation: 1,
    phase: 'writing',
    layerId: layer.file,
    fence: 1,
  } as const;
  const order: ApplyOrder = {
    order: 'apply',
    protocol: 1,
    runId: 'bench',
    leaseMs: 3_600_000,
    bytesPerSecond: 0,
    fence: 1,
    layerId: layer.file,
    source: sourceOf(layer.folder),
    layer: { file: layer.file, manifest: layer.manifest },
    volume: { kind: 'file', path: volume, sizeBytes: layer.sizeBytes },
    content,
    mark,
    windowBytes: 4 * MIB,
    windowsDone: [],
    ...(proof === undefined ? {} : { proof: { stateSizeBytes: layer.sizeBytes, ...proof } }),
  };
  const sample = timed(
    [process.execPath, MOVER_PROGRAM, '--ignore-stdin-end', ...programArguments],
    `${JSON.stringify(order)}\n`,
  );
  const last = JSON.parse(sample.stdout.trim().split('\n').at(-1) ?? 'null') as MoverReport;
  if (last.type !== 'done') throw new Error(JSON.stringify(last));
  return { ...sample, receipt: last.receipt };
}

/** Empty, sparse, of that size; replaces what is there. */
export function newVolume(file: string, sizeBytes: number): void {
  const fd = openSync(file, 'w');
  ftruncateSync(fd, sizeBytes);
  closeSync(fd);
}

function sourceOf(folder: string) {
  return { kind: 'vm-directory', folder, roots: [], datastores: {} } as const;
}
