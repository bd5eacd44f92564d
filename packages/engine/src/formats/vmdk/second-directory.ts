/**
 * The redundant directory of a hosted sparse file: a second copy of directory and tables, for the
 * day when the first is damaged. It is never read for data, because nobody can say which of two
 * copies that differ is the true one. It is compared, and it is named where the first is damaged.
 */
import { SECTOR_BYTES, viewOf } from '../../bytes';
import { EngineError } from '../../errors';
import type { TableOddity } from '../layer';
import type { RandomAccess } from '../random-access';
import { readAhead } from '../read-ahead';
import { GrainMap, type GrainTableFormat } from './grain-map';

/** Of directories and tables alike: only hosted sparse files have a second copy. */
const ENTRY_BYTES = 4;
/** Directory entries that are read at once. */
const PIECE_ENTRIES = 16 * 1024;

/** The error about the first copy, saying whether the second has the table whole. */
export async function explainBySecond(
  damage: EngineError,
  second: GrainTableFormat,
  index: number,
): Promise<EngineError> {
  if (!(await isSound(second, index))) return damage;
  const where = `at offset ${second.directory.offsetBytes}`;
  return new EngineError(damage.code, {
    where: damage.where,
    ...(damage.expected === undefined ? {} : { expected: damage.expected }),
    ...(damage.found === undefined ? {} : { found: damage.found }),
    hint: `The second grain directory of this file, ${where}, is sound here. It is not used by itself: copy the file from the host again, or let VMware repair it there (vmware-vdiskmanager -R), then plan again.`,
    retry: damage.retry,
    cause: damage,
  });
}

async function isSound(second: GrainTableFormat, index: number): Promise<boolean> {
  try {
    await new GrainMap(second).table(index);
    return true;
  } catch (error) {
    if (error instanceof EngineError) return false;
    throw error;
  }
}

/**
 * Compares all entries, as they stand in the file. A table that only one copy has is no difference
 * as long as it is empty. @throws the signal's reason; EngineError FILE_UNREADABLE
 */
export async function differingCopies(
  first: GrainTableFormat,
  second: GrainTableFormat,
  signal?: AbortSignal,
): Promise<readonly TableOddity[]> {
  const { file, directory } = first;
  const differences = new Differences(file.name);
  const copies = [new TableCopy(first), new TableCopy(second)] as const;
  for (let from = 0; from < directory.entries; from += PIECE_ENTRIES) {
    signal?.throwIfAborted();
    const count = Math.min(PIECE_ENTRIES, directory.entries - from);
    const places = [await copies[0].places(from, count), await copies[1].places(from, count)];
    for (let i = 0; i < count; i++) {
      const tables = [places[0]?.[i] ?? 0, places[1]?.[i] ?? 0] as const;
      if (tables[0] === tables[1]) continue;
      if (tables[1] + second.tableBytes > file.sizeBytes) {
        const entry = second.directory.offsetBytes + (from + i) * ENTRY_BYTES;
        differences.note(entry, `its table at offset ${tables[1]} lies outside the file`);
        continue;
      }
      const bytes = [await copies[0].table(tables[0]), await copies[1].table(tables[1])] as const;
      if (Buffer.compare(bytes[0], bytes[1]) !== 0)
        noteEntries(first, from + i, tables[1], bytes, differences);
    }
  }
  return differences.found();
}

/** The entries of one table that differ, up to the capacity: what stands behind it means nothing. */
function noteEntries(
  { sizeBytes, grainBytes, entriesPerTable }: GrainTableFormat,
  index: number,
  secondTable: number,
  [first, second]: readonly [Uint8Array, Uint8Array],
  differences: Differences,
): void {
  const firstView = viewOf(first);
  const secondView = viewOf(second);
  const grainsLeft = Math.ceil(sizeBytes / grainBytes) - index * entriesPerTable;
  for (let entry = 0; entry < Math.min(entriesPerTable, grainsLeft); entry++) {
    const one = firstView.getUint32(entry * ENTRY_BYTES, true);
    const other = secondView.getUint32(entry * ENTRY_BYTES, true);
    if (one === other) continue;
    differences.note(
      secondTable + entry * ENTRY_BYTES,
      `it says sector ${other} for the grain at guest offset ${(index * entriesPerTable + entry) * grainBytes}, the first copy says ${one}`,
    );
  }
}

/** One copy of directory and tables, read forward. */
class TableCopy {
  private readonly file: RandomAccess;
  private readonly empty: Uint8Array;
  private readonly bytes: Uint8Array;

  constructor(private readonly format: GrainTableFormat) {
    this.file = readAhead(format.file);
    this.empty = new Uint8Array(format.tableBytes);
    this.bytes = new Uint8Array(format.tableBytes);
  }

  /** Where the tables `from`, ... are, in bytes; 0: there is none. */
  async places(from: number, count: number): Promise<Float64Array> {
    const raw = new Uint8Array(count * ENTRY_BYTES);
    await this.file.read(this.format.directory.offsetBytes + from * ENTRY_BYTES, raw);
    const view = viewOf(raw);
    return Float64Array.from(
      { length: count },
      (_, i) => view.getUint32(i * ENTRY_BYTES, true) * SECTOR_BYTES,
    );
  }

  /** Good until the next call. */
  async table(place: number): Promise<Uint8Array> {
    if (place === 0) return this.empty;
    await this.file.read(place, this.bytes);
    return this.bytes;
  }
}

class Differences {
  private count = 0;
  private first = { offsetBytes: 0, detail: '' };

  constructor(private readonly file: string) {}

  note(offsetBytes: number, detail: string): void {
    if (this.count++ === 0) this.first = { offsetBytes, detail };
  }

  found(): readonly TableOddity[] {
    const { count, file, first } = this;
    return count === 0 ? [] : [{ kind: 'copies-differ', file, count, ...first }];
  }
}
