/**
 * SEEK_DATA and SEEK_HOLE, which Node's fs does not have. They come from the native calls where
 * those can be loaded; elsewhere files simply look fully stored, which is slower but never wrong.
 */
import { posix } from '../native/posix';

export interface HoleFinder {
  /** Offset of the first stored byte at or after `offset`; -1 when there is none. */
  seekData(fd: number, offset: number): number;
  /** Offset of the first hole at or after `offset`; the end of a file counts as one. -1 on an error. */
  seekHole(fd: number, offset: number): number;
}

/** `undefined` where the platform or its native library cannot tell. */
export function holeFinder(): HoleFinder | undefined {
  return posix();
}
