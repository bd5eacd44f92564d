/**
 * npm run bench:cluster -- [--only layers|copy|many] [--layers 12] [--size-mib 1024] [--rounds 5]
 *                          [--vms 200] [--cluster bench] [--json FILE]
 *
 * What the engine costs on a cluster: a table on stdout, every sample as JSON in a file. Runs on a
 * test cluster of its own (test/cluster), which it leaves up: `npm run cluster -- wipe --name bench`.
 */
import { cpus, loadavg, release, tmpdir } from 'node:os';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { median } from '../bench/measure';
import { measureCopy, type CopyResult } from './copy';
import { serveFakeCluster } from './fake-cluster';
import { measureManyVms, type ManyResult } from './many-vms';
import { measureLayers, type LayersResult, type LayerTimes } from './layers';
import { openPlace } from './place';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      layers: { type: 'string', default: '12' },
      'size-mib': { type: 'string', default: '1024' },
      rounds: { type: 'string', default: '5' },
      vms: { type: 'string', default: '200' },
      cluster: { type: 'string', default: 'bench' },
      'serve-fake-cluster': { type: 'boolean', default: false },
      json: { type: 'string', default: path.join(tmpdir(), 'vm-migrate-bench-cluster.json') },
    },
  });
  if (values['serve-fake-cluster']) return serveFakeCluster();
  const wanted = (part: string) => values.only === undefined || values.only === part;
  const results: Record<string, unknown> = { machine: machine() };
  if (wanted('layers')) {
    const place = await openPlace(values.cluster);
    try {
      const layers = Number(values.layers);
      const all: LayersResult[] = [];
      for (const [how, options] of Object.entries(WAYS))
        all.push(await measureLayers(place, how, options, layers));
      results['layers'] = all;
      all.forEach(printLayers);
    } finally {
      await place.close();
    }
  }
  if (wanted('copy')) {
    const place = await openPlace(values.cluster);
    try {
      const sizeBytes = Number(values['size-mib']) * 1024 ** 2;
      const copy = await measureCopy(place, sizeBytes, Number(values.rounds));
      results['copy'] = copy;
      printCopy(copy);
    } finally {
      await place.close();
    }
  }
  if (wanted('many')) {
    const many = await measureManyVms(__filename, Number(values.vms));
    results['many'] = many;
    printMany(many);
  }
  results['loadAfter'] = loadavg();
  writeFileSync(values.json, JSON.stringify(results, null, 2));
  say(`all samples: ${values.json}`);
}

const WAYS: Readonly<Record<string, object>> = {
  perLayer: { movers: 'perLayer' },
  perVolume: { movers: 'perVolume' },
};

function printLayers({ how, bare, times, requestsPerLayer, addedMs }: LayersResult): void {
  const of = (part: keyof LayerTimes) => `${Math.round(median(times.map(one => one[part])))} ms`;
  say(`${how}: ${of('total')} a layer, of them`);
  say(
    `  ${of('toApply')} to the next step, ${of('toMover')} until its mover begins, ${of('mover')} in the mover, ${of('toApplied')} until that is stored, ${of('toCut')} to the cut, ${of('cut')} for the cut`,
  );
  const bareOf = (part: keyof (typeof bare)[0]) =>
    Math.round(median(bare.map(layer => layer[part])));
  say(
    `  bare loop ${bareOf('totalMs')} ms (pod ${bareOf('podMs')}, cut ${bareOf('cutMs')}); added ${Math.round(addedMs)} ms`,
  );
  say(`  requests a layer: ${JSON.stringify(requestsPerLayer)}`);
}

function printCopy({ sizeBytes, samples, ratio, provedRatio }: CopyResult): void {
  const seconds = (of: readonly number[]) => `${median(of).toFixed(2)} s`;
  say(
    `copy of ${sizeBytes / 1024 ** 2} MiB, half of it data: ${seconds(samples.copy)}, with proof ${seconds(samples.proved)}, qemu-img convert ${seconds(samples.convert)}, the medium alone ${seconds(samples.medium)}; ratio ${ratio.toFixed(2)} (goal: at most 0.8), with proof ${provedRatio.toFixed(2)}`,
  );
}

function printMany(many: ManyResult): void {
  const round = (number: number) => Math.round(number * 10) / 10;
  say(`${many.vms} VMs, ${many.layers} layers, ${many.steps} steps, simulated movers:`);
  say(
    `  started in ${round(many.startSeconds)} s (processor ${round(many.startCpuSeconds)} s); migrated in ${round(many.seconds)} s, ${round(many.stepsPerSecond)} steps a second, processor ${round(many.cpuSeconds)} s (${Math.round((many.cpuSeconds * 1000) / many.layers)} ms a layer), ${many.residentMib} MiB`,
  );
  say(
    `  database ${round(many.databaseBytes / 1024 ** 2)} MiB; ${many.largestTables.map(({ name, bytes }) => `${name} ${round(bytes / 1024 ** 2)}`).join(', ')}`,
  );
  for (const { kind, waits, takes } of many.stepTimes)
    say(`  ${kind}: ${waits} ms to its claim, ${takes} ms from there to its end`);
  say(`  requests a layer: ${JSON.stringify(many.requestsPerLayer)}`);
}

function machine(): Record<string, unknown> {
  return {
    node: process.version,
    kernel: release(),
    processor: cpus()[0]?.model ?? '',
    processors: cpus().length,
    load: loadavg(),
  };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

void main().then(
  () => {
    if (!process.argv.includes('--serve-fake-cluster')) process.exit(0);
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
    process.exit(1);
  },
);
