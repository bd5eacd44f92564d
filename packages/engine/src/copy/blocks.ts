/**
 * Blocks of 64 KiB: the grid of every digest here. Pieces of extents are split at its lines, so that
 * a piece that is a whole block is hashed once and serves the window's digest and the block table.
 */
import { hash } from 'node:crypto';

import { alignDown, endOf, type ByteRange } from '../bytes';

export const BLOCK_BYTES = 64 * 1024;
export const DIGEST_BYTES = 32;

const ZEROS = Buffer.alloc(BLOCK_BYTES);

export function sha256(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer');
}

/** Whether all bytes are zero; compares at the speed of memory. */
export function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const length = Math.min(BLOCK_BYTES, bytes.length - at);
    if (
      Buffer.compare(
        bytes.subarray(at, at + length),
        length === BLOCK_BYTES ? ZEROS : ZEROS.subarray(0, length),
      ) !== 0
    )
      return false;
  }
  return true;
}

/** SHA-256 of so many zeros, at most a block. */
export function zeroDigest(length: number): Buffer {
  let digest = zeroDigests.get(length);
  if (digest === undefined) {
    digest = sha256(ZEROS.subarray(0, length));
    zeroDigests.set(length, digest);
  }
  return digest;
}

const zeroDigests = new Map<number, Buffer>();

/** The piece's digest; zeros are recognised, not hashed. */
export function digestOf(piece: Uint8Array): Buffer {
  return isZero(piece) ? zeroDigest(piece.length) : sha256(piece);
}

/** The parts of a range between the lines of the grid, in order. */
export function* pieces(range: ByteRange): Generator<ByteRange> {
  const end = endOf(range);
  for (let offset = range.offset; offset < end;) {
    const next = Math.min(alignDown(offset, BLOCK_BYTES) + BLOCK_BYTES, end);
    yield { offset, length: next - offset };
    offset = next;
  }
}

/** How many pieces `pieces` gives. */
export function pieceCount(range: ByteRange): number {
  if (range.length === 0) return 0;
  return Math.ceil(endOf(range) / BLOCK_BYTES) - Math.floor(range.offset / BLOCK_BYTES);
}
