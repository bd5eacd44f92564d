/**
 * Hosted sparse extents (`KDMV`, versions 1 to 3, not compressed): Workstation, Fusion, VirtualBox,
 * qemu. A base, a delta, or one of many extents of either.
 */
import { SECTOR_BYTES, type ByteRange } from '../../bytes';
import { EngineError } from '../../errors';
import type { ExtentFile, OpenExtentOptions } from '../extent-file';
import type { RandomAccess } from '../random-access';
import {
  ABSENT,
  GrainMap,
  grainOutside,
  storedGrainBytes,
  ZERO,
  type GrainTableFormat,
} from './grain-map';
import { assertClean, hostedCounters, readHostedHeader, type HostedHeader } from './hosted-header';
import { ZERO_GRAIN_ENTRY } from './layout';
import { readGrains } from './read-grains';
import { differingCopies, explainBySecond } from './second-directory';
import { sharedGrains } from './shared-grains';

/**
 * Takes the file over: closing the extent closes it.
 * @throws EngineError LAYER_DAMAGED, LAYER_UNSUPPORTED, LAYER_UNCLEAN
 */
export async function openHostedSparse(
  file: RandomAccess,
  options: OpenExtentOptions,
): Promise<ExtentFile> {
  const header = await readHostedHeader(file);
  if (header.compressed) {
    throw new EngineError('LAYER_UNSUPPORTED', {
      where: { file: file.name, offsetBytes: 8 },
      expected: 'a file without compression',
      found: 'a compressed one (streamOptimized)',
    });
  }
  assertClean(file, header, options.unclean);
  const { first, second } = hostedTables(file, header, storedGrains(file, header));
  const map = new GrainMap(first);
  return {
    file,
    sizeBytes: header.sizeBytes,
    extents: window => map.extents(window),
    read: (offset, into) => readGrains(map, offset, into),
    counters: () => hostedCounters(file),
    async checkTables(signal) {
      const shared = await sharedGrains(map, signal);
      return second === undefined
        ? shared
        : [...shared, ...(await differingCopies(first, second, signal))];
    },
    close: () => file.close(),
  };
}

/** Says whether an entry's grain may lie at `place` (bytes); the error's `expected` when it may not. */
export type GrainCheck = (place: number, tableIndex: number, entry: number) => string | undefined;

/** The directory that is read, and its second copy where the file has one. */
export interface HostedTables {
  readonly first: GrainTableFormat;
  readonly second: GrainTableFormat | undefined;
}

/** The u32 tables that hosted sparse and streamOptimized files share. */
export function hostedTables(
  file: RandomAccess,
  header: HostedHeader,
  check: GrainCheck,
): HostedTables {
  const first = tablesOf(file, header, header.directory, check);
  const { redundantDirectory } = header;
  if (redundantDirectory === undefined || redundantDirectory.offset === header.directory.offset)
    return { first, second: undefined };
  const second = tablesOf(file, header, redundantDirectory, check);
  const explainDamage = (damage: EngineError, index: number): Promise<EngineError> =>
    explainBySecond(damage, second, index);
  return { first: { ...first, explainDamage }, second };
}

function tablesOf(
  file: RandomAccess,
  header: HostedHeader,
  directory: ByteRange,
  check: GrainCheck,
): GrainTableFormat {
  const { sizeBytes, grainBytes, entriesPerTable, zeroGrains } = header;
  const tableBytes = entriesPerTable * 4;
  return {
    file,
    sizeBytes,
    grainBytes,
    entriesPerTable,
    tableBytes,
    directory: { offsetBytes: directory.offset, entries: directory.length / 4, entryBytes: 4 },

    decodeDirectory(raw, firstIndex, into) {
      for (let i = 0; i < into.length; i++) {
        const place = raw.getUint32(i * 4, true) * SECTOR_BYTES;
        if (place !== ABSENT && meets(header.reserved, place, tableBytes)) {
          throw grainOutside(
            file,
            directory.offset + (firstIndex + i) * 4,
            'a grain table behind header, descriptor and directories',
            `sector ${place / SECTOR_BYTES}`,
          );
        }
        into[i] = place;
      }
    },

    decodeTable(raw, table, into) {
      for (let i = 0; i < into.length; i++) {
        const entry = raw.getUint32(i * 4, true);
        if (entry === 0) continue;
        if (entry === ZERO_GRAIN_ENTRY && zeroGrains) {
          into[i] = ZERO;
          continue;
        }
        const place = entry * SECTOR_BYTES;
        const expected = check(place, table.index, i);
        if (expected !== undefined)
          throw grainOutside(file, table.offsetBytes + i * 4, expected, `sector ${entry}`);
        into[i] = place;
      }
    },
  };
}

function storedGrains(file: RandomAccess, header: HostedHeader): GrainCheck {
  const { grainBytes, reserved } = header;
  const lastWhole = file.sizeBytes - grainBytes;
  return (place, tableIndex, entry) => {
    if (place > lastWhole && place + storedGrainBytes(header, tableIndex, entry) > file.sizeBytes)
      return `a grain inside the file of ${file.sizeBytes} bytes`;
    return meets(reserved, place, grainBytes)
      ? 'a grain behind header, descriptor and directories'
      : undefined;
  };
}

export function meets(areas: readonly ByteRange[], offset: number, length: number): boolean {
  for (const area of areas) {
    if (offset < area.offset + area.length && area.offset < offset + length) return true;
  }
  return false;
}
