/**
 * A file in memory: pieces of a real one over zeros, and patches over those. A mutant shares the
 * pieces with its origin, so making one costs only its patches, and it may claim terabytes.
 */
export interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export class PatchedFile {
  private readonly patches: Piece[] = [];

  /** `pieces` in ascending order without overlaps; between them the file reads as zeros. */
  constructor(
    private readonly pieces: readonly Piece[],
    public sizeBytes: number,
  ) {}

  /** The same file with no patches of its own yet; later patches do not reach back. */
  copy(): PatchedFile {
    const copied = new PatchedFile(this.pieces, this.sizeBytes);
    copied.patches.push(...this.patches);
    return copied;
  }

  /** Later patches win. What lies behind the end is not seen, unless the file is made longer. */
  patch(offset: number, bytes: Uint8Array): void {
    this.patches.push({ offset, bytes });
  }

  /** The range lies inside the file. */
  read(offset: number, into: Uint8Array): void {
    into.fill(0);
    for (const piece of this.pieces) lay(piece, offset, into);
    for (const piece of this.patches) lay(piece, offset, into);
  }

  bytesAt(offset: number, length: number): Buffer {
    const bytes = Buffer.alloc(Math.max(0, Math.min(length, this.sizeBytes - offset)));
    this.read(offset, bytes);
    return bytes;
  }

  /** Everything that is not a hole, in the order in which it has to be written. */
  written(): readonly Piece[] {
    return [...this.pieces, ...this.patches];
  }
}

function lay(piece: Piece, offset: number, into: Uint8Array): void {
  const from = Math.max(offset, piece.offset);
  const to = Math.min(offset + into.length, piece.offset + piece.bytes.length);
  if (to > from)
    into.set(piece.bytes.subarray(from - piece.offset, to - piece.offset), from - offset);
}
