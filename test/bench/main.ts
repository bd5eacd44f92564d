/**
 * npm run bench -- [--size-mib 4096] [--rounds 5] [--only TEXT] [--folder DIR] [--json FILE]
 *
 * Races the mover against stock tools on the same files and prints ratios, counts the steps a second
 * that the engine can turn over, and times the queries of pages on 500 VMs: tables on stdout, all samples as JSON in a file. `--only
 * TEXT` takes the rows whose name has that text. Needs qemu-img and qemu-io; the case with reflinks
 * needs root.
 */
import { execFileSync } from 'node:child_process';
import { cpus, release, tmpdir } from 'node:os';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { MIB } from '../../packages/engine/src/bytes';
import { CASES, copyDisks, REFLINK_CASE, reflinkCase, type Bench, type CaseResult } from './cases';
import { measureEmptySteps, type EmptyStepsResult } from './empty-steps';
import { makeDisks } from './make-disks';
import { measureQueries, printQueries } from './many-migrations';
import { MOVER_PROGRAM } from './mover-run';
import { timed } from './measure';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      'size-mib': { type: 'string', default: '4096' },
      rounds: { type: 'string', default: '5' },
      only: { type: 'string' },
      folder: { type: 'string', default: path.join(tmpdir(), 'vm-migrate-bench') },
      json: { type: 'string' },
    },
  });
  const sizeBytes = Number(values['size-mib']) * MIB;
  const rounds = Number(values.rounds);
  const output = path.join(values.folder, 'output');
  mkdirSync(output, { recursive: true });
  const wanted = (name: string) => values.only === undefined || name.includes(values.only);
  const results: CaseResult[] = [];
  if ([...Object.keys(CASES), REFLINK_CASE].some(wanted)) {
    const disks = makeDisks(path.join(values.folder, `disks-${values['size-mib']}`), sizeBytes);
    await raceAll({ disks, output, rounds }, wanted, results);
  }
  const idleKib = timed([process.execPath, MOVER_PROGRAM, '--version']).residentKib;
  if (results.length > 0) printMemory(results, idleKib);
  const emptySteps = wanted(STEPS_CASE) ? await countSteps(rounds) : [];
  const queries = wanted(QUERIES_CASE) ? await measureQueries({ rounds: rounds * 2 - 1 }) : [];
  if (queries.length > 0) printQueries(queries);
  rmSync(output, { recursive: true, force: true });
  const json = values.json ?? path.join(values.folder, 'bench.json');
  writeFileSync(
    json,
    JSON.stringify(
      { machine: machine(), sizeBytes, rounds, idleKib, results, emptySteps, queries },
      null,
      2,
    ),
  );
  console.log(`all samples: ${json}`);
}

async function raceAll(
  bench: Bench,
  wanted: (name: string) => boolean,
  results: CaseResult[],
): Promise<void> {
  printHeading();
  for (const [name, run] of Object.entries(CASES)) {
    if (!wanted(name)) continue;
    const result = await run(bench);
    results.push(result);
    printResult(result);
  }
  const onReflinks = wanted(REFLINK_CASE) ? await onXfs(bench) : undefined;
  if (onReflinks === undefined) return;
  results.push(onReflinks);
  printResult(onReflinks);
}

function printMemory(results: readonly CaseResult[], idleKib: number): void {
  const largestKib = Math.max(...results.map(result => result.ours.residentKib));
  console.log(
    `memory of the mover above its idle (${Math.round(idleKib / 1024)} MiB): ${Math.round((largestKib - idleKib) / 1024)} MiB (goal: under 100)`,
  );
}

const STEPS_CASE = 'empty steps';
const QUERIES_CASE = 'queries';
const STEPS_GOAL = 100;

/** Each round on a database of its own. */
async function countSteps(rounds: number): Promise<readonly EmptyStepsResult[]> {
  const samples: EmptyStepsResult[] = [];
  for (let round = 0; round < rounds; round++) samples.push(await measureEmptySteps());
  const median = samples.map(sample => sample.stepsPerSecond).sort((a, b) => a - b)[rounds >> 1];
  console.log(
    `${STEPS_CASE}: ${Math.round(median ?? NaN)} a second, fsync on (goal: at least ${STEPS_GOAL})`,
  );
  return samples;
}

function printHeading(): void {
  console.log(
    ['case'.padEnd(42), 'ours s', 'peer s', 'ratio', 'goal', 'cpu ratio', 'written', 'MiB'].join(
      '  ',
    ),
  );
}

function printResult({
  name,
  ours,
  peer,
  ratio,
  goal,
  processorRatio,
  writtenRatio,
  note = '',
}: CaseResult): void {
  const cells = [
    name.padEnd(42),
    ours.seconds.toFixed(2).padStart(6),
    peer.seconds.toFixed(2).padStart(6),
    ratio.toFixed(2).padStart(5),
    goal.toFixed(2).padStart(4),
    processorRatio.toFixed(2).padStart(9),
    (writtenRatio ?? NaN).toFixed(3).padStart(7),
    String(Math.round(ours.residentKib / 1024)).padStart(3),
  ];
  console.log(`${cells.join('  ')}  ${[ratio <= goal ? '' : 'above', note].join(' ').trim()}`);
}

/** `undefined` where no file system with reflinks can be made. */
async function onXfs(bench: Bench): Promise<CaseResult | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    console.log(`${REFLINK_CASE}: skipped, needs root on Linux`);
    return undefined;
  }
  const own = mkdtempSync(path.join(tmpdir(), 'vm-migrate-xfs-'));
  const image = path.join(own, 'image');
  const mount = path.join(own, 'mount');
  mkdirSync(mount);
  writeFileSync(image, '');
  truncateSync(image, 8 * bench.disks.sizeBytes + 512 * MIB);
  execFileSync('mkfs.xfs', ['-q', '-m', 'reflink=1', image]);
  execFileSync('mount', ['-o', 'loop,discard', image, mount]);
  try {
    return await reflinkCase({ ...bench, disks: copyDisks(bench.disks, mount), output: mount });
  } finally {
    execFileSync('umount', [mount]);
    rmSync(own, { recursive: true, force: true });
  }
}

function machine(): Record<string, string> {
  const [first] = cpus();
  return {
    node: process.version,
    kernel: release(),
    processor: first?.model ?? '',
    processors: String(cpus().length),
    qemu: timed(['qemu-img', '--version']).stdout.split('\n')[0] ?? '',
  };
}

void main();
