/**
 * Runs in a pod that has the volume's device, the source's folder, the mover and qemu-img: writes the
 * same layer by both in turn, each flushed, and prints the seconds as one line of JSON.
 * The argument is a RaceInput as JSON.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, readSync } from 'node:fs';

export interface RaceInput {
  /** Path of the layer's file. */
  readonly file: string;
  readonly device: string;
  /** A second volume of the class, for what `medium` writes: its bytes lie elsewhere than the layer's. */
  readonly mediumDevice: string;
  /** Order for the mover, without and with read-back, as JSON. */
  readonly copy: string;
  readonly proved: string;
  readonly rounds: number;
}

/** `medium`: the file's own bytes as they are, written past the page cache in order by dd: what the volume takes. */
export type RaceSamples = Record<'copy' | 'proved' | 'convert' | 'medium', number[]>;

const MOVER = '/app/mover.cjs';

function main(input: RaceInput): void {
  const samples: RaceSamples = { copy: [], proved: [], convert: [], medium: [] };
  const contenders = Object.keys(samples) as (keyof RaceSamples)[];
  for (let round = 0; round <= input.rounds; round++) {
    for (let nth = 0; nth < contenders.length; nth++) {
      const name = contenders[(nth + round) % contenders.length] ?? 'copy';
      readThrough(input.file);
      const began = performance.now();
      if (name === 'convert') convert(input);
      else if (name === 'medium') medium(input);
      else mover(name === 'copy' ? input.copy : input.proved);
      // The first round allocates the volume, for whoever is first.
      if (round > 0) samples[name].push((performance.now() - began) / 1000);
    }
  }
  process.stdout.write(`race ${JSON.stringify(samples)}\n`);
}

function convert({ file, device }: RaceInput): void {
  const args = ['convert', '-n', '--target-is-zero', '-t', 'writeback', '-O', 'raw', file, device];
  run('/usr/bin/qemu-img', args);
  flush(device);
}

function medium({ file, mediumDevice }: RaceInput): void {
  run('/usr/bin/dd', [
    `if=${file}`,
    `of=${mediumDevice}`,
    'bs=4M',
    'oflag=direct',
    'conv=fsync,notrunc',
  ]);
}

function mover(order: string): void {
  run(process.execPath, [MOVER, '--ignore-stdin-end'], `${order}\n`);
}

function run(program: string, args: readonly string[], input = ''): void {
  const { status, stderr, stdout } = spawnSync(program, args, {
    input,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0)
    throw new Error(`${program} ended with ${status}: ${stderr}${stdout.slice(-2000)}`);
}

function flush(device: string): void {
  const fd = openSync(device, 'r+');
  fsyncSync(fd);
  closeSync(fd);
}

/** As far as it fits, the source is in the page cache for all of them. */
function readThrough(file: string): void {
  const fd = openSync(file, 'r');
  const buffer = Buffer.alloc(1024 * 1024);
  while (readSync(fd, buffer, 0, buffer.length, null) > 0);
  closeSync(fd);
}

main(JSON.parse(process.argv[2] ?? '{}') as RaceInput);
