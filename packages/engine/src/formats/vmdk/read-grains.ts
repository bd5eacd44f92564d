/**
 * Reads a guest range whose grains are stored as they are (hosted sparse, COWD, seSparse). The hot
 * path of every copy: grains that follow one another in guest and file become one read; the reads
 * are done in file order; small pieces that lie close together in the file share one read.
 * Measured on local files: reads of 256 KiB to 1 MiB are the fastest, larger ones slow down.
 */
import { assertSafeRange } from '../../bytes';
import { EngineError } from '../../errors';
import type { RandomAccess } from '../random-access';
import type { GrainMap } from './grain-map';

/** No single read of the file is longer. */
const READ_BYTES = 1024 * 1024;
/** Small pieces of the file this close together are read at once, what lies between is dropped. */
const BRIDGE_BYTES = 16 * 1024;
/** Pieces of at least this size are read straight into their place; copying them would cost more than a read saves. */
const SMALL_BYTES = 64 * 1024;

/** Fills `into` from guest offset `offset`; every grain of the range must be data. @throws EngineError LAYER_DAMAGED, FILE_UNREADABLE */
export async function readGrains(map: GrainMap, offset: number, into: Uint8Array): Promise<void> {
  assertSafeRange({ offset, length: into.length }, map.format.file.name);
  const place = placeOfOneRun(map, offset, into.length);
  if (place > 0) return map.format.file.read(place, into);
  const runs = await collectRuns(map, offset, into.length);
  runs.sortByFile();
  await readRuns(map.format.file, runs, into);
  return undefined;
}

/**
 * Where in the file the whole range is, when it is one small run of a table in the cache; else 0.
 * A scattered delta is nothing but such reads, and the general way costs several times the read.
 */
function placeOfOneRun(map: GrainMap, offset: number, length: number): number {
  if (length > SMALL_BYTES) return 0;
  const { grainBytes } = map.format;
  const index = Math.floor(offset / map.tableSpanBytes);
  const table = map.cachedTable(index);
  if (table === undefined) return 0;
  const inTable = offset - index * map.tableSpanBytes;
  const first = Math.floor(inTable / grainBytes);
  const last = Math.ceil((inTable + length) / grainBytes) - 1;
  const start = table[first] ?? 0;
  if (start <= 0) return 0;
  for (let grain = first + 1; grain <= last; grain++) {
    if (table[grain] !== start + (grain - first) * grainBytes) return 0;
  }
  return start + (inTable - first * grainBytes);
}

/** Runs in parallel arrays: where in `into`, where in the file, how long. */
class Runs {
  count = 0;
  at = new Float64Array(64);
  file = new Float64Array(64);
  length = new Float64Array(64);
  private ordered = true;

  add(at: number, file: number, length: number): void {
    const last = this.count - 1;
    if (last >= 0) {
      const lastFile = this.file[last] ?? 0;
      const lastLength = this.length[last] ?? 0;
      // Guest order is the order of arrival, so what follows in the file here follows in the guest too.
      if (lastFile + lastLength === file) {
        this.length[last] = lastLength + length;
        return;
      }
      if (file < lastFile) this.ordered = false;
    }
    if (this.count === this.at.length) this.grow();
    this.at[this.count] = at;
    this.file[this.count] = file;
    this.length[this.count] = length;
    this.count++;
  }

  /** One grain that is never joined with its neighbour. */
  addApart(at: number, file: number): void {
    if (this.count > 0 && file < (this.file[this.count - 1] ?? 0)) this.ordered = false;
    if (this.count === this.at.length) this.grow();
    this.at[this.count] = at;
    this.file[this.count] = file;
    this.count++;
  }

  /** Runs arrive in guest order; most files have the same order inside, then nothing is done. */
  sortByFile(): void {
    if (this.ordered) return;
    const { file } = this;
    const order = new Uint32Array(this.count);
    for (let i = 0; i < order.length; i++) order[i] = i;
    order.sort((a, b) => (file[a] ?? 0) - (file[b] ?? 0));
    this.at = gather(this.at, order);
    this.length = gather(this.length, order);
    this.file = gather(file, order);
    this.ordered = true;
  }

  private grow(): void {
    this.at = doubled(this.at);
    this.file = doubled(this.file);
    this.length = doubled(this.length);
  }
}

function doubled(values: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(values.length * 2);
  larger.set(values);
  return larger;
}

function gather(values: Float64Array, order: Uint32Array): Float64Array<ArrayBuffer> {
  const sorted = new Float64Array(order.length);
  for (let i = 0; i < order.length; i++) sorted[i] = values[order[i] ?? 0] ?? 0;
  return sorted;
}

/** The grains of a request, in file order. */
export interface Grains {
  readonly count: number;
  /** Byte offset of each grain in the file. */
  readonly place: Float64Array;
  /** Guest offset of each grain's start. */
  readonly guest: Float64Array;
}

/** For readers whose grains cannot be read in part (compressed ones). */
export async function collectGrains(
  map: GrainMap,
  offset: number,
  length: number,
): Promise<Grains> {
  assertSafeRange({ offset, length }, map.format.file.name);
  const grains = new Runs();
  await forEachGrain(map, offset, length, (place, grainStart) =>
    grains.addApart(grainStart, place),
  );
  grains.sortByFile();
  return { count: grains.count, place: grains.file, guest: grains.at };
}

async function collectRuns(map: GrainMap, offset: number, length: number): Promise<Runs> {
  const runs = new Runs();
  await forEachGrain(map, offset, length, (place, grainStart, from, to) =>
    runs.add(from - offset, place + (from - grainStart), to - from),
  );
  return runs;
}

type VisitGrain = (place: number, grainStart: number, from: number, to: number) => void;

/** Visits every grain that the range touches, in guest order, with the part [from, to) that it touches. */
async function forEachGrain(
  map: GrainMap,
  offset: number,
  length: number,
  visit: VisitGrain,
): Promise<void> {
  const { grainBytes } = map.format;
  const end = offset + length;
  let position = offset;
  while (position < end) {
    const index = Math.floor(position / map.tableSpanBytes);
    const loaded = map.table(index);
    const table =
      typeof loaded === 'number' || loaded instanceof Float64Array ? loaded : await loaded;
    if (typeof table === 'number') throw notData(map, position);
    const tableStart = index * map.tableSpanBytes;
    const tableEnd = Math.min(end, tableStart + map.tableSpanBytes);
    while (position < tableEnd) {
      const grain = Math.floor((position - tableStart) / grainBytes);
      const grainStart = tableStart + grain * grainBytes;
      const stop = Math.min(tableEnd, grainStart + grainBytes);
      const place = table[grain] ?? 0;
      if (place <= 0) throw notData(map, position);
      visit(place, grainStart, position, stop);
      position = stop;
    }
  }
}

async function readRuns(file: RandomAccess, runs: Runs, into: Uint8Array): Promise<void> {
  let first = 0;
  while (first < runs.count) {
    const end = groupEnd(runs, first);
    if (end - first === 1)
      await readInPieces(
        file,
        runs.file[first] ?? 0,
        into,
        runs.at[first] ?? 0,
        runs.length[first] ?? 0,
      );
    else await readGroup(file, runs, first, end, into);
    first = end;
  }
}

/** Index behind the last run that is read together with run `first`. */
function groupEnd(runs: Runs, first: number): number {
  const start = runs.file[first] ?? 0;
  let fileEnd = start + (runs.length[first] ?? 0);
  if (fileEnd - start >= SMALL_BYTES) return first + 1;
  let next = first + 1;
  while (next < runs.count) {
    const length = runs.length[next] ?? 0;
    const begin = runs.file[next] ?? 0;
    const end = Math.max(fileEnd, begin + length);
    if (length >= SMALL_BYTES || begin - fileEnd > BRIDGE_BYTES || end - start > READ_BYTES) break;
    fileEnd = end;
    next++;
  }
  return next;
}

async function readGroup(
  file: RandomAccess,
  runs: Runs,
  first: number,
  end: number,
  into: Uint8Array,
): Promise<void> {
  const start = runs.file[first] ?? 0;
  let fileEnd = start;
  for (let i = first; i < end; i++)
    fileEnd = Math.max(fileEnd, (runs.file[i] ?? 0) + (runs.length[i] ?? 0));
  const buffer = takeBuffer();
  try {
    const bytes = buffer.subarray(0, fileEnd - start);
    await file.read(start, bytes);
    for (let i = first; i < end; i++) {
      const from = (runs.file[i] ?? 0) - start;
      into.set(bytes.subarray(from, from + (runs.length[i] ?? 0)), runs.at[i] ?? 0);
    }
  } finally {
    giveBack(buffer);
  }
}

async function readInPieces(
  file: RandomAccess,
  from: number,
  into: Uint8Array,
  at: number,
  length: number,
): Promise<void> {
  for (let done = 0; done < length; done += READ_BYTES) {
    const size = Math.min(READ_BYTES, length - done);
    await file.read(from + done, into.subarray(at + done, at + done + size));
  }
}

/** Kept between reads; several only while reads overlap. */
const spareBuffers: Uint8Array[] = [];
const SPARE_BUFFERS = 4;

/** A buffer of READ_BYTES, from the spare ones where there is one. */
export function takeBuffer(): Uint8Array {
  return spareBuffers.pop() ?? new Uint8Array(READ_BYTES);
}

export function giveBack(buffer: Uint8Array): void {
  if (spareBuffers.length < SPARE_BUFFERS) spareBuffers.push(buffer);
}

/** The caller asked for bytes that the map calls zero or inherited: a defect of the caller, never of the file. */
export function notData(map: GrainMap, offset: number): EngineError {
  return new EngineError('INTERNAL', {
    where: { file: map.format.file.name },
    expected: 'a read inside data extents',
    found: `guest offset ${offset} is not stored in this file`,
  });
}
