/**
 * The bytes of VMDK files: which number stands where. All numbers are little-endian, "sector" is
 * always 512 bytes. Source: Virtual Disk Format 5.0 (the technote); docs/formats/ lists where
 * readers and writers disagree.
 */
import { readU64 } from '../../bytes';

/** A number at a fixed place of a structure. */
export interface Field<T> {
  readonly offset: number;
  read(view: DataView): T;
}

export function u8(offset: number): Field<number> {
  return { offset, read: view => view.getUint8(offset) };
}

export function u16(offset: number): Field<number> {
  return { offset, read: view => view.getUint16(offset, true) };
}

export function u32(offset: number): Field<number> {
  return { offset, read: view => view.getUint32(offset, true) };
}

/** `undefined` above 2^53 - 1: no such number is a legal size or offset. */
export function u64(offset: number): Field<number | undefined> {
  return { offset, read: view => readU64(view, offset) };
}

/** First four bytes of a file, as a little-endian number. */
export const MAGIC = {
  /** `KDMV`: hosted sparse and streamOptimized. */
  hostedSparse: 0x564d444b,
  /** `COWD`: vmfsSparse. */
  cowd: 0x44574f43,
  /** The low half of 0x00000000cafebabe. */
  seSparse: 0xcafebabe,
} as const;

export const HOSTED_HEADER_BYTES = 512;

/** Hosted sparse extent header, 512 bytes, packed. The footer of a streamOptimized file has the same form. */
export const HOSTED_HEADER = {
  magic: u32(0),
  version: u32(4),
  flags: u32(8),
  capacitySectors: u64(12),
  grainSectors: u64(20),
  descriptorOffsetSectors: u64(28),
  descriptorSizeSectors: u64(36),
  entriesPerTable: u32(44),
  redundantDirectorySectors: u64(48),
  directorySectors: u64(56),
  overheadSectors: u64(64),
  uncleanShutdown: u8(72),
  /** "\n", " ", "\r", "\n" as one number: a transfer in text mode changes it. */
  newlines: u32(73),
  compressAlgorithm: u16(77),
} as const;

export const HOSTED_FLAGS = {
  newlineTestValid: 1 << 0,
  redundantDirectory: 1 << 1,
  zeroGrains: 1 << 2,
  compressed: 1 << 16,
  markers: 1 << 17,
} as const;

/** Bits from 16 up that a reader must know to read the file at all. */
export const HOSTED_INCOMPATIBLE_KNOWN = HOSTED_FLAGS.compressed | HOSTED_FLAGS.markers;

export const NEWLINES = 0x0a0d200a;

/** A grain table entry that means "zeros", where the header's flag allows it. */
export const ZERO_GRAIN_ENTRY = 1;

/** Start of a streamOptimized marker; with sizeBytes > 0 compressed data follows from byte 12. */
export const MARKER = {
  /** Guest sector of a grain, or sectors of metadata that follow the marker. */
  value: u64(0),
  sizeBytes: u32(8),
  /** Only when sizeBytes is 0. */
  type: u32(12),
} as const;

/** Bytes before the compressed data of a grain marker. */
export const GRAIN_MARKER_BYTES = 12;

export const MARKER_TYPE = {
  endOfStream: 0,
  grainTable: 1,
  grainDirectory: 2,
  footer: 3,
  progress: 4,
} as const;

/** The longest text that is read as a descriptor. */
export const DESCRIPTOR_LIMIT_BYTES = 1024 * 1024;

/** Larger disks do not exist at VMware (62 TiB); a number above this is a mistake or an attack. */
export const DISK_LIMIT_BYTES = 64 * 1024 ** 4;
