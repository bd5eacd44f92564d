/**
 * COWD, the `vmfsSparse` delta: VMFS5 below 2 TiB, and NFS. Grains of one sector by default, in the
 * order in which the guest wrote them, so what makes it usable is reading many of them at once
 * (read-grains.ts). docs/formats/cowd.md has the byte table and where readers disagree.
 */
import { createHash } from 'node:crypto';

import { SECTOR_BYTES, viewOf } from '../../bytes';
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
import { MAGIC } from './layout';
import { readGrains } from './read-grains';
import { sharedGrains } from './shared-grains';
import { damaged } from './damaged';

/** Fields that matter, u32 little-endian. Source: Virtual Disk Format 5.0, "ESX Server Sparse Extents". */
const HEADER = {
  magic: 0,
  version: 4,
  flags: 8,
  capacitySectors: 12,
  grainSectors: 16,
  directorySector: 20,
  directoryEntries: 24,
  freeSector: 28,
  parentGeneration: 1056,
  generation: 1060,
  savedGeneration: 1636,
  uncleanShutdown: 1648,
} as const;

const HEADER_BYTES = 2048;
const TABLE_ENTRIES = 4096;
const TABLE_BYTES = TABLE_ENTRIES * 4;
/** The format allows 1 MiB; one step more costs nothing and no reader would mind. */
const MAX_GRAIN_SECTORS = 4096;
/** An entry that other readers write for zeros; sector 1 is inside the header, so no grain can be there. */
const ZERO_ENTRY = 1;

type CowdHeader = Readonly<Record<Exclude<keyof typeof HEADER, 'magic'>, number>>;

/**
 * Opens one COWD extent; reads its header only.
 * @throws EngineError LAYER_DAMAGED, LAYER_UNSUPPORTED for a version or flags that nobody knows,
 *   LAYER_UNCLEAN when the file was not closed and the options do not say `report`
 */
export async function openCowd(
  file: RandomAccess,
  options: OpenExtentOptions,
): Promise<ExtentFile> {
  const header = checked(file, decode(await headerBytes(file)));
  if (header.uncleanShutdown !== 0 && options.unclean === 'refuse') throw unclean(file);
  const map = new GrainMap(tableFormat(readAhead(file), header));
  return {
    file,
    sizeBytes: map.format.sizeBytes,
    extents: window => map.extents(window),
    read: (offset, into) => readGrains(map, offset, into),
    checkTables: signal => sharedGrains(map, signal),
    counters: async () => counters(await headerBytes(file)),
    close: () => file.close(),
  };
}

async function headerBytes(file: RandomAccess): Promise<Uint8Array> {
  const bytes = new Uint8Array(HEADER_BYTES);
  if (file.sizeBytes < HEADER_BYTES)
    throw damaged(
      file,
      0,
      `a header of ${HEADER_BYTES} bytes`,
      `a file of ${file.sizeBytes} bytes`,
    );
  await file.read(0, bytes);
  if (viewOf(bytes).getUint32(HEADER.magic, true) !== MAGIC.cowd) {
    throw damaged(
      file,
      HEADER.magic,
      'the magic COWD',
      `bytes ${Buffer.from(bytes.subarray(0, 4)).toString('hex')}`,
    );
  }
  return bytes;
}

function decode(bytes: Uint8Array): CowdHeader {
  const view = viewOf(bytes);
  const field = (offset: number): number => view.getUint32(offset, true);
  return {
    version: field(HEADER.version),
    flags: field(HEADER.flags),
    capacitySectors: field(HEADER.capacitySectors),
    grainSectors: field(HEADER.grainSectors),
    directorySector: field(HEADER.directorySector),
    directoryEntries: field(HEADER.directoryEntries),
    freeSector: field(HEADER.freeSector),
    parentGeneration: field(HEADER.parentGeneration),
    generation: field(HEADER.generation),
    savedGeneration: field(HEADER.savedGeneration),
    uncleanShutdown: field(HEADER.uncleanShutdown),
  };
}

function checked(file: RandomAccess, header: CowdHeader): CowdHeader {
  const { version, flags, capacitySectors, grainSectors, directorySector, directoryEntries } =
    header;
  if (version !== 1) throw unsupported(file, HEADER.version, 'version 1', `version ${version}`);
  // As in hosted sparse files, a flag from bit 16 on changes what the bytes mean.
  if (flags > 0xffff)
    throw unsupported(file, HEADER.flags, 'no flags above bit 15', `flags 0x${flags.toString(16)}`);
  if (capacitySectors === 0)
    throw damaged(file, HEADER.capacitySectors, 'a capacity above 0', '0 sectors');
  if (
    grainSectors < 1 ||
    grainSectors > MAX_GRAIN_SECTORS ||
    (grainSectors & (grainSectors - 1)) !== 0
  ) {
    throw damaged(
      file,
      HEADER.grainSectors,
      `a grain of 1 to ${MAX_GRAIN_SECTORS} sectors, a power of two`,
      `${grainSectors} sectors`,
    );
  }
  const needed = directoryEntriesFor(header);
  if (directoryEntries < needed) {
    throw damaged(
      file,
      HEADER.directoryEntries,
      `at least ${needed} directory entries for ${capacitySectors} sectors`,
      `${directoryEntries}`,
    );
  }
  if (directorySector * SECTOR_BYTES < HEADER_BYTES) {
    throw damaged(
      file,
      HEADER.directorySector,
      'a grain directory behind the header',
      `one at sector ${directorySector}`,
    );
  }
  return header;
}

function directoryEntriesFor({ capacitySectors, grainSectors }: CowdHeader): number {
  return Math.ceil(capacitySectors / (TABLE_ENTRIES * grainSectors));
}

function tableFormat(file: RandomAccess, header: CowdHeader): GrainTableFormat {
  const entries = directoryEntriesFor(header);
  const directory = {
    offsetBytes: header.directorySector * SECTOR_BYTES,
    entries,
    entryBytes: 4,
  } as const;
  const sizeBytes = header.capacitySectors * SECTOR_BYTES;
  const grainBytes = header.grainSectors * SECTOR_BYTES;
  // Tables and grains lie mixed behind the directory; nothing of the guest lies before its end.
  const firstFree = directory.offsetBytes + entries * 4;

  const outside = (entryOffset: number, what: string, place: number): EngineError =>
    grainOutside(
      file,
      entryOffset,
      `${what} between offset ${firstFree} and the end of the file, ${file.sizeBytes}`,
      `one at offset ${place}`,
    );

  return {
    file,
    sizeBytes,
    grainBytes,
    entriesPerTable: TABLE_ENTRIES,
    directory,
    tableBytes: TABLE_BYTES,

    decodeDirectory(raw: DataView, firstIndex: number, into: Float64Array): void {
      for (let i = 0; i < into.length; i++) {
        const place = raw.getUint32(i * 4, true) * SECTOR_BYTES;
        if (place !== 0 && place < firstFree)
          throw outside(directory.offsetBytes + (firstIndex + i) * 4, 'a grain table', place);
        into[i] = place === 0 ? ABSENT : place;
      }
    },

    decodeTable(raw: DataView, table: TablePlace, into: Float64Array): void {
      const tableEnd = table.offsetBytes + TABLE_BYTES;
      const firstGuest = table.index * TABLE_ENTRIES * grainBytes;
      for (let i = 0; i < into.length; i++) {
        const entry = raw.getUint32(i * 4, true);
        if (entry <= ZERO_ENTRY) {
          into[i] = entry === ZERO_ENTRY ? ZERO : ABSENT;
          continue;
        }
        const place = entry * SECTOR_BYTES;
        // The last grain of a disk may be stored only as far as the disk goes.
        const end = place + Math.min(grainBytes, sizeBytes - firstGuest - i * grainBytes);
        const inOwnTable = place < tableEnd && end > table.offsetBytes;
        if (place < firstFree || end > file.sizeBytes || inOwnTable)
          throw outside(table.offsetBytes + i * 4, 'a grain outside its own table,', place);
        into[i] = place;
      }
    },
  };
}

function counters(bytes: Uint8Array): Record<string, string> {
  const { freeSector, generation, savedGeneration, uncleanShutdown } = decode(bytes);
  return {
    header: createHash('sha256').update(bytes).digest('hex'),
    freeSector: String(freeSector),
    generation: String(generation),
    savedGeneration: String(savedGeneration),
    uncleanShutdown: String(uncleanShutdown),
  };
}

function unclean(file: RandomAccess): EngineError {
  return new EngineError('LAYER_UNCLEAN', {
    where: { file: file.name, offsetBytes: HEADER.uncleanShutdown },
    expected: 'uncleanShutdown 0',
    found: 'a delta that is open in a running VM, or was when its host stopped',
    hint: 'Power the VM on and off once, or take a snapshot: the file is closed then and can be read.',
  });
}

function unsupported(
  file: RandomAccess,
  offsetBytes: number,
  expected: string,
  found: string,
): EngineError {
  return new EngineError('LAYER_UNSUPPORTED', {
    where: { file: file.name, offsetBytes },
    expected,
    found,
    hint: 'No reader of this variant is known. Consolidate the snapshots or clone the disk, then migrate the clone.',
  });
}
