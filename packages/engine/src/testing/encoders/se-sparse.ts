import { SECTOR_BYTES } from '../../bytes';
import { type EncodedTables, type GrainLayout, storedOrder } from './grains';
import { GrainWriter } from './grain-writer';

const GRAIN_SECTORS = 8;
const TABLE_SECTORS = 64;
const TABLE_ENTRIES = 4096;
const DIRECTORY_OFFSET = 4096;

/**
 * Writes one seSparse extent file. Tables are handed out in the order of the first grain that
 * needs them in the file, so a shuffled layout has shuffled tables too.
 * The layout's `grainSectors` must be 8: the format knows no other.
 */
export function encodeSeSparse(
  file: string,
  layout: GrainLayout,
): EncodedTables & { readonly grainsBytes: number } {
  if (layout.grainSectors !== GRAIN_SECTORS) throw new Error('seSparse grains have 8 sectors');
  const areas = placeAreas(layout);
  const order = storedOrder(layout);
  const places = new Map(order.map((grain, index) => [grain, index]));
  const tables = numberTables(layout, order);
  const entryOffset = (grain: number): number | undefined => {
    const table = tables.get(Math.floor(grain / TABLE_ENTRIES));
    return table === undefined
      ? undefined
      : (areas.tables + table * TABLE_SECTORS) * SECTOR_BYTES + (grain % TABLE_ENTRIES) * 8;
  };
  const grainOffset = (grain: number): number | undefined => {
    const index = places.get(grain);
    return index === undefined ? undefined : (areas.grains + index * GRAIN_SECTORS) * SECTOR_BYTES;
  };
  const directoryEntry = (slot: number): number => DIRECTORY_OFFSET * SECTOR_BYTES + slot * 8;

  const out = new GrainWriter(file);
  out.write(0, constHeader(layout, areas));
  out.write(
    SECTOR_BYTES,
    u64s(64, [
      [0, 0xcafecafen],
      [1, BigInt(tables.size)],
      [2, 7n],
    ]),
  );
  for (const [slot, table] of tables)
    out.write(directoryEntry(slot), u64s(1, [[0, (0x10000000n << 32n) | BigInt(table)]]));
  for (const [grain, content] of [...layout.grains].sort(([a], [b]) => a - b)) {
    const entry =
      content === 'unmapped'
        ? 1n << 60n
        : content === 'zero'
          ? 2n << 60n
          : allocated(places.get(grain) ?? 0);
    out.write(entryOffset(grain) ?? 0, u64s(1, [[0, entry]]));
  }
  for (const grain of order) {
    out.write(
      grainOffset(grain) ?? 0,
      layout.grains.get(grain) as Uint8Array,
      GRAIN_SECTORS * SECTOR_BYTES,
    );
  }
  const fileBytes = (areas.grains + order.length * GRAIN_SECTORS) * SECTOR_BYTES;
  out.close(fileBytes);
  return {
    fileBytes,
    directoryEntry,
    tableEntry: entryOffset,
    grainBytes: grainOffset,
    grainsBytes: areas.grains * SECTOR_BYTES,
  };
}

/** An allocated entry: the low twelve bits of the grain's index stand in bits 48 to 59, the rest below. */
export function allocated(index: number): bigint {
  const wide = BigInt(index);
  return (3n << 60n) | ((wide & 0xfffn) << 48n) | (wide >> 12n);
}

interface Areas {
  readonly directorySectors: number;
  readonly tables: number;
  readonly tablesSectors: number;
  readonly bitmap: number;
  readonly backmap: number;
  readonly grains: number;
  readonly grainsSectors: number;
}

/** All areas have the size that the full capacity needs: the header is constant, so they cannot grow later. */
function placeAreas(layout: GrainLayout): Areas {
  const grains = Math.ceil(layout.capacitySectors / GRAIN_SECTORS);
  const tables = Math.ceil(grains / TABLE_ENTRIES);
  const directorySectors = upTo(Math.ceil((tables * 8) / SECTOR_BYTES), 8);
  const tablesOffset = DIRECTORY_OFFSET + directorySectors;
  const tablesSectors = tables * TABLE_SECTORS;
  const bitmap = tablesOffset + tablesSectors;
  const bitmapSectors = upTo(Math.ceil(grains / 8 / SECTOR_BYTES), 8);
  const backmap = bitmap + bitmapSectors;
  const backmapSectors = upTo(Math.ceil((grains * 8) / SECTOR_BYTES), 8);
  return {
    directorySectors,
    tables: tablesOffset,
    tablesSectors,
    bitmap,
    backmap,
    grains: upTo(backmap + backmapSectors, 2048),
    grainsSectors: grains * GRAIN_SECTORS,
  };
}

function constHeader(layout: GrainLayout, areas: Areas): Buffer {
  const fields: number[] = [
    0,
    0,
    layout.capacitySectors,
    GRAIN_SECTORS,
    TABLE_SECTORS,
    0,
    0,
    0,
    0,
    0,
    1,
    1, // volatile header
    2,
    2, // journal header
    2048,
    2048, // journal
    DIRECTORY_OFFSET,
    areas.directorySectors,
    areas.tables,
    areas.tablesSectors,
    areas.bitmap,
    areas.backmap - areas.bitmap,
    areas.backmap,
    areas.grains - areas.backmap,
    areas.grains,
    areas.grainsSectors,
  ];
  const words = fields.map((value, index): [number, bigint] => [index, BigInt(value)]);
  words[0] = [0, 0xcafebaben];
  words[1] = [1, 0x0000000200000001n];
  return u64s(64, words);
}

function numberTables(layout: GrainLayout, order: readonly number[]): Map<number, number> {
  const tables = new Map<number, number>();
  for (const grain of [...order, ...[...layout.grains.keys()].sort((a, b) => a - b)]) {
    const slot = Math.floor(grain / TABLE_ENTRIES);
    if (!tables.has(slot)) tables.set(slot, tables.size);
  }
  return tables;
}

function u64s(count: number, words: readonly (readonly [number, bigint])[]): Buffer {
  const bytes = Buffer.alloc(count * 8);
  for (const [index, value] of words) bytes.writeBigUInt64LE(value, index * 8);
  return bytes;
}

function upTo(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}
