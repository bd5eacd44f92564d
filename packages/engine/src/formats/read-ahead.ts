/**
 * Small reads that walk forward through a file, served from a piece that was read once. A delta
 * whose guest wrote every second sector has a grain of 512 bytes in each extent: one read a grain
 * is what made others take an hour for one VM (docs/formats/cowd.md).
 *
 * Only walks are served ahead: a read that starts far from the previous one costs no more than
 * itself. Pieces are never changed once read, so calls may overlap. What is read ahead may be older
 * than a change of the file; that is what manifests are compared for.
 */
import { endOf } from '../bytes';
import type { RandomAccess } from './random-access';

/** A read of at least this size gains nothing from being served from a copy. */
const SMALL_BYTES = 16 * 1024;
/** How far from the previous small read the next one may start to count as the same walk. */
const STRIDE_BYTES = 8 * 1024;
/** How much is read at once: a call of this size costs about as much as three of 512 bytes. */
const PIECE_BYTES = 64 * 1024;

interface Piece {
  readonly offset: number;
  readonly length: number;
  readonly bytes: Uint8Array;
}

/** The same file with its small forward reads gathered. Closing it closes the file. */
export function readAhead(file: RandomAccess): RandomAccess {
  let piece: Piece = { offset: 0, length: 0, bytes: new Uint8Array(0) };
  let walkEnd = -1;

  async function read(offset: number, into: Uint8Array): Promise<void> {
    if (into.length >= SMALL_BYTES) return file.read(offset, into);
    const end = offset + into.length;
    if (offset >= piece.offset && end <= endOf(piece)) {
      walkEnd = end;
      into.set(piece.bytes.subarray(offset - piece.offset, end - piece.offset));
      return undefined;
    }
    const walking = offset >= walkEnd && offset - walkEnd <= STRIDE_BYTES && walkEnd >= 0;
    walkEnd = end;
    const length = Math.min(PIECE_BYTES, file.sizeBytes - offset);
    if (!walking || length < into.length) return file.read(offset, into);
    const bytes = new Uint8Array(length);
    await file.read(offset, bytes);
    piece = { offset, length, bytes };
    into.set(bytes.subarray(0, into.length));
    return undefined;
  }

  return {
    name: file.name,
    sizeBytes: file.sizeBytes,
    read,
    stat: () => file.stat(),
    ...(file.allocated === undefined ? {} : { allocated: file.allocated.bind(file) }),
    close: () => file.close(),
  };
}
