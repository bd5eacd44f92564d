/** The disks that the bench copies: made once in a folder, used again when the size is the same. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

import { KIB, MIB } from '../../packages/engine/src/bytes';
import { seededBytes } from '../../packages/engine/src/testing/seeded-bytes';

export interface BenchDisks {
  readonly folder: string;
  readonly sizeBytes: number;
  readonly raw: string;
  /** Names inside `folder`. */
  readonly sparse: string;
  readonly streamOptimized: string;
  readonly flat: string;
  /** Deltas over `sparse`, each on the one before; each holds 5 % of the disk in runs of 64 KiB to 256 KiB. */
  readonly deltas: readonly string[];
}

/** Half of it data, in runs of 64 KiB to 16 MiB, half of that random, half text. Needs qemu-img and qemu-io. */
export function makeDisks(folder: string, sizeBytes: number): BenchDisks {
  mkdirSync(folder, { recursive: true });
  const disks = {
    folder,
    sizeBytes,
    raw: path.join(folder, 'disk.raw'),
    sparse: 'sparse.vmdk',
    streamOptimized: 'stream.vmdk',
    flat: 'flat.vmdk',
    deltas: ['delta-1.vmdk', 'delta-2.vmdk', 'delta-3.vmdk'],
  };
  const ready = path.join(folder, `ready-${sizeBytes}`);
  if (existsSync(ready)) return disks;
  const at = (name: string) => path.join(folder, name);
  writeRaw(disks.raw, sizeBytes);
  qemuImg('convert', '-f', 'raw', '-O', 'vmdk', disks.raw, at(disks.sparse));
  qemuImg(
    'convert',
    '-f',
    'raw',
    '-O',
    'vmdk',
    '-o',
    'subformat=streamOptimized',
    disks.raw,
    at(disks.streamOptimized),
  );
  qemuImg(
    'convert',
    '-f',
    'raw',
    '-O',
    'vmdk',
    '-o',
    'subformat=monolithicFlat',
    disks.raw,
    at(disks.flat),
  );
  let parent = disks.sparse;
  for (const [nth, delta] of disks.deltas.entries()) {
    qemuImg('create', '-f', 'vmdk', '-F', 'vmdk', '-b', at(parent), at(delta));
    writeDelta(at(delta), sizeBytes, nth + 1);
    parent = delta;
  }
  writeFileSync(ready, '');
  return disks;
}

function qemuImg(...args: string[]): void {
  execFileSync('qemu-img', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

function writeRaw(file: string, sizeBytes: number): void {
  const random = Buffer.from(seededBytes(16 * MIB, 1));
  const text = Buffer.from(
    'The quick brown fox jumps over the lazy dog. 0123456789\n'.repeat(Math.ceil((16 * MIB) / 56)),
  ).subarray(0, 16 * MIB);
  const next = dice(1);
  const fd = openSync(file, 'w');
  ftruncateSync(fd, sizeBytes);
  for (let offset = 0; offset < sizeBytes;) {
    const run = Math.min((64 * KIB) << (next() % 9), sizeBytes - offset);
    const content = next() % 2 === 0 ? random : text;
    const start = next() % (16 * MIB - run + 1);
    if (next() % 2 === 0) writeSync(fd, content, start, run, offset);
    offset += run;
  }
  closeSync(fd);
}

function writeDelta(file: string, sizeBytes: number, seed: number): void {
  const next = dice(seed);
  const commands: string[] = [];
  for (let left = sizeBytes * 0.05; left > 0;) {
    const length = (64 * KIB) << (next() % 3);
    const offset = (next() % Math.floor((sizeBytes - length) / (64 * KIB))) * 64 * KIB;
    commands.push(`write -q -P ${1 + (next() % 255)} ${offset} ${length}`);
    left -= length;
  }
  execFileSync('qemu-io', ['-f', 'vmdk', file], {
    input: `${commands.join('\n')}\nquit\n`,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
}

/** Repeatable numbers below 2^31. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state >>> 8;
  };
}
