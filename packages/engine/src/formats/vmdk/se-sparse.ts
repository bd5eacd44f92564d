/**
 * seSparse, the delta of VMFS6 and of large disks: 4 KiB grains, 64-bit entries, up to 64 TiB.
 * Not documented by its vendor; docs/formats/se-sparse.md has the byte table, where each fact comes
 * from and where readers disagree.
 */
import { createHash } from 'node:crypto';

import { readU64, SECTOR_BYTES, viewOf } from '../../bytes';
import { EngineError } from '../../errors';
import type { ExtentFile, OpenExtentOptions } from '../extent-file';
import type { RandomAccess } from '../random-access';
import { readAhead } from '../read-ahead';
import {
  ABSENT,
  GrainMap,
  grainOutside,
  ZERO,
  type GrainTableFormat,
  type TablePlace,
} from './grain-map';
import { DISK_LIMIT_BYTES, MAGIC } from './layout';
import { readGrains } from './read-grains';
import { sharedGrains } from './shared-grains';
import { damaged } from './damaged';

/** Word numbers (u64 little-endian) in the constant header. Offsets and sizes are sectors. */
const HEADER = {
  magic: 0,
  version: 1,
  capacity: 2,
  grainSize: 3,
  tableSize: 4,
  flags: 5,
  reserved: 6,
  volatileHeader: 10,
  directory: 16,
  tables: 18,
  grains: 24,
  padding: 26,
} as const;

/** Word numbers in the volatile header. */
const VOLATILE = { magic: 0, freeTable: 1, nextTransaction: 2, replayJournal: 3 } as const;

const HEADER_BYTES = 512;
const VOLATILE_MAGIC = 0xcafe_cafe;
const VERSION_LOW = 1;
const VERSION_HIGH = 2;
const GRAIN_SECTORS = 8;
const TABLE_SECTORS = 64;
const TABLE_ENTRIES = 4096;
/** Upper half of a directory entry that names a table. */
const TABLE_MARK = 0x1000_0000;

/** A stretch of the file, in sectors. */
interface Area {
  readonly name: string;
  /** Where the header says so, for errors. */
  readonly offsetInHeader: number;
  readonly start: number;
  readonly size: number;
}

interface SeSparseHeader {
  readonly capacitySectors: number;
  readonly volatileHeader: Area;
  readonly directory: Area;
  readonly tables: Area;
  readonly grains: Area;
}

/**
 * Opens one seSparse extent; reads its two headers only.
 * @throws EngineError LAYER_DAMAGED, LAYER_UNSUPPORTED for another version or grain size,
 *   LAYER_UNCLEAN when its journal waits to be replayed and the options do not say `report`
 */
export async function openSeSparse(
  file: RandomAccess,
  options: OpenExtentOptions,
): Promise<ExtentFile> {
  const bytes = await headerBytes(file, 0);
  const header = checked(file, viewOf(bytes));
  const volatileHeader = await volatileBytes(file, header);
  if (options.unclean === 'refuse') assertClean(file, header, viewOf(volatileHeader));
  const map = new GrainMap(tableFormat(readAhead(file), header));
  return {
    file,
    sizeBytes: map.format.sizeBytes,
    extents: window => map.extents(window),
    read: (offset, into) => readGrains(map, offset, into),
    checkTables: signal => sharedGrains(map, signal),
    counters: async () => counters(await headerBytes(file, 0), await volatileBytes(file, header)),
    close: () => file.close(),
  };
}

async function headerBytes(file: RandomAccess, offset: number): Promise<Uint8Array> {
  if (offset + HEADER_BYTES > file.sizeBytes) {
    throw damaged(
      file,
      offset,
      `a header of ${HEADER_BYTES} bytes`,
      `a file of ${file.sizeBytes} bytes`,
    );
  }
  const bytes = new Uint8Array(HEADER_BYTES);
  await file.read(offset, bytes);
  return bytes;
}

async function volatileBytes(file: RandomAccess, header: SeSparseHeader): Promise<Uint8Array> {
  const offset = header.volatileHeader.start * SECTOR_BYTES;
  const bytes = await headerBytes(file, offset);
  const view = viewOf(bytes);
  if (!isWord(view, VOLATILE.magic, VOLATILE_MAGIC, 0)) {
    throw damaged(
      file,
      offset,
      'the magic of a volatile header, 0xcafecafe',
      hexOf(view, VOLATILE.magic),
    );
  }
  return bytes;
}

function checked(file: RandomAccess, view: DataView): SeSparseHeader {
  if (!isWord(view, HEADER.magic, MAGIC.seSparse, 0))
    throw damaged(file, 0, 'the magic 0xcafebabe', hexOf(view, HEADER.magic));
  if (!isWord(view, HEADER.version, VERSION_LOW, VERSION_HIGH))
    throw unsupported(file, view, HEADER.version, 'version 2.1');
  if (!isWord(view, HEADER.grainSize, GRAIN_SECTORS, 0))
    throw unsupported(file, view, HEADER.grainSize, 'grains of 8 sectors');
  if (!isWord(view, HEADER.tableSize, TABLE_SECTORS, 0))
    throw unsupported(file, view, HEADER.tableSize, 'grain tables of 64 sectors');
  for (let word = HEADER.flags; word < HEADER.volatileHeader; word++) {
    if (!isWord(view, word, 0, 0))
      throw unsupported(file, view, word, 'no flags and zero in the reserved fields');
  }
  for (let word = HEADER.padding; word < HEADER_BYTES / 8; word++) {
    if (!isWord(view, word, 0, 0))
      throw unsupported(file, view, word, 'zeros behind the last field');
  }
  const header: SeSparseHeader = {
    capacitySectors: sectorsAt(file, view, HEADER.capacity),
    volatileHeader: areaAt(file, view, HEADER.volatileHeader, 'volatile header'),
    directory: areaAt(file, view, HEADER.directory, 'grain directory'),
    tables: areaAt(file, view, HEADER.tables, 'grain tables'),
    grains: areaAt(file, view, HEADER.grains, 'grains'),
  };
  assertCapacity(file, header);
  assertApart(file, [header.volatileHeader, header.directory, header.tables, header.grains]);
  return header;
}

function assertCapacity(file: RandomAccess, { capacitySectors, directory }: SeSparseHeader): void {
  const at = HEADER.capacity * 8;
  if (capacitySectors === 0) throw damaged(file, at, 'a capacity above 0', '0 sectors');
  if (capacitySectors * SECTOR_BYTES > DISK_LIMIT_BYTES)
    throw damaged(
      file,
      at,
      `a capacity of at most ${DISK_LIMIT_BYTES} bytes`,
      `${capacitySectors} sectors`,
    );
  const needed = directoryEntriesFor(capacitySectors);
  if (directory.size * SECTOR_BYTES >= needed * 8) return;
  throw damaged(
    file,
    directory.offsetInHeader + 8,
    `a grain directory of ${needed} entries`,
    `${directory.size} sectors`,
  );
}

/** What is read must not overlap: an entry of one table would be data of the guest in another. */
function assertApart(file: RandomAccess, areas: readonly Area[]): void {
  const sorted = [...areas].filter(area => area.size > 0).sort((a, b) => a.start - b.start);
  let end = HEADER_BYTES / SECTOR_BYTES;
  let previous = 'constant header';
  for (const area of sorted) {
    if (area.start < end) {
      throw damaged(
        file,
        area.offsetInHeader,
        `${area.name} behind the ${previous}, which ends at sector ${end}`,
        `sector ${area.start}`,
      );
    }
    end = area.start + area.size;
    previous = area.name;
  }
}

function directoryEntriesFor(capacitySectors: number): number {
  return Math.ceil(capacitySectors / (TABLE_ENTRIES * GRAIN_SECTORS));
}

function tableFormat(file: RandomAccess, header: SeSparseHeader): GrainTableFormat {
  const sizeBytes = header.capacitySectors * SECTOR_BYTES;
  const grainBytes = GRAIN_SECTORS * SECTOR_BYTES;
  const tableBytes = TABLE_SECTORS * SECTOR_BYTES;
  const directory = {
    offsetBytes: header.directory.start * SECTOR_BYTES,
    entries: directoryEntriesFor(header.capacitySectors),
    entryBytes: 8,
  } as const;
  const tablesStart = header.tables.start * SECTOR_BYTES;
  const tableCount = Math.floor(header.tables.size / TABLE_SECTORS);
  const grainsStart = header.grains.start * SECTOR_BYTES;
  const grainCount = Math.floor(header.grains.size / GRAIN_SECTORS);

  return {
    file,
    sizeBytes,
    grainBytes,
    entriesPerTable: TABLE_ENTRIES,
    directory,
    tableBytes,

    decodeDirectory(raw: DataView, firstIndex: number, into: Float64Array): void {
      for (let i = 0; i < into.length; i++) {
        const low = raw.getUint32(i * 8, true);
        const high = raw.getUint32(i * 8 + 4, true);
        if (low === 0 && high === 0) {
          into[i] = ABSENT;
          continue;
        }
        if (high !== TABLE_MARK || low >= tableCount) {
          const entryOffset = directory.offsetBytes + (firstIndex + i) * 8;
          throw grainOutside(
            file,
            entryOffset,
            `a grain table 0x10000000, index below ${tableCount}`,
            hexOf(raw, i),
          );
        }
        into[i] = tablesStart + low * tableBytes;
      }
    },

    decodeTable(raw: DataView, table: TablePlace, into: Float64Array): void {
      const firstGuest = table.index * TABLE_ENTRIES * grainBytes;
      for (let i = 0; i < into.length; i++) {
        const low = raw.getUint32(i * 8, true);
        const high = raw.getUint32(i * 8 + 4, true);
        const type = high >>> 28;
        if (type === 3) {
          // At most 2^60: above 2^53 it is not exact, but then it is far above any grain count as well.
          const index = ((high & 0xffff) * 0x1_0000_0000 + low) * 4096 + ((high >>> 16) & 0xfff);
          const place = grainsStart + index * grainBytes;
          // The last grain of a disk may be stored only as far as the disk goes.
          const end = place + Math.min(grainBytes, sizeBytes - firstGuest - i * grainBytes);
          if (index < grainCount && end <= file.sizeBytes) {
            into[i] = place;
            continue;
          }
          throw grainOutside(
            file,
            table.offsetBytes + i * 8,
            `a grain index below ${grainCount}, inside the file of ${file.sizeBytes} bytes`,
            `index ${index}`,
          );
        }
        // 1: the guest unmapped it; 2: zeros. Both hide the parent. What stands beside the type is the
        // place that the grain had, of no meaning here.
        if (type === 1 || type === 2) into[i] = ZERO;
        else if (high === 0 && low === 0) into[i] = ABSENT;
        else
          throw grainOutside(
            file,
            table.offsetBytes + i * 8,
            'an entry of type 0 (all zero), 1, 2 or 3',
            hexOf(raw, i),
          );
      }
    },
  };
}

function assertClean(file: RandomAccess, header: SeSparseHeader, view: DataView): void {
  if (isWord(view, VOLATILE.replayJournal, 0, 0)) return;
  throw new EngineError('LAYER_UNCLEAN', {
    where: {
      file: file.name,
      offsetBytes: header.volatileHeader.start * SECTOR_BYTES + VOLATILE.replayJournal * 8,
    },
    expected: 'no journal to replay',
    found: 'a delta that is open in a running VM, or was when its host stopped',
    hint: 'Power the VM on and off once, or take a snapshot: the journal is replayed then and the file can be read.',
  });
}

function counters(bytes: Uint8Array, volatileHeader: Uint8Array): Record<string, string> {
  const view = viewOf(volatileHeader);
  return {
    header: createHash('sha256').update(bytes).digest('hex'),
    freeTable: hexOf(view, VOLATILE.freeTable),
    nextTransaction: hexOf(view, VOLATILE.nextTransaction),
    replayJournal: hexOf(view, VOLATILE.replayJournal),
    uncleanShutdown: isWord(view, VOLATILE.replayJournal, 0, 0) ? '0' : '1',
  };
}

function sectorsAt(file: RandomAccess, view: DataView, word: number): number {
  const value = readU64(view, word * 8);
  // Bytes must be exact too.
  if (value !== undefined && value <= Number.MAX_SAFE_INTEGER / SECTOR_BYTES) return value;
  throw damaged(file, word * 8, 'a number of sectors below 2^44', hexOf(view, word));
}

function areaAt(file: RandomAccess, view: DataView, word: number, name: string): Area {
  return {
    name,
    offsetInHeader: word * 8,
    start: sectorsAt(file, view, word),
    size: sectorsAt(file, view, word + 1),
  };
}

function isWord(view: DataView, word: number, low: number, high: number): boolean {
  return view.getUint32(word * 8, true) === low && view.getUint32(word * 8 + 4, true) === high;
}

function hexOf(view: DataView, word: number): string {
  return `0x${view.getBigUint64(word * 8, true).toString(16)}`;
}

function unsupported(
  file: RandomAccess,
  view: DataView,
  word: number,
  expected: string,
): EngineError {
  return new EngineError('LAYER_UNSUPPORTED', {
    where: { file: file.name, offsetBytes: word * 8 },
    expected,
    found: hexOf(view, word),
    hint: 'No reader of this variant is known. Consolidate the snapshots or clone the disk, then migrate the clone.',
  });
}
