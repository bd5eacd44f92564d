/**
 * Time added per layer over a bare loop: a VM of one disk with many small layers goes through the
 * whole engine, and where the time of a layer goes is read from the steps' own times in the database.
 */
import path from 'node:path';

import { seededBytes } from '../../packages/engine/src/testing/seeded-bytes';
import { VmBuilder } from '../../packages/engine/src/testing/vm-builder';
import { median } from '../bench/measure';
import { serveFolder } from '../cluster/serve-folder';
import { bareLoop, type BareLayer } from './bare-loop';
import { standingLoop } from './standing-loop';
import { openBenchEngine, untilMigrated } from './bench-engine';
import { perLayer, type RequestCounts } from './counted-api';
import type { BenchPlace } from './place';
import { execFileSync } from 'node:child_process';

const MIB = 1024 * 1024;
const DISK_BYTES = 64 * MIB;

/** All in ms, one layer: from the end of the cut before to the end of its own. */
export interface LayerTimes {
  readonly total: number;
  /** The cut before it ended to its application begun: the wake-up of the next step. */
  readonly toApply: number;
  /** Application begun to the mover begun: mark, pod, kubelet. */
  readonly toMover: number;
  readonly mover: number;
  /** Mover ended to its step ended: log, mark, transaction. */
  readonly toApplied: number;
  readonly toCut: number;
  /** VolumeSnapshot step: waiting for the pod's end, cut, ready. */
  readonly cut: number;
}

export interface LayersResult {
  readonly how: string;
  readonly layers: number;
  readonly bare: readonly BareLayer[];
  readonly times: readonly LayerTimes[];
  readonly requestsPerLayer: RequestCounts;
  readonly addedMs: number;
}

export async function measureLayers(
  place: BenchPlace,
  how: string,
  options: object,
  layers: number,
): Promise<LayersResult> {
  const name = `layers-${how.toLowerCase()}`;
  const store = path.join(place.folder, name);
  const displayName = writeVm(path.join(store, 'vm'), layers);
  execFileSync('chmod', ['-R', 'a+rX', place.folder]);
  await serveFolder(place.kubectl, name, store);
  const bare = await bareLoopOf(how)(place, `bare-${how.toLowerCase()}`, Math.min(layers, 8), 1);
  const bench = await openBenchEngine({
    source: {
      name: 'store',
      kind: 'vm-directory',
      options: { folder: store, pods: { persistentVolumeClaim: name } },
    },
    api: place.openApi(),
    image: place.moverImage,
    options,
  });
  try {
    await bench.engine.call('start', {
      vm: `store/${displayName}`,
      options: { namePrefix: how.toLowerCase() },
    });
    await untilMigrated(bench);
    const times = await timesOf(bench.engine);
    const requestsPerLayer = perLayer(bench.requests, layers + 1);
    const addedMs = median(times.map(one => one.total)) - median(bare.map(one => one.totalMs));
    return { how, layers, bare, times, requestsPerLayer, addedMs };
  } finally {
    await bench.close();
  }
}

/** The same calls as this way of working makes. */
function bareLoopOf(how: string): typeof bareLoop {
  return how === 'perVolume' ? standingLoop : bareLoop;
}

/** A base and so many deltas of 1 MiB each, every one named by a snapshot. */
function writeVm(folder: string, layers: number): string {
  const vm = new VmBuilder({ folder, name: 'layers', displayName: 'layers', seed: 7 });
  const disk = vm.addDisk({ format: 'hosted-sparse', sizeBytes: DISK_BYTES });
  for (let layer = 0; layer <= layers; layer++) {
    vm.write(disk, (layer % 60) * MIB, seededBytes(MIB, layer + 1));
    vm.takeSnapshot(`s${layer}`);
  }
  vm.finish();
  return 'layers';
}

/** The base is left out: the class's proof and the volume's making go before it. */
async function timesOf({
  database,
}: Awaited<ReturnType<typeof openBenchEngine>>['engine']): Promise<readonly LayerTimes[]> {
  const rows = await database.query<{
    kind: string;
    began: number;
    ended: number;
    moverBegan: number | null;
    moverEnded: number | null;
  }>(
    `select s.kind, extract(epoch from s.started_at)::float8 * 1000 as began, extract(epoch from s.finished_at)::float8 * 1000 as ended,
            extract(epoch from (l.receipt->>'startedAt')::timestamptz)::float8 * 1000 as "moverBegan",
            extract(epoch from (l.receipt->>'finishedAt')::timestamptz)::float8 * 1000 as "moverEnded"
       from vm_migrate.step s left join vm_migrate.layer l on l.migration_id = s.migration_id and l.layer_id = s.layer_id and s.kind = 'applyLayer'
      where s.kind in ('applyLayer', 'takeSnapshot') order by s.finished_at`,
  );
  const times: LayerTimes[] = [];
  for (let at = 2; at + 1 < rows.length; at += 2) {
    const [before, apply, cut] = [rows[at - 1], rows[at], rows[at + 1]];
    if (before?.kind !== 'takeSnapshot' || apply?.kind !== 'applyLayer') continue;
    if (cut?.kind !== 'takeSnapshot' || apply.moverBegan === null || apply.moverEnded === null)
      continue;
    times.push({
      total: cut.ended - before.ended,
      toApply: apply.began - before.ended,
      toMover: apply.moverBegan - apply.began,
      mover: apply.moverEnded - apply.moverBegan,
      toApplied: apply.ended - apply.moverEnded,
      toCut: cut.began - apply.ended,
      cut: cut.ended - cut.began,
    });
  }
  return times;
}
