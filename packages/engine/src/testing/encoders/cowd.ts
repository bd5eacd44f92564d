import { SECTOR_BYTES } from '../../bytes';
import { type EncodedTables, type GrainLayout, grainBytesOf, storedOrder } from './grains';
import { GrainWriter } from './grain-writer';

const TABLE_ENTRIES = 4096;
const TABLE_SECTORS = 32;
const DIRECTORY_OFFSET = 4;

/**
 * Writes one COWD extent file. As the hypervisor does, a table is put where the file ends when its
 * first grain is written, so tables and grains lie mixed.
 * `zero` and `unmapped` grains are written as entry 1, which some readers take for zeros; the
 * format itself has no mark for zeros.
 */
export function encodeCowd(file: string, layout: GrainLayout): EncodedTables {
  const grainBytes = grainBytesOf(layout);
  const slots = Math.ceil(layout.capacitySectors / (TABLE_ENTRIES * layout.grainSectors));
  const order = storedOrder(layout);
  const tables = new Map<number, number>();
  const places = new Map<number, number>();
  let free = DIRECTORY_OFFSET + Math.ceil((slots * 4) / SECTOR_BYTES);
  const tableOf = (grain: number): void => {
    const slot = Math.floor(grain / TABLE_ENTRIES);
    if (tables.has(slot)) return;
    tables.set(slot, free);
    free += TABLE_SECTORS;
  };
  for (const grain of order) {
    tableOf(grain);
    places.set(grain, free);
    free += layout.grainSectors;
  }
  for (const grain of layout.grains.keys()) tableOf(grain);

  const directoryEntry = (slot: number): number => DIRECTORY_OFFSET * SECTOR_BYTES + slot * 4;
  const entryOffset = (grain: number): number | undefined => {
    const table = tables.get(Math.floor(grain / TABLE_ENTRIES));
    return table === undefined ? undefined : table * SECTOR_BYTES + (grain % TABLE_ENTRIES) * 4;
  };
  const grainOffset = (grain: number): number | undefined => {
    const sector = places.get(grain);
    return sector === undefined ? undefined : sector * SECTOR_BYTES;
  };

  const out = new GrainWriter(file);
  out.write(0, header(layout, slots, free));
  for (const [slot, sector] of tables) out.write(directoryEntry(slot), u32(sector));
  for (const [grain, content] of [...layout.grains].sort(([a], [b]) => a - b)) {
    out.write(
      entryOffset(grain) ?? 0,
      u32(typeof content === 'string' ? 1 : (places.get(grain) ?? 0)),
    );
  }
  for (const grain of order)
    out.write(grainOffset(grain) ?? 0, layout.grains.get(grain) as Uint8Array, grainBytes);
  const fileBytes = free * SECTOR_BYTES;
  out.close(fileBytes);
  return { fileBytes, directoryEntry, tableEntry: entryOffset, grainBytes: grainOffset };
}

function header(layout: GrainLayout, slots: number, freeSector: number): Buffer {
  const bytes = Buffer.alloc(2048);
  bytes.write('COWD', 0, 'latin1');
  [1, 3, layout.capacitySectors, layout.grainSectors, DIRECTORY_OFFSET, slots, freeSector].forEach(
    (value, index) => bytes.writeUInt32LE(value, 4 + index * 4),
  );
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
