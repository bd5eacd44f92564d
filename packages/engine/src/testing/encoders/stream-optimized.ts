import { deflateSync } from 'node:zlib';

import { SECTOR_BYTES } from '../../bytes';
import { type EncodedTables, type GrainLayout, grainBytesOf } from './grains';
import { GrainWriter } from './grain-writer';
import {
  type DirectoryCopy,
  hostedHeader,
  placeAreas,
  placeDirectory,
  sortedGrains,
  u32,
} from './hosted-sparse';

/**
 * Where real files have their tables. `footer`: at the end, each behind a marker, and a footer says
 * where (VMware's exports). `first` and `last`: the header says where, one directory. `redundant`:
 * the header says where, two directories up front (qemu).
 */
export type StreamTables = 'footer' | 'first' | 'last' | 'redundant';

export interface StreamOptimizedOptions {
  readonly tables?: StreamTables;
  readonly descriptor: string;
  /** zlib's level; 0 stores, which makes a grain longer than it was. */
  readonly level?: number;
}

const ENTRIES_PER_TABLE = 512;
const ALL_ONES = 0xffff_ffff_ffff_ffffn;
const MARKER_GRAIN_TABLE = 1;
const MARKER_GRAIN_DIRECTORY = 2;
const MARKER_FOOTER = 3;
const FLAGS = 0x30001;
const FLAG_REDUNDANT = 2;
const FLAG_ZEROS = 4;

/** Writes one streamOptimized file. grainBytes() of the answer is the place of the grain's marker. */
export function encodeStreamOptimized(
  file: string,
  layout: GrainLayout,
  options: StreamOptimizedOptions,
): EncodedTables {
  const { tables = 'footer', descriptor, level } = options;
  const atEnd = tables === 'footer' || tables === 'last';
  const front = placeAreas(
    layout,
    ENTRIES_PER_TABLE,
    descriptor,
    tables === 'redundant' ? 'redundant' : 'one',
  );
  const descriptorEnd = 1 + front.descriptorSectors;
  const overhead = atEnd
    ? Math.ceil(descriptorEnd / layout.grainSectors) * layout.grainSectors
    : front.overhead;

  const out = new GrainWriter(file);
  out.write(SECTOR_BYTES, Buffer.from(descriptor), front.descriptorSectors * SECTOR_BYTES);
  const grains = writeGrains(out, layout, overhead, level);

  let free = grains.end;
  let copies = front.directories;
  if (tables === 'last') {
    const placed = placeDirectory(layout, ENTRIES_PER_TABLE, free);
    copies = [placed.copy];
    free = placed.end;
  }
  if (tables === 'footer') {
    const placed = placeMarked(layout, free);
    copies = [placed.copy];
    free = placed.end;
    for (const sector of placed.copy.tables.values())
      out.write((sector - 1) * SECTOR_BYTES, marker(MARKER_GRAIN_TABLE, 4), SECTOR_BYTES);
    out.write(
      (placed.copy.directory - 1) * SECTOR_BYTES,
      marker(MARKER_GRAIN_DIRECTORY, placed.directorySectors),
      SECTOR_BYTES,
    );
  }
  for (const copy of copies) writeTables(out, layout, copy, grains.places);

  const main = copies.at(-1) as DirectoryCopy;
  const hasZeros = [...layout.grains.values()].some(grain => typeof grain === 'string');
  const flags = FLAGS | (tables === 'redundant' ? FLAG_REDUNDANT : 0) | (hasZeros ? FLAG_ZEROS : 0);
  const header = (directory: bigint): Buffer =>
    hostedHeader(
      layout,
      { ...front, directories: copies, overhead },
      { version: 3, flags, entriesPerTable: ENTRIES_PER_TABLE, directory, compressed: true },
    );
  out.write(0, header(tables === 'footer' ? ALL_ONES : BigInt(main.directory)));
  if (tables === 'footer') {
    out.write(free * SECTOR_BYTES, marker(MARKER_FOOTER, 1), SECTOR_BYTES);
    out.write((free + 1) * SECTOR_BYTES, header(BigInt(main.directory)));
    free += 2;
  }
  // The end-of-stream marker is a sector of zeros.
  const fileBytes = (free + 1) * SECTOR_BYTES;
  out.close(fileBytes);
  return {
    fileBytes,
    directoryEntry: slot => main.directory * SECTOR_BYTES + slot * 4,
    tableEntry: grain => {
      const table = main.tables.get(Math.floor(grain / ENTRIES_PER_TABLE));
      return table === undefined
        ? undefined
        : table * SECTOR_BYTES + (grain % ENTRIES_PER_TABLE) * 4;
    },
    grainBytes: grain => {
      const sector = grains.places.get(grain);
      return sector === undefined ? undefined : sector * SECTOR_BYTES;
    },
  };
}

function writeGrains(
  out: GrainWriter,
  layout: GrainLayout,
  start: number,
  level: number | undefined,
): { readonly places: Map<number, number>; readonly end: number } {
  const grainBytes = grainBytesOf(layout);
  const sizeBytes = layout.capacitySectors * SECTOR_BYTES;
  const places = new Map<number, number>();
  let free = start;
  for (const [grain, content] of sortedGrains(layout)) {
    if (typeof content === 'string') continue;
    // The last grain of a disk is only as long as the disk goes.
    const whole = Buffer.alloc(Math.min(grainBytes, sizeBytes - grain * grainBytes));
    whole.set(content.subarray(0, whole.length));
    const compressed = deflateSync(whole, level === undefined ? {} : { level });
    const head = Buffer.alloc(12);
    head.writeBigUInt64LE(BigInt(grain * layout.grainSectors), 0);
    head.writeUInt32LE(compressed.length, 8);
    const sectors = Math.ceil((head.length + compressed.length) / SECTOR_BYTES);
    out.write(free * SECTOR_BYTES, Buffer.concat([head, compressed]), sectors * SECTOR_BYTES);
    places.set(grain, free);
    free += sectors;
  }
  return { places, end: free };
}

function writeTables(
  out: GrainWriter,
  layout: GrainLayout,
  copy: DirectoryCopy,
  places: ReadonlyMap<number, number>,
): void {
  for (const [slot, sector] of copy.tables)
    out.write(copy.directory * SECTOR_BYTES + slot * 4, u32(sector));
  for (const [grain, content] of sortedGrains(layout)) {
    const table = copy.tables.get(Math.floor(grain / ENTRIES_PER_TABLE)) ?? 0;
    const entry = typeof content === 'string' ? 1 : (places.get(grain) ?? 0);
    out.write(table * SECTOR_BYTES + (grain % ENTRIES_PER_TABLE) * 4, u32(entry));
  }
}

/** Tables first, then the directory, each behind the sector of its marker. */
function placeMarked(
  layout: GrainLayout,
  start: number,
): { readonly copy: DirectoryCopy; readonly directorySectors: number; readonly end: number } {
  const plain = placeDirectory(layout, ENTRIES_PER_TABLE, 0);
  const tables = new Map<number, number>();
  let free = start;
  for (const slot of plain.copy.tables.keys()) {
    tables.set(slot, free + 1);
    free += 1 + (ENTRIES_PER_TABLE * 4) / SECTOR_BYTES;
  }
  const slots = Math.ceil(layout.capacitySectors / (ENTRIES_PER_TABLE * layout.grainSectors));
  const directorySectors = Math.ceil((slots * 4) / SECTOR_BYTES);
  return {
    copy: { directory: free + 1, tables },
    directorySectors,
    end: free + 1 + directorySectors,
  };
}

function marker(type: number, sectors: number): Buffer {
  const bytes = Buffer.alloc(SECTOR_BYTES);
  bytes.writeBigUInt64LE(BigInt(sectors), 0);
  bytes.writeUInt32LE(type, 12);
  return bytes;
}
