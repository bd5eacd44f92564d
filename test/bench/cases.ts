/** What is raced against what, and the ratio that issue section 10 asks for. */
import { cpSync, constants, copyFileSync, existsSync, rmSync } from 'node:fs';
import path from 'node:path';

import type { BenchDisks } from './make-disks';
import {
  flushed,
  forget,
  median,
  plus,
  race,
  timed,
  warm,
  type Contender,
  type Sample,
  type Series,
} from './measure';
import {
  benchLayer,
  newVolume,
  runMover,
  type BenchLayer,
  type MoverRunOptions,
} from './mover-run';

export interface CaseResult {
  readonly name: string;
  readonly ours: Series;
  readonly peer: Series;
  readonly ratio: number;
  /** Ratio of processor time: says what a noisy machine hides. */
  readonly processorRatio: number;
  readonly goal: number;
  readonly writtenRatio?: number;
  /** What holds it back, measured in the same run. */
  readonly note?: string;
}

export interface Bench {
  readonly disks: BenchDisks;
  /** Folder on the same file system as the disks. */
  readonly output: string;
  readonly rounds: number;
}

type Cache = 'warm' | 'cold';

export const CASES: Readonly<Record<string, (bench: Bench) => Promise<CaseResult>>> = {
  'sparse, warm': bench => againstConvert(bench, 'sparse, warm', bench.disks.sparse, 'warm', 0.5),
  'sparse, cold': bench => againstConvert(bench, 'sparse, cold', bench.disks.sparse, 'cold', 0.5),
  'streamOptimized, 1 lane, warm': bench =>
    againstConvert(
      bench,
      'streamOptimized, 1 lane, warm',
      bench.disks.streamOptimized,
      'warm',
      0.6,
      ['--lanes=1'],
    ),
  'streamOptimized, 2 lanes, warm': bench =>
    againstConvert(
      bench,
      'streamOptimized, 2 lanes, warm',
      bench.disks.streamOptimized,
      'warm',
      0.45,
      ['--lanes=2'],
    ),
  'streamOptimized, cold': bench =>
    againstConvert(bench, 'streamOptimized, cold', bench.disks.streamOptimized, 'cold', 0.9),
  'flat against cp, warm': flatAgainstCp,
  'proof against convert and compare, warm': bench => proofAgainstCompare(bench, 'warm'),
  'proof against convert and compare, cold': bench => proofAgainstCompare(bench, 'cold'),
  'proof against none, cold': proofAgainstNone,
};

/** Needs an output folder with reflinks. */
export const REFLINK_CASE = 'four states on reflinks, warm';

async function againstConvert(
  bench: Bench,
  name: string,
  file: string,
  cache: Cache,
  goal: number,
  args: readonly string[] = [],
): Promise<CaseResult> {
  const layer = await benchLayer(bench.disks.folder, file);
  const ours = mover(bench, 'mover', layer, cache, {
    content: 'zeros',
    proof: undefined,
    programArguments: [...flushing(cache), ...args],
  });
  const contenders = [ours.contender, convert(bench, file, cache)];
  if (cache === 'cold' && existsSync(MEMORY)) contenders.push(medium(bench, file));
  return result(name, race(contenders, bench.rounds), goal, ours.writtenRatio());
}

const MEMORY = '/dev/shm';

/**
 * What nobody gets below: reads the file and writes as many bytes at the same time, past every cache.
 * What is written comes from memory.
 */
function medium({ disks, output }: Bench, file: string): Contender {
  const source = path.join(disks.folder, file);
  const target = path.join(output, 'medium.raw');
  const copy = path.join(MEMORY, 'vm-migrate-bench-medium');
  const options = 'bs=1M status=none';
  return {
    name: 'the medium alone',
    prepare() {
      rmSync(target, { force: true });
      cpSync(source, copy);
      forget(source);
    },
    run() {
      const reads = `dd if='${source}' of=/dev/null iflag=direct ${options}`;
      const writes = `dd if='${copy}' of='${target}' oflag=direct conv=fsync ${options}`;
      const sample = timed(['sh', '-c', `${reads} & ${writes} && wait`]);
      rmSync(copy);
      return sample;
    },
  };
}

async function flatAgainstCp(bench: Bench): Promise<CaseResult> {
  const { disks } = bench;
  const layer = await benchLayer(disks.folder, disks.flat);
  const source = path.join(disks.folder, 'flat-flat.vmdk');
  const output = path.join(bench.output, 'cp.raw');
  const ours = mover(bench, 'mover', layer, 'warm', {
    content: 'zeros',
    proof: undefined,
    programArguments: ['--no-flush'],
  });
  const cp: Contender = {
    name: 'cp --sparse=always',
    prepare: () => (rmSync(output, { force: true }), warm(source)),
    run: () => timed(['cp', '--sparse=always', '--reflink=never', source, output]),
  };
  return result(
    'flat against cp, warm',
    race([ours.contender, cp], bench.rounds),
    1.1,
    ours.writtenRatio(),
  );
}

/** Warm, neither flushes and both read back through the page cache; cold, both flush and read back from the medium. */
async function proofAgainstCompare(bench: Bench, cache: Cache): Promise<CaseResult> {
  const { disks, output } = bench;
  const layer = await benchLayer(disks.folder, disks.sparse);
  const ours = mover(bench, 'mover with proof', layer, cache, {
    content: 'zeros',
    proof: { table: path.join(output, 'table') },
    programArguments: flushing(cache),
  });
  const converter = convert(bench, disks.sparse, cache);
  const source = path.join(disks.folder, disks.sparse);
  const target = path.join(output, 'convert.raw');
  const compare: Contender = {
    ...converter,
    name: 'qemu-img convert, compare',
    run() {
      const converted = converter.run();
      if (cache === 'cold') forget(source, target);
      return plus(
        converted,
        timed(['qemu-img', 'compare', '-f', 'vmdk', '-F', 'raw', source, target]),
      );
    },
  };
  return result(
    `proof against convert and compare, ${cache}`,
    race([ours.contender, compare], bench.rounds),
    0.7,
    ours.writtenRatio(),
  );
}

async function proofAgainstNone(bench: Bench): Promise<CaseResult> {
  const { disks, output } = bench;
  const layer = await benchLayer(disks.folder, disks.sparse);
  const proved = mover(bench, 'mover with proof', layer, 'cold', {
    content: 'zeros',
    proof: { table: path.join(output, 'table') },
    programArguments: [],
  });
  const without = mover(bench, 'mover without', layer, 'cold', {
    content: 'zeros',
    proof: undefined,
    programArguments: flushing('cold'),
  });
  return result(
    'proof against none, cold',
    race([proved.contender, without.contender], bench.rounds),
    1.8,
    proved.writtenRatio(),
  );
}

/** Base and three deltas as four states: reflinks between the steps, against four converts. */
export async function reflinkCase({ disks, output, rounds }: Bench): Promise<CaseResult> {
  const files = [disks.sparse, ...disks.deltas];
  const layers = await Promise.all(files.map(file => benchLayer(disks.folder, file)));
  const state = (nth: number) => path.join(output, `state-${nth}.raw`);
  const volume = path.join(output, 'volume.raw');
  const sources = files.map(file => path.join(disks.folder, file));
  const clean = () => {
    for (const file of [volume, ...files.map((_, nth) => state(nth))])
      rmSync(file, { force: true });
    warm(...sources);
  };
  let written = NaN;
  const cuts: number[] = [];
  const ours: Contender = {
    name: 'mover, four states',
    prepare: () => (clean(), newVolume(volume, disks.sizeBytes)),
    run() {
      let total: Sample | undefined;
      let [own, out, cutSeconds] = [0, 0, 0];
      for (const [nth, layer] of layers.entries()) {
        const sample = runMover(layer, volume, {
          content: nth === 0 ? 'zeros' : 'parent',
          proof: undefined,
          programArguments: ['--no-flush'],
        });
        own += sample.receipt.bytes.data;
        out += sample.receipt.bytes.written;
        const started = performance.now();
        copyFileSync(volume, state(nth), constants.COPYFILE_FICLONE_FORCE);
        const cut = {
          seconds: (performance.now() - started) / 1000,
          processorSeconds: 0,
          residentKib: 0,
        };
        cutSeconds += cut.seconds;
        total = total === undefined ? plus(sample, cut) : plus(total, plus(sample, cut));
      }
      written = out / own;
      cuts.push(cutSeconds);
      return total ?? { seconds: NaN, processorSeconds: NaN, residentKib: NaN };
    },
  };
  const peer: Contender = {
    name: 'qemu-img convert, four times',
    prepare: clean,
    run: () =>
      sources
        .map((source, nth): Sample => {
          const sample = timed([
            'qemu-img',
            'convert',
            '-f',
            'vmdk',
            '-O',
            'raw',
            source,
            state(nth),
          ]);
          // Four whole states need not fit into memory side by side.
          rmSync(state(nth));
          return sample;
        })
        .reduce(plus),
  };
  return {
    ...result(REFLINK_CASE, race([ours, peer], rounds), 0.2, written),
    note: `${median(cuts).toFixed(2)} s of it in reflinks, which flush first`,
  };
}

function mover(
  bench: Bench,
  name: string,
  layer: BenchLayer,
  cache: Cache,
  options: MoverRunOptions,
): { contender: Contender; writtenRatio(): number } {
  const volume = path.join(bench.output, 'mover.raw');
  let written = NaN;
  const contender: Contender = {
    name,
    prepare() {
      rmSync(volume, { force: true });
      newVolume(volume, layer.sizeBytes);
      (cache === 'warm' ? warm : forget)(...sourceFiles(layer));
    },
    run() {
      const sample = runMover(layer, volume, options);
      written = sample.receipt.bytes.written / sample.receipt.bytes.data;
      return cache === 'warm' ? sample : flushed(sample, volume);
    },
  };
  return { contender, writtenRatio: () => written };
}

function convert(bench: Bench, file: string, cache: Cache): Contender {
  const source = path.join(bench.disks.folder, file);
  const output = path.join(bench.output, 'convert.raw');
  return {
    name: 'qemu-img convert',
    prepare() {
      rmSync(output, { force: true });
      (cache === 'warm' ? warm : forget)(source);
    },
    run() {
      const sample = timed(['qemu-img', 'convert', '-f', 'vmdk', '-O', 'raw', source, output]);
      return cache === 'warm' ? sample : flushed(sample, output);
    },
  };
}

/** Warm, neither side flushes. Cold, both do: the mover by its checkpoints, the peer when it is done. */
function flushing(cache: Cache): readonly string[] {
  return cache === 'warm' ? ['--no-flush'] : [];
}

function sourceFiles(layer: BenchLayer): readonly string[] {
  return layer.manifest.files
    .map(file => path.join(layer.folder, file.name))
    .filter(file => existsSync(file));
}

function result(
  name: string,
  [ours, peer, limit]: readonly Series[],
  goal: number,
  writtenRatio: number,
): CaseResult {
  if (ours === undefined || peer === undefined) throw new Error('two contenders');
  return {
    name,
    ours,
    peer,
    ratio: ours.seconds / peer.seconds,
    processorRatio: ours.processorSeconds / peer.processorSeconds,
    goal,
    writtenRatio,
    ...(limit === undefined ? {} : { note: `medium alone ${limit.seconds.toFixed(2)} s` }),
  };
}

/** For the reflink case: the disks on the file system with reflinks. */
export function copyDisks(disks: BenchDisks, folder: string): BenchDisks {
  for (const file of [disks.sparse, ...disks.deltas])
    cpSync(path.join(disks.folder, file), path.join(folder, file));
  return { ...disks, folder };
}
