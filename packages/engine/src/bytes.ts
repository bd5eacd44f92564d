/**
 * Checked arithmetic on sizes and offsets. Disk formats carry 64-bit numbers, JavaScript counts
 * exactly up to 2^53: every number from a file passes through here before it is used.
 */
import { EngineError } from './errors';

export const SECTOR_BYTES = 512;
export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
export const TIB = 1024 * GIB;

/** Half-open range of bytes; both numbers are safe integers >= 0. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export function endOf(range: ByteRange): number {
  return range.offset + range.length;
}

/** Unsigned 64-bit little-endian integer, or `undefined` when it is above 2^53 - 1. */
export function readU64(view: DataView, offset: number): number | undefined {
  const low = view.getUint32(offset, true);
  const high = view.getUint32(offset + 4, true);
  if (high > 0x1f_ffff) return undefined;
  return high * 0x1_0000_0000 + low;
}

/** Sectors as bytes, or `undefined` when that is no longer a safe integer. */
export function sectorsToBytes(sectors: number): number | undefined {
  const bytes = sectors * SECTOR_BYTES;
  return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined;
}

export function alignDown(value: number, step: number): number {
  return value - (value % step);
}

export function alignUp(value: number, step: number): number {
  return alignDown(value + step - 1, step);
}

/** The part of `range` inside `within`, or `undefined` when they do not meet. */
export function intersect(range: ByteRange, within: ByteRange): ByteRange | undefined {
  const offset = Math.max(range.offset, within.offset);
  const end = Math.min(endOf(range), endOf(within));
  return end > offset ? { offset, length: end - offset } : undefined;
}

export function assertSafeRange(range: ByteRange, object: string): void {
  const { offset, length } = range;
  if (
    Number.isSafeInteger(offset) &&
    Number.isSafeInteger(length) &&
    offset >= 0 &&
    length >= 0 &&
    Number.isSafeInteger(offset + length)
  )
    return;
  throw new EngineError('INTERNAL', {
    where: { object },
    expected: 'a range of safe integers',
    found: `offset ${offset}, length ${length}`,
  });
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
