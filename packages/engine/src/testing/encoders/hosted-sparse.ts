import { SECTOR_BYTES } from '../../bytes';
import { type EncodedTables, type GrainLayout, grainBytesOf, storedOrder } from './grains';
import { GrainWriter } from './grain-writer';

export interface HostedSparseOptions {
  /** 1 by default; 3 is read as 1. Zero grains need none in particular, only their flag. */
  readonly version?: 1 | 2 | 3;
  /** `redundant` (default, what VMware writes): a second directory with its own tables stands first. */
  readonly directories?: 'one' | 'redundant';
  /** Flag for zero grains; by default set when the layout has any. */
  readonly zeroGrainFlag?: 'set' | 'clear';
  readonly unclean?: boolean;
  /** 512 by default, as every known writer has it. */
  readonly entriesPerTable?: number;
  /** Text to embed. Absent in every extent but the first, and in extents of a text descriptor. */
  readonly descriptor?: string;
}

/** Where the parts of a file lie, in sectors. */
export interface HostedAreas {
  readonly descriptorSectors: number;
  /** Directory copies, the redundant one first; the last one is the directory that readers use. */
  readonly directories: readonly DirectoryCopy[];
  readonly overhead: number;
}

export interface DirectoryCopy {
  readonly directory: number;
  /** Directory slot -> sector of its table. */
  readonly tables: ReadonlyMap<number, number>;
}

/** Writes one hosted sparse extent. Only tables that hold an entry are written, so a huge disk stays a small file. */
export function encodeHostedSparse(
  file: string,
  layout: GrainLayout,
  options: HostedSparseOptions = {},
): EncodedTables {
  const entriesPerTable = options.entriesPerTable ?? 512;
  const areas = placeAreas(
    layout,
    entriesPerTable,
    options.descriptor,
    options.directories ?? 'redundant',
  );
  const main = areas.directories.at(-1) as DirectoryCopy;
  const grainBytes = grainBytesOf(layout);
  const order = storedOrder(layout);
  const places = new Map(
    order.map((grain, index) => [grain, areas.overhead + index * layout.grainSectors]),
  );

  const entryIn = (copy: DirectoryCopy, grain: number): number | undefined => {
    const table = copy.tables.get(Math.floor(grain / entriesPerTable));
    return table === undefined ? undefined : table * SECTOR_BYTES + (grain % entriesPerTable) * 4;
  };
  const grainOffset = (grain: number): number | undefined => {
    const sector = places.get(grain);
    return sector === undefined ? undefined : sector * SECTOR_BYTES;
  };

  const out = new GrainWriter(file);
  out.write(
    0,
    hostedHeader(layout, areas, {
      ...options,
      entriesPerTable,
      directory: BigInt(main.directory),
      flags: flagsOf(layout, options),
    }),
  );
  if (options.descriptor !== undefined)
    out.write(
      SECTOR_BYTES,
      Buffer.from(options.descriptor),
      areas.descriptorSectors * SECTOR_BYTES,
    );
  for (const copy of areas.directories) {
    for (const [slot, sector] of copy.tables)
      out.write(copy.directory * SECTOR_BYTES + slot * 4, u32(sector));
    for (const [grain, content] of sortedGrains(layout)) {
      out.write(
        entryIn(copy, grain) ?? 0,
        u32(typeof content === 'string' ? 1 : (places.get(grain) ?? 0)),
      );
    }
  }
  for (const grain of order)
    out.write(grainOffset(grain) ?? 0, layout.grains.get(grain) as Uint8Array, grainBytes);
  const fileBytes = (areas.overhead + order.length * layout.grainSectors) * SECTOR_BYTES;
  out.close(fileBytes);
  return {
    fileBytes,
    directoryEntry: slot => main.directory * SECTOR_BYTES + slot * 4,
    tableEntry: grain => entryIn(main, grain),
    grainBytes: grainOffset,
  };
}

export function sortedGrains(
  layout: GrainLayout,
): readonly (readonly [number, Uint8Array | string])[] {
  return [...layout.grains].sort(([a], [b]) => a - b);
}

/** Header, descriptor, directories with their tables, then grains from a multiple of the grain size on. */
export function placeAreas(
  layout: GrainLayout,
  entriesPerTable: number,
  descriptor: string | undefined,
  copies: 'one' | 'redundant',
): HostedAreas {
  const descriptorSectors =
    descriptor === undefined
      ? 0
      : Math.max(20, Math.ceil(Buffer.byteLength(descriptor) / SECTOR_BYTES));
  let free = 1 + descriptorSectors;
  const directories: DirectoryCopy[] = [];
  for (let copy = 0; copy < (copies === 'redundant' ? 2 : 1); copy++) {
    const placed = placeDirectory(layout, entriesPerTable, free);
    directories.push(placed.copy);
    free = placed.end;
  }
  return {
    descriptorSectors,
    directories,
    overhead: Math.ceil(free / layout.grainSectors) * layout.grainSectors,
  };
}

export function placeDirectory(
  layout: GrainLayout,
  entriesPerTable: number,
  start: number,
): { readonly copy: DirectoryCopy; readonly end: number } {
  const slots = Math.ceil(layout.capacitySectors / (entriesPerTable * layout.grainSectors));
  const used = [
    ...new Set([...layout.grains.keys()].map(grain => Math.floor(grain / entriesPerTable))),
  ].sort((a, b) => a - b);
  const tableSectors = Math.ceil((entriesPerTable * 4) / SECTOR_BYTES);
  let free = start + Math.ceil((slots * 4) / SECTOR_BYTES);
  const tables = new Map<number, number>();
  for (const slot of used) {
    tables.set(slot, free);
    free += tableSectors;
  }
  return { copy: { directory: start, tables }, end: free };
}

function flagsOf(
  layout: GrainLayout,
  { directories = 'redundant', zeroGrainFlag }: HostedSparseOptions,
): number {
  const hasZeros = [...layout.grains.values()].some(grain => typeof grain === 'string');
  const zeros = zeroGrainFlag === undefined ? hasZeros : zeroGrainFlag === 'set';
  return 1 | (directories === 'redundant' ? 2 : 0) | (zeros ? 4 : 0);
}

export interface HostedHeaderFields {
  readonly version?: number;
  readonly flags: number;
  readonly entriesPerTable: number;
  /** Sector of the directory; all ones: look into the footer. */
  readonly directory: bigint;
  readonly unclean?: boolean;
  readonly compressed?: boolean;
}

/** The 512 bytes of a header or footer. Source: Virtual Disk Format 5.0, "Hosted Sparse Extent Header". */
export function hostedHeader(
  layout: GrainLayout,
  areas: HostedAreas,
  fields: HostedHeaderFields,
): Buffer {
  const bytes = Buffer.alloc(SECTOR_BYTES);
  bytes.write('KDMV', 0, 'latin1');
  bytes.writeUInt32LE(fields.version ?? 1, 4);
  bytes.writeUInt32LE(fields.flags, 8);
  bytes.writeBigUInt64LE(BigInt(layout.capacitySectors), 12);
  bytes.writeBigUInt64LE(BigInt(layout.grainSectors), 20);
  bytes.writeBigUInt64LE(BigInt(areas.descriptorSectors === 0 ? 0 : 1), 28);
  bytes.writeBigUInt64LE(BigInt(areas.descriptorSectors), 36);
  bytes.writeUInt32LE(fields.entriesPerTable, 44);
  bytes.writeBigUInt64LE(
    areas.directories.length > 1 ? BigInt(areas.directories[0]?.directory ?? 0) : 0n,
    48,
  );
  bytes.writeBigUInt64LE(fields.directory, 56);
  bytes.writeBigUInt64LE(BigInt(areas.overhead), 64);
  bytes.writeUInt8(fields.unclean === true ? 1 : 0, 72);
  bytes.write('\n \r\n', 73, 'latin1');
  bytes.writeUInt16LE(fields.compressed === true ? 1 : 0, 77);
  return bytes;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
