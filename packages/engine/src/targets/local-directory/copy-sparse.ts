/**
 * Copies a raw image and keeps its holes: only what is stored is read, and blocks of zeros inside
 * it become holes as well. Asynchronous throughout: a copy of hours never holds up the event loop.
 */
import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';

import { KIB, MIB } from '../../bytes';
import { type StoredRun, storedRuns } from '../../native/posix';
import { readWhole, writeWhole } from './whole-io';

const CHUNK_BYTES = 4 * MIB;
const ZERO_BLOCK_BYTES = 64 * KIB;
const ZEROS = Buffer.alloc(ZERO_BLOCK_BYTES);

/**
 * `to` must not exist. On an error or abort the half copy is left for the caller to remove.
 * @throws the signal's reason when aborted; Node's error otherwise
 */
export async function copySparse(from: string, to: string, signal: AbortSignal): Promise<void> {
  const source = await fs.open(from, 'r');
  try {
    const target = await fs.open(
      to,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
      0o600,
    );
    try {
      const { size } = await source.stat();
      await target.truncate(size);
      await copyRuns(
        source,
        target,
        storedRuns(source.fd, size),
        Math.min(size, CHUNK_BYTES),
        signal,
      );
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** Two buffers: one is read while the other is written. */
async function copyRuns(
  source: fs.FileHandle,
  target: fs.FileHandle,
  runs: Iterable<StoredRun>,
  bufferBytes: number,
  signal: AbortSignal,
): Promise<void> {
  let [reading, writing] = [
    Buffer.allocUnsafeSlow(bufferBytes),
    Buffer.allocUnsafeSlow(bufferBytes),
  ];
  let written: Promise<void> = Promise.resolve();
  try {
    for (const { offset, length } of chunks(runs)) {
      signal.throwIfAborted();
      const chunk = reading.subarray(0, length);
      const [read, write] = await Promise.allSettled([readWhole(source, chunk, offset), written]);
      if (write.status === 'rejected') throw write.reason;
      if (read.status === 'rejected') throw read.reason;
      written = writeWithoutZeros(target, chunk, offset);
      [reading, writing] = [writing, reading];
    }
    await written;
  } finally {
    // Whatever happened: no buffer and no file is used after the copy ended.
    await Promise.allSettled([written]);
  }
}

function* chunks(runs: Iterable<StoredRun>): Generator<{ offset: number; length: number }> {
  for (const run of runs) {
    if (run.kind === 'hole') continue;
    const end = run.offset + run.length;
    for (let offset = run.offset; offset < end; offset += CHUNK_BYTES) {
      yield { offset, length: Math.min(CHUNK_BYTES, end - offset) };
    }
  }
}

async function writeWithoutZeros(
  target: fs.FileHandle,
  from: Buffer,
  offset: number,
): Promise<void> {
  for (const { start, end } of nonZeroSpans(from))
    await writeWhole(target, from.subarray(start, end), offset + start);
}

/** Spans of blocks that hold something, neighbours merged. */
function* nonZeroSpans(buffer: Buffer): Generator<{ start: number; end: number }> {
  let start: number | undefined;
  for (let at = 0; at < buffer.length; at += ZERO_BLOCK_BYTES) {
    const end = Math.min(at + ZERO_BLOCK_BYTES, buffer.length);
    const zero = buffer.compare(ZEROS, 0, end - at, at, end) === 0;
    if (zero && start !== undefined) {
      yield { start, end: at };
      start = undefined;
    }
    if (!zero) start ??= at;
  }
  if (start !== undefined) yield { start, end: buffer.length };
}
