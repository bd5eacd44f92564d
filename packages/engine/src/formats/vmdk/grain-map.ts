/**
 * The two-level table that every sparse VMDK has: a grain directory whose entries say where grain
 * tables are, and grain tables whose entries say where grains are. Formats differ in the width and
 * meaning of an entry; this file does the rest once: lazy reading in pages, a cache of bounded
 * size, and runs.
 *
 * Decoded form, the same for all formats: one float64 per entry, the byte offset in the file, or
 * ABSENT, or ZERO. Float64 counts exactly up to 2^53, so neither BigInt nor an object per grain is
 * needed. A table is checked as a whole when it is decoded; what is in the cache can be trusted.
 */
import { assertSafeRange, endOf, type ByteRange } from '../../bytes';
import { EngineError } from '../../errors';
import { ExtentList } from '../extent-file';
import type { Extent } from '../layer';
import type { RandomAccess } from '../random-access';
import { DAMAGED_HINT } from './damaged';
import { LruArrays } from './lru-arrays';

/** Not allocated in this file: the parent's, or zeros when there is none. */
export const ABSENT = 0;
/** Reads as zeros whatever the parent holds. */
export const ZERO = -1;

/** What one format tells GrainMap about itself. All offsets and sizes in bytes. */
export interface GrainTableFormat {
  readonly file: RandomAccess;
  /** Capacity of the extent. */
  readonly sizeBytes: number;
  readonly grainBytes: number;
  readonly entriesPerTable: number;
  readonly directory: {
    readonly offsetBytes: number;
    readonly entries: number;
    readonly entryBytes: 4 | 8;
  };
  /** Size of a whole table in the file. */
  readonly tableBytes: number;

  /**
   * Decodes the entries `firstIndex`, ... of the directory: `into[i]` becomes the byte offset of a
   * table, or ABSENT, or ZERO (every grain of it is zero). GrainMap itself checks that a table lies
   * inside the file.
   * @throws EngineError LAYER_DAMAGED
   */
  decodeDirectory(raw: DataView, firstIndex: number, into: Float64Array): void;

  /**
   * Decodes one table: `into[i]` becomes the byte offset of a grain, or ABSENT, or ZERO. `into`
   * stops at the capacity; entries behind it mean nothing. Checks that grains lie inside the file:
   * grainOutside() makes the error.
   * @throws EngineError LAYER_DAMAGED
   */
  decodeTable(raw: DataView, table: TablePlace, into: Float64Array): void;

  /**
   * Where a format keeps a second copy of its tables: the same error, saying what the copy holds.
   * Asked once something was found damaged while table `index` was loaded.
   */
  explainDamage?(damage: EngineError, index: number): Promise<EngineError>;
}

/** A table that holds entries, with its place in the directory and in the file. */
export interface StoredTable extends TablePlace {
  readonly entries: Float64Array;
}

export interface TablePlace {
  /** Index in the directory. */
  readonly index: number;
  /** Where the table is in the file, for errors: entry i stands at offsetBytes + i * entry width. */
  readonly offsetBytes: number;
}

/** Directory pages and tables are read in pieces of this size. */
const PAGE_BYTES = 64 * 1024;
/** Decoded pages and tables together; one extent never holds more. */
const CACHE_BYTES = 4 * 1024 * 1024;

/** A decoded table, or the one value that all its entries have. */
export type GrainTable = Float64Array | typeof ABSENT | typeof ZERO;

export class GrainMap {
  readonly format: GrainTableFormat;
  /** Guest bytes that one table covers. */
  readonly tableSpanBytes: number;

  private readonly entriesPerPage: number;
  private readonly pages = new LruArrays(CACHE_BYTES / 4);
  private readonly tables = new LruArrays((CACHE_BYTES / 4) * 3);

  /** @throws EngineError LAYER_DAMAGED when the directory is too small for the capacity or lies outside the file */
  constructor(format: GrainTableFormat) {
    this.format = format;
    this.tableSpanBytes = format.grainBytes * format.entriesPerTable;
    this.entriesPerPage = PAGE_BYTES / format.directory.entryBytes;
    assertDirectoryFits(format, this.tableSpanBytes);
  }

  /** The runs of a window, neighbours merged, clipped to the window. */
  async extents(window: ByteRange): Promise<readonly Extent[]> {
    assertSafeRange(window, this.format.file.name);
    const list = new ExtentList();
    const end = endOf(window);
    let offset = window.offset;
    while (offset < end) {
      const index = Math.floor(offset / this.tableSpanBytes);
      const loaded = this.table(index);
      const table =
        typeof loaded === 'number' || loaded instanceof Float64Array ? loaded : await loaded;
      const next =
        typeof table === 'number'
          ? this.endOfSame(table, index, Math.ceil(end / this.tableSpanBytes))
          : index + 1;
      const tableEnd = Math.min(end, next * this.tableSpanBytes);
      if (typeof table === 'number')
        list.add(table === ZERO ? 'zero' : 'inherited', offset, tableEnd - offset);
      else this.addRuns(table, index * this.tableSpanBytes, offset, tableEnd, list);
      offset = tableEnd;
    }
    return list.toArray();
  }

  /**
   * The decoded table `index`. Comes at once when it is in the cache or its directory page says
   * that there is none: a walk over a huge empty disk must not wait once per table.
   * @throws EngineError LAYER_DAMAGED
   */
  table(index: number): GrainTable | Promise<GrainTable> {
    const cached = this.tables.get(index);
    if (cached !== undefined) return cached;
    const page = this.pages.get(Math.floor(index / this.entriesPerPage));
    if (page === undefined) return this.explained(index, this.loadPageThenTable(index));
    const found = this.tableFromPage(page, index);
    return found instanceof Promise ? this.explained(index, found) : found;
  }

  /** Every table that holds entries, in guest order; a walk over all of them holds one at a time. @throws EngineError LAYER_DAMAGED */
  async *storedTables(): AsyncGenerator<StoredTable> {
    const count = Math.ceil(this.format.sizeBytes / this.tableSpanBytes);
    let index = 0;
    while (index < count) {
      const entries = await this.table(index);
      if (typeof entries === 'number') {
        index = this.endOfSame(entries, index, count);
        continue;
      }
      yield { index, offsetBytes: await this.tablePlace(index), entries };
      index++;
    }
  }

  private async tablePlace(index: number): Promise<number> {
    const pageIndex = Math.floor(index / this.entriesPerPage);
    const page = this.pages.get(pageIndex) ?? (await this.loadPage(pageIndex));
    return page[index % this.entriesPerPage] ?? ABSENT;
  }

  private async explained<T>(index: number, loading: Promise<T>): Promise<T> {
    try {
      return await loading;
    } catch (error) {
      const { explainDamage } = this.format;
      if (!(error instanceof EngineError) || error.code !== 'LAYER_DAMAGED') throw error;
      throw explainDamage === undefined ? error : await explainDamage(error, index);
    }
  }

  /**
   * Index of the first table behind `index` that is not all `kind` as well, as far as the page at
   * hand tells: the 4 million directory entries of 62 TiB are a loop, not 4 million look-ups.
   */
  private endOfSame(kind: typeof ABSENT | typeof ZERO, index: number, limit: number): number {
    const page = this.pages.get(Math.floor(index / this.entriesPerPage));
    if (page === undefined) return index + 1;
    const firstOfPage = index - (index % this.entriesPerPage);
    const stop = Math.min(limit, firstOfPage + page.length);
    let next = index + 1;
    while (next < stop && page[next - firstOfPage] === kind) next++;
    return next;
  }

  /** The decoded table `index` if it is in the cache; nothing is read. */
  cachedTable(index: number): Float64Array | undefined {
    return this.tables.get(index);
  }

  private async loadPageThenTable(index: number): Promise<GrainTable> {
    const page = await this.loadPage(Math.floor(index / this.entriesPerPage));
    return this.tableFromPage(page, index);
  }

  private tableFromPage(page: Float64Array, index: number): GrainTable | Promise<GrainTable> {
    const inPage = index % this.entriesPerPage;
    const place = page[inPage];
    if (place === undefined) throw beyondDirectory(this.format, index);
    if (place === ABSENT || place === ZERO) return place;
    return this.loadTables(page, inPage, index);
  }

  private async loadPage(pageIndex: number): Promise<Float64Array> {
    const { file, directory } = this.format;
    const firstIndex = pageIndex * this.entriesPerPage;
    const count = Math.min(this.entriesPerPage, directory.entries - firstIndex);
    if (count <= 0) throw beyondDirectory(this.format, firstIndex);
    const raw = new Uint8Array(count * directory.entryBytes);
    const offset = directory.offsetBytes + firstIndex * directory.entryBytes;
    await file.read(offset, raw);
    const page = new Float64Array(count);
    this.format.decodeDirectory(new DataView(raw.buffer), firstIndex, page);
    for (let i = 0; i < count; i++)
      this.assertTableInside(page[i] ?? ABSENT, offset + i * directory.entryBytes);
    this.pages.set(pageIndex, page);
    return page;
  }

  private assertTableInside(place: number, entryOffset: number): void {
    if (place === ABSENT || place === ZERO) return;
    const { file, tableBytes } = this.format;
    if (place > 0 && place + tableBytes <= file.sizeBytes) return;
    throw new EngineError('LAYER_DAMAGED', {
      where: { file: file.name, offsetBytes: entryOffset },
      expected: `a grain table of ${tableBytes} bytes inside the file of ${file.sizeBytes} bytes`,
      found: `one at offset ${place}`,
      hint: DAMAGED_HINT,
    });
  }

  /**
   * Reads the table and those that follow it in guest order as far as they also follow in the file:
   * writers lay them out side by side, so one read serves a long stretch of the disk.
   */
  private async loadTables(page: Float64Array, inPage: number, index: number): Promise<GrainTable> {
    const { file, tableBytes } = this.format;
    const start = page[inPage] ?? ABSENT;
    const most = Math.max(1, Math.floor(PAGE_BYTES / tableBytes));
    let count = 1;
    while (count < most && page[inPage + count] === start + count * tableBytes) count++;
    const raw = new Uint8Array(count * tableBytes);
    await file.read(start, raw);

    const wanted = this.decode(raw, 0, { index, offsetBytes: start });
    for (let ahead = 1; ahead < count; ahead++) {
      if (this.tables.get(index + ahead) !== undefined) continue;
      const place = { index: index + ahead, offsetBytes: start + ahead * tableBytes };
      // Damage in a table that nobody asked for is reported when somebody does.
      if (!this.decodesCleanly(raw, ahead * tableBytes, place)) break;
    }
    // Set last, so that reading ahead cannot have pushed it out.
    this.tables.set(index, wanted);
    return wanted;
  }

  private decodesCleanly(raw: Uint8Array, at: number, place: TablePlace): boolean {
    try {
      this.tables.set(place.index, this.decode(raw, at, place));
      return true;
    } catch (thrown) {
      if (thrown instanceof EngineError) return false;
      throw thrown;
    }
  }

  private decode(raw: Uint8Array, at: number, place: TablePlace): Float64Array {
    const { sizeBytes, grainBytes, entriesPerTable, tableBytes } = this.format;
    const grainsLeft = Math.ceil((sizeBytes - place.index * this.tableSpanBytes) / grainBytes);
    const table = new Float64Array(Math.min(entriesPerTable, grainsLeft));
    this.format.decodeTable(
      new DataView(raw.buffer, raw.byteOffset + at, tableBytes),
      place,
      table,
    );
    return table;
  }

  private addRuns(
    table: Float64Array,
    tableStart: number,
    from: number,
    to: number,
    list: ExtentList,
  ): void {
    const { grainBytes } = this.format;
    const firstGrain = Math.floor((from - tableStart) / grainBytes);
    const endGrain = Math.ceil((to - tableStart) / grainBytes);
    let runStart = from;
    let runClass = classOf(table[firstGrain] ?? ABSENT);
    for (let grain = firstGrain + 1; grain < endGrain; grain++) {
      const next = classOf(table[grain] ?? ABSENT);
      if (next === runClass) continue;
      const at = tableStart + grain * grainBytes;
      list.add(KINDS[runClass], runStart, at - runStart);
      runStart = at;
      runClass = next;
    }
    list.add(KINDS[runClass], runStart, to - runStart);
  }
}

const KINDS = ['inherited', 'zero', 'data'] as const;

function classOf(entry: number): 0 | 1 | 2 {
  if (entry > 0) return 2;
  return entry === ZERO ? 1 : 0;
}

/** Bytes of a grain that the file must hold: less than a whole one only for the last grain of the capacity. */
export function storedGrainBytes(
  {
    sizeBytes,
    grainBytes,
    entriesPerTable,
  }: Pick<GrainTableFormat, 'sizeBytes' | 'grainBytes' | 'entriesPerTable'>,
  tableIndex: number,
  entry: number,
): number {
  const guestOffset = (tableIndex * entriesPerTable + entry) * grainBytes;
  return Math.min(grainBytes, sizeBytes - guestOffset);
}

/** The error for an entry whose grain does not lie where grains may lie. */
export function grainOutside(
  file: RandomAccess,
  entryOffset: number,
  expected: string,
  found: string,
): EngineError {
  return new EngineError('LAYER_DAMAGED', {
    where: { file: file.name, offsetBytes: entryOffset },
    expected,
    found,
    hint: DAMAGED_HINT,
  });
}

function assertDirectoryFits(format: GrainTableFormat, tableSpanBytes: number): void {
  const { file, directory, sizeBytes } = format;
  const needed = Math.ceil(sizeBytes / tableSpanBytes);
  const bytes = directory.entries * directory.entryBytes;
  if (directory.entries < needed) {
    throw new EngineError('LAYER_DAMAGED', {
      where: { file: file.name, offsetBytes: directory.offsetBytes },
      expected: `a grain directory of ${needed} entries for ${sizeBytes} bytes`,
      found: `${directory.entries} entries`,
      hint: DAMAGED_HINT,
    });
  }
  if (directory.offsetBytes > 0 && directory.offsetBytes + bytes <= file.sizeBytes) return;
  throw new EngineError('LAYER_DAMAGED', {
    where: { file: file.name, offsetBytes: directory.offsetBytes },
    expected: `a grain directory of ${bytes} bytes inside the file of ${file.sizeBytes} bytes`,
    found: `one at offset ${directory.offsetBytes}`,
    hint: DAMAGED_HINT,
  });
}

function beyondDirectory({ file, directory }: GrainTableFormat, index: number): EngineError {
  return new EngineError('INTERNAL', {
    where: { file: file.name, offsetBytes: directory.offsetBytes },
    expected: `an index below ${directory.entries}`,
    found: `directory entry ${index} was asked for`,
  });
}
