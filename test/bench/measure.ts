/** Runs programs and takes their time: wall, processor, largest memory. */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { posix } from '../../packages/engine/src/native/posix';

export interface Sample {
  readonly seconds: number;
  /** User and system time of the programs that ran; NaN without /usr/bin/time. */
  readonly processorSeconds: number;
  /** Largest resident memory of one of the programs, KiB; NaN without /usr/bin/time. */
  readonly residentKib: number;
}

/** One thing that is measured; called again and again. */
export interface Contender {
  readonly name: string;
  /** Not measured: removes what the last run left. */
  prepare(): void;
  run(): Sample;
}

/** One program. @throws when it fails */
export function timed(
  command: readonly string[],
  input?: string,
): Sample & { readonly stdout: string } {
  const [wrapper, facts] = withTime();
  const [program = '', ...args] = [...wrapper, ...command];
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    ...(input === undefined ? {} : { input }),
    maxBuffer: 256 * 1024 * 1024,
  });
  const seconds = (performance.now() - started) / 1000;
  if (status !== 0)
    throw new Error(
      `${command.join(' ')} ended with ${status}: ${stderr.slice(-2000)}${stdout.slice(-2000)}`,
    );
  return { seconds, ...facts(), stdout };
}

type Facts = Pick<Sample, 'processorSeconds' | 'residentKib'>;

function withTime(): [readonly string[], () => Facts] {
  if (!existsSync('/usr/bin/time'))
    return [[], () => ({ processorSeconds: NaN, residentKib: NaN })];
  const file = path.join(tmpdir(), `vm-migrate-bench-${process.pid}`);
  return [
    ['/usr/bin/time', '-o', file, '-f', '%U %S %M'],
    () => {
      const [user = NaN, system = NaN, residentKib = NaN] = readFileSync(file, 'utf8')
        .trim()
        .split(' ')
        .map(Number);
      rmSync(file);
      return { processorSeconds: user + system, residentKib };
    },
  ];
}

export function plus(one: Sample, other: Sample): Sample {
  return {
    seconds: one.seconds + other.seconds,
    processorSeconds: one.processorSeconds + other.processorSeconds,
    residentKib: Math.max(one.residentKib, other.residentKib),
  };
}

/** Makes a file durable, and counts the time to the run. */
export function flushed(sample: Sample, file: string): Sample {
  const started = performance.now();
  const fd = openSync(file, 'r');
  fsyncSync(fd);
  closeSync(fd);
  return { ...sample, seconds: sample.seconds + (performance.now() - started) / 1000 };
}

/** Clean pages of the files leave the cache. */
export function forget(...files: readonly string[]): void {
  for (const file of files) {
    const fd = openSync(file, 'r');
    fsyncSync(fd);
    posix()?.fadviseDontNeed(fd, 0, 0);
    closeSync(fd);
  }
}

/** In the cache, as a fresh copy would be. */
export function warm(...files: readonly string[]): void {
  for (const file of files) execFileSync('cat', [file], { stdio: ['ignore', 'ignore', 'inherit'] });
}

export interface Series {
  readonly name: string;
  readonly samples: readonly Sample[];
  /** Medians. */
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly residentKib: number;
}

/** All contenders in turn, another order in every round, the first round not counted. */
export function race(contenders: readonly Contender[], rounds: number): readonly Series[] {
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    const order = contenders.map(
      (_, nth) => contenders[(nth + round) % contenders.length] as Contender,
    );
    for (const contender of round % 2 === 0 ? order : [...order].reverse()) {
      contender.prepare();
      const sample = contender.run();
      if (round > 0) samples.get(contender.name)?.push(sample);
    }
  }
  return contenders.map(({ name }) => {
    const all = samples.get(name) ?? [];
    const middle = (of: (sample: Sample) => number) => median(all.map(of));
    return {
      name,
      samples: all,
      seconds: middle(s => s.seconds),
      processorSeconds: middle(s => s.processorSeconds),
      residentKib: middle(s => s.residentKib),
    };
  });
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((one, other) => one - other);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[half] ?? NaN)
    : ((sorted[half - 1] ?? NaN) + (sorted[half] ?? NaN)) / 2;
}
