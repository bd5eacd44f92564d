/**
 * The header that hosted sparse and streamOptimized files share, read and checked. Nothing behind
 * this file has to doubt a number of it.
 */
import { createHash } from 'node:crypto';

import { SECTOR_BYTES, viewOf, type ByteRange } from '../../bytes';
import { EngineError } from '../../errors';
import type { UncleanRule } from '../extent-file';
import type { RandomAccess } from '../random-access';
import {
  DESCRIPTOR_LIMIT_BYTES,
  DISK_LIMIT_BYTES,
  HOSTED_FLAGS,
  HOSTED_HEADER,
  HOSTED_HEADER_BYTES,
  HOSTED_INCOMPATIBLE_KNOWN,
  MAGIC,
  MARKER,
  MARKER_TYPE,
  NEWLINES,
  type Field,
} from './layout';
import { damaged } from './damaged';

export interface HostedHeader {
  readonly version: number;
  readonly sizeBytes: number;
  readonly grainBytes: number;
  readonly entriesPerTable: number;
  /** Where the embedded descriptor is; `undefined` when there is none. */
  readonly descriptor: ByteRange | undefined;
  readonly directory: ByteRange;
  /** The second copy of the directory; never read for data. */
  readonly redundantDirectory: ByteRange | undefined;
  /** Table entry 1 means zeros. */
  readonly zeroGrains: boolean;
  readonly compressed: boolean;
  /** Grains and tables stand behind markers. */
  readonly markers: boolean;
  readonly unclean: boolean;
  /** Where neither a table nor a grain may lie. */
  readonly reserved: readonly ByteRange[];
}

/** Grains above this are written by nobody; each open grain may take as much memory. */
const GRAIN_LIMIT_SECTORS = 4096;
const ENTRIES_LIMIT = 512;

/** Reads the header at the start, or the footer where the header points to it. @throws EngineError LAYER_DAMAGED, LAYER_UNSUPPORTED */
export async function readHostedHeader(file: RandomAccess): Promise<HostedHeader> {
  const head = await readBytes(file, 0);
  const header = checkedFields(file, head, 0);
  if (header.directorySectors !== 'in-footer')
    return interpret(file, header, header.directorySectors);

  const footerOffset = file.sizeBytes - 2 * SECTOR_BYTES;
  const footer = checkedFields(file, await readFooter(file, footerOffset), footerOffset);
  assertSameDisk(file, header, footer, footerOffset);
  if (footer.directorySectors === 'in-footer')
    throw damaged(
      file,
      footerOffset + HOSTED_HEADER.directorySectors.offset,
      'a grain directory',
      'a footer that points to a footer',
    );
  // The footer has no descriptor of its own.
  return interpret(
    file,
    {
      ...footer,
      descriptorOffsetSectors: header.descriptorOffsetSectors,
      descriptorSizeSectors: header.descriptorSizeSectors,
    },
    footer.directorySectors,
  );
}

/** Header fields that change when the file is written to. */
export async function hostedCounters(file: RandomAccess): Promise<Record<string, string>> {
  const head = await readBytes(file, 0);
  return {
    header: createHash('sha256').update(head).digest('hex'),
    uncleanShutdown: String(HOSTED_HEADER.uncleanShutdown.read(viewOf(head))),
  };
}

/** @throws EngineError LAYER_UNCLEAN */
export function assertClean(file: RandomAccess, header: HostedHeader, rule: UncleanRule): void {
  if (!header.unclean || rule === 'report') return;
  throw new EngineError('LAYER_UNCLEAN', {
    where: { file: file.name, offsetBytes: HOSTED_HEADER.uncleanShutdown.offset },
    expected: 'a closed file',
    found: 'uncleanShutdown is set: a VM uses the file, or its host crashed',
    hint: 'Power the VM off, or take a snapshot so that this file is frozen. After a crash, start and stop the VM once.',
  });
}

interface Fields {
  readonly version: number;
  readonly flags: number;
  readonly capacitySectors: number;
  readonly grainSectors: number;
  readonly descriptorOffsetSectors: number;
  readonly descriptorSizeSectors: number;
  readonly entriesPerTable: number;
  readonly redundantDirectorySectors: number;
  readonly directorySectors: number | 'in-footer';
  readonly overheadSectors: number;
  readonly unclean: boolean;
}

async function readBytes(file: RandomAccess, offset: number): Promise<Uint8Array> {
  if (offset < 0 || file.sizeBytes < offset + HOSTED_HEADER_BYTES) {
    throw damaged(
      file,
      Math.max(0, offset),
      `a header of ${HOSTED_HEADER_BYTES} bytes`,
      `a file of ${file.sizeBytes} bytes`,
    );
  }
  const bytes = new Uint8Array(HOSTED_HEADER_BYTES);
  await file.read(offset, bytes);
  return bytes;
}

/** The footer lies between its marker and the end-of-stream marker. */
async function readFooter(file: RandomAccess, footerOffset: number): Promise<Uint8Array> {
  const marker = viewOf(await readBytes(file, footerOffset - SECTOR_BYTES));
  if (MARKER.sizeBytes.read(marker) !== 0 || MARKER.type.read(marker) !== MARKER_TYPE.footer) {
    throw damaged(
      file,
      footerOffset - SECTOR_BYTES,
      'the marker of a footer',
      'something else: the end of the file is missing',
    );
  }
  const end = viewOf(await readBytes(file, footerOffset + SECTOR_BYTES));
  if (
    MARKER.value.read(end) !== 0 ||
    MARKER.sizeBytes.read(end) !== 0 ||
    MARKER.type.read(end) !== MARKER_TYPE.endOfStream
  ) {
    throw damaged(
      file,
      footerOffset + SECTOR_BYTES,
      'the end-of-stream marker',
      'something else: the end of the file is missing',
    );
  }
  return readBytes(file, footerOffset);
}

function checkedFields(file: RandomAccess, bytes: Uint8Array, at: number): Fields {
  const view = viewOf(bytes);
  const magic = HOSTED_HEADER.magic.read(view);
  if (magic !== MAGIC.hostedSparse)
    throw damaged(file, at, 'the magic KDMV', `0x${magic.toString(16).padStart(8, '0')}`);
  const version = HOSTED_HEADER.version.read(view);
  if (version < 1 || version > 3)
    throw unsupported(
      file,
      at + HOSTED_HEADER.version.offset,
      'version 1 to 3',
      `version ${version}`,
    );
  const flags = HOSTED_HEADER.flags.read(view);
  const unknown = (flags & 0xffff0000 & ~HOSTED_INCOMPATIBLE_KNOWN) >>> 0;
  if (unknown !== 0)
    throw unsupported(
      file,
      at + HOSTED_HEADER.flags.offset,
      'no incompatible flag beside compression and markers',
      `flags 0x${flags.toString(16)}`,
    );
  if ((flags & HOSTED_FLAGS.newlineTestValid) !== 0) assertNewlines(file, view, at);
  assertCompression(file, view, flags, at);

  return {
    version,
    flags,
    capacitySectors: sized(
      file,
      view,
      HOSTED_HEADER.capacitySectors,
      at,
      'a capacity',
      1,
      DISK_LIMIT_BYTES / SECTOR_BYTES,
    ),
    grainSectors: grainSize(file, view, at),
    descriptorOffsetSectors: sized(
      file,
      view,
      HOSTED_HEADER.descriptorOffsetSectors,
      at,
      'the place of a descriptor',
      0,
      fileSectors(file),
    ),
    descriptorSizeSectors: sized(
      file,
      view,
      HOSTED_HEADER.descriptorSizeSectors,
      at,
      'the size of a descriptor',
      0,
      DESCRIPTOR_LIMIT_BYTES / SECTOR_BYTES,
    ),
    entriesPerTable: tableEntries(file, view, at),
    redundantDirectorySectors:
      (flags & HOSTED_FLAGS.redundantDirectory) === 0
        ? 0
        : sized(
            file,
            view,
            HOSTED_HEADER.redundantDirectorySectors,
            at,
            'the place of the redundant directory',
            0,
            fileSectors(file),
          ),
    directorySectors: isAllOnes(view, HOSTED_HEADER.directorySectors.offset)
      ? 'in-footer'
      : sized(
          file,
          view,
          HOSTED_HEADER.directorySectors,
          at,
          'the place of the grain directory',
          1,
          fileSectors(file),
        ),
    overheadSectors: sized(
      file,
      view,
      HOSTED_HEADER.overheadSectors,
      at,
      'metadata',
      0,
      fileSectors(file),
    ),
    unclean: HOSTED_HEADER.uncleanShutdown.read(view) !== 0,
  };
}

function assertNewlines(file: RandomAccess, view: DataView, at: number): void {
  if (HOSTED_HEADER.newlines.read(view) === NEWLINES) return;
  throw new EngineError('LAYER_DAMAGED', {
    where: { file: file.name, offsetBytes: at + HOSTED_HEADER.newlines.offset },
    expected: 'line feed, space, carriage return, line feed',
    found: 'other bytes: the file went through a transfer that changes line ends',
    hint: 'Copy the file again in binary mode.',
  });
}

function assertCompression(file: RandomAccess, view: DataView, flags: number, at: number): void {
  const algorithm = HOSTED_HEADER.compressAlgorithm.read(view);
  const where = at + HOSTED_HEADER.compressAlgorithm.offset;
  if (algorithm > 1)
    throw unsupported(
      file,
      where,
      'compression 0 (none) or 1 (deflate)',
      `compression ${algorithm}`,
    );
  if ((flags & HOSTED_FLAGS.compressed) !== 0 && algorithm !== 1)
    throw damaged(
      file,
      where,
      'compression 1 (deflate), as the flags say',
      `compression ${algorithm}`,
    );
}

function grainSize(file: RandomAccess, view: DataView, at: number): number {
  const sectors = HOSTED_HEADER.grainSectors.read(view);
  if (
    sectors !== undefined &&
    sectors >= 1 &&
    sectors <= GRAIN_LIMIT_SECTORS &&
    (sectors & (sectors - 1)) === 0
  )
    return sectors;
  throw damaged(
    file,
    at + HOSTED_HEADER.grainSectors.offset,
    `a grain of 1 to ${GRAIN_LIMIT_SECTORS} sectors, a power of two`,
    shown(sectors),
  );
}

function tableEntries(file: RandomAccess, view: DataView, at: number): number {
  const entries = HOSTED_HEADER.entriesPerTable.read(view);
  if (entries >= 1 && entries <= ENTRIES_LIMIT) return entries;
  throw damaged(
    file,
    at + HOSTED_HEADER.entriesPerTable.offset,
    `1 to ${ENTRIES_LIMIT} entries in a grain table`,
    String(entries),
  );
}

function sized(
  file: RandomAccess,
  view: DataView,
  field: Field<number | undefined>,
  at: number,
  what: string,
  least: number,
  most: number,
): number {
  const value = field.read(view);
  if (value !== undefined && value >= least && value <= most) return value;
  throw damaged(file, at + field.offset, `${what} of ${least} to ${most} sectors`, shown(value));
}

function shown(value: number | undefined): string {
  return value === undefined ? 'a number above 2^53' : String(value);
}

function isAllOnes(view: DataView, offset: number): boolean {
  return (
    view.getUint32(offset, true) === 0xffff_ffff && view.getUint32(offset + 4, true) === 0xffff_ffff
  );
}

function assertSameDisk(
  file: RandomAccess,
  header: Fields,
  footer: Fields,
  footerOffset: number,
): void {
  for (const field of ['capacitySectors', 'grainSectors', 'entriesPerTable', 'flags'] as const) {
    if (header[field] === footer[field]) continue;
    throw damaged(
      file,
      footerOffset,
      `a footer with the header's ${field} ${header[field]}`,
      String(footer[field]),
    );
  }
}

function interpret(file: RandomAccess, fields: Fields, directorySectors: number): HostedHeader {
  const sizeBytes = fields.capacitySectors * SECTOR_BYTES;
  const grainBytes = fields.grainSectors * SECTOR_BYTES;
  const directoryBytes = Math.ceil(sizeBytes / (grainBytes * fields.entriesPerTable)) * 4;
  const descriptor =
    fields.descriptorOffsetSectors === 0 || fields.descriptorSizeSectors === 0
      ? undefined
      : {
          offset: fields.descriptorOffsetSectors * SECTOR_BYTES,
          length: fields.descriptorSizeSectors * SECTOR_BYTES,
        };
  const directory = { offset: directorySectors * SECTOR_BYTES, length: directoryBytes };
  const redundantDirectory =
    fields.redundantDirectorySectors === 0
      ? undefined
      : { offset: fields.redundantDirectorySectors * SECTOR_BYTES, length: directoryBytes };
  const areas: Area[] = [{ name: 'the header', offset: 0, length: HOSTED_HEADER_BYTES }];
  if (descriptor !== undefined) areas.push({ name: 'the descriptor', ...descriptor });
  areas.push({ name: 'the grain directory', ...directory });
  if (redundantDirectory !== undefined && redundantDirectory.offset !== directory.offset)
    areas.push({ name: 'the redundant grain directory', ...redundantDirectory });
  assertApart(file, areas);
  return {
    version: fields.version,
    sizeBytes,
    grainBytes,
    entriesPerTable: fields.entriesPerTable,
    descriptor,
    directory,
    redundantDirectory,
    zeroGrains: (fields.flags & HOSTED_FLAGS.zeroGrains) !== 0,
    compressed: (fields.flags & HOSTED_FLAGS.compressed) !== 0,
    markers: (fields.flags & HOSTED_FLAGS.markers) !== 0,
    unclean: fields.unclean,
    reserved: areas,
  };
}

interface Area extends ByteRange {
  readonly name: string;
}

/** Areas of metadata lie inside the file and never share a byte. */
function assertApart(file: RandomAccess, areas: readonly Area[]): void {
  const sorted = [...areas].sort((a, b) => a.offset - b.offset);
  let previous: Area | undefined;
  for (const area of sorted) {
    if (area.offset + area.length > file.sizeBytes) {
      throw damaged(
        file,
        area.offset,
        `${area.name} of ${area.length} bytes inside the file of ${file.sizeBytes} bytes`,
        `an end at ${area.offset + area.length}`,
      );
    }
    if (previous !== undefined && previous.offset + previous.length > area.offset) {
      throw damaged(
        file,
        area.offset,
        `${area.name} behind ${previous.name}`,
        `${area.name} starts inside it`,
      );
    }
    previous = area;
  }
}

function fileSectors(file: RandomAccess): number {
  return Math.ceil(file.sizeBytes / SECTOR_BYTES);
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
    hint: 'Clone the disk with vmkfstools or vmware-vdiskmanager into a plain format, then migrate the clone.',
  });
}
