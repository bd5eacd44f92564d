/**
 * The 512 bytes of a hosted sparse header, field by field: each number is inside its limits before
 * anybody counts with it. The footer of a streamOptimized file has the same form.
 */
import { SECTOR_BYTES, viewOf } from '../../bytes';
import { EngineError } from '../../errors';
import type { RandomAccess } from '../random-access';
import { damaged } from './damaged';
import {
  DESCRIPTOR_LIMIT_BYTES,
  DISK_LIMIT_BYTES,
  HOSTED_FLAGS,
  HOSTED_HEADER,
  HOSTED_HEADER_BYTES,
  HOSTED_INCOMPATIBLE_KNOWN,
  MAGIC,
  NEWLINES,
  type Field,
} from './layout';

/** Each inside its own limits; what they say together is checked by who reads the header. */
export interface HostedFields {
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

/** Grains above this are written by nobody; each open grain may take as much memory. */
const GRAIN_LIMIT_SECTORS = 4096;
const ENTRIES_LIMIT = 512;

/** The sector at `offset`. @throws EngineError LAYER_DAMAGED when the file ends before it does */
export async function readHeaderBytes(file: RandomAccess, offset: number): Promise<Uint8Array> {
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

/**
 * @param at where the bytes stand in the file, for errors
 * @throws EngineError LAYER_DAMAGED, LAYER_UNSUPPORTED
 */
export function checkedFields(file: RandomAccess, bytes: Uint8Array, at: number): HostedFields {
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
