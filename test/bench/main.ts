/**
 * npm run bench -- [--size-mib 4096] [--rounds 5] [--only TEXT] [--folder DIR] [--json FILE] [--steps]
 *
 * Races the mover against stock tools on the same files and prints ratios: a table on stdout, all
 * samples as JSON in a file. Needs qemu-img and qemu-io; the case with reflinks needs root.
 */
import { execFileSync } from 'node:child_process';
import { cpus, release, tmpdir } from 'node:os';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { MIB } from '../../packages/engine/src/bytes';
import { CASES, copyDisks, REFLINK_CASE, reflinkCase, type Bench, type CaseResult } from './cases';
import { makeDisks } from './make-disks';
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
  const disks = makeDisks(path.join(values.folder, `disks-${values['size-mib']}`), sizeBytes);
  const output = path.join(values.folder, 'output');
  mkdirSync(output, { recursive: true });
  const bench: Bench = { disks, output, rounds: Number(values.rounds) };
  const results: CaseResult[] = [];
  const wanted = (name: string) => values.only === undefined || name.includes(values.only);
  printHeading();
  for (const [name, run] of Object.entries(CASES)) {
    if (!wanted(name)) continue;
    const result = await run(bench);
    results.push(result);
    printResult(result);
  }
  if (wanted(REFLINK_CASE)) {
    const result = await onXfs(bench);
    if (result !== undefined) {
      results.push(result);
      printResult(result);
    }
  }
  const idleKib = timed([process.execPath, MOVER_PROGRAM, '--version']).residentKib;
  const largestKib = Math.max(...results.map(result => result.ours.residentKib));
  console.log(
    `memory of the mover above its idle (${Math.round(idleKib / 1024)} MiB): ${Math.round((largestKib - idleKib) / 1024)} MiB (goal: under 100)`,
  );
  rmSync(output, { recursive: true, force: true });
  const json = values.json ?? path.join(values.folder, 'bench.json');
  writeFileSync(
    json,
    JSON.stringify(
      { machine: machine(), sizeBytes, rounds: bench.rounds, idleKib, results },
      null,
      2,
    ),
  );
  console.log(`all samples: ${json}`);
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
  console.log(`${cells.join('  ')}  ${ratio <= goal ? '' : 'above'}`);
}

/** `undefined` where no file system with reflinks can be made. */
async function onXfs(bench: Bench): Promise<CaseResult | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    console.log(`${REFLINK_CASE}: skipped, needs root on Linux`);
    return undefined;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'vm-migrate-xfs-'));
  const image = path.join(folder, 'image');
  const mount = path.join(folder, 'mount');
  mkdirSync(mount);
  writeFileSync(image, '');
  truncateSync(image, 8 * bench.disks.sizeBytes + 512 * MIB);
  execFileSync('mkfs.xfs', ['-q', '-m', 'reflink=1', image]);
  execFileSync('mount', ['-o', 'loop', image, mount]);
  try {
    return await reflinkCase({ ...bench, disks: copyDisks(bench.disks, mount), output: mount });
  } finally {
    execFileSync('umount', [mount]);
    rmSync(folder, { recursive: true, force: true });
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
