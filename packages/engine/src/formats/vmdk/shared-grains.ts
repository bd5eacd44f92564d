/**
 * Two entries that point to the same grain: legal for a reader (both stretches of the disk hold the
 * same bytes), but no writer makes them, so the file is damaged or forged, and a guest that wrote to
 * one place changed both. Noticed with one bit a grain.
 */
import type { TableOddity } from '../layer';
import type { GrainMap } from './grain-map';

/** Bits of one piece: bitmaps grow with what is stored, not with what a header claims. */
const PIECE_BITS = 32 * 1024;

/**
 * Memory for bits: 32 TiB in grains of 64 KiB, 2 TiB in grains of 4 KiB, 256 GiB in grains of one
 * sector. What a file stores beyond that is counted as not compared, and said.
 */
const LIMIT_BYTES = 64 * 1024 * 1024;

/**
 * Compares the places of all grains. A last grain that is stored in part is left out: what follows
 * it may begin inside its span. Places need not be multiples of a grain; two grains in the same
 * span of one grain overlap, so nothing is reported that is not so, and equal places always are.
 * @throws EngineError LAYER_DAMAGED; the signal's reason
 */
export async function sharedGrains(
  map: GrainMap,
  signal?: AbortSignal,
  limitBytes = LIMIT_BYTES,
): Promise<readonly TableOddity[]> {
  const { format } = map;
  const { sizeBytes, grainBytes, entriesPerTable, tableBytes } = format;
  const entryBytes = tableBytes / entriesPerTable;
  const partialGrain = sizeBytes % grainBytes === 0 ? -1 : Math.floor(sizeBytes / grainBytes);
  const seen = new GrainBits(limitBytes);
  const shared = { count: 0, offsetBytes: 0, detail: '' };
  const skipped = { count: 0, offsetBytes: 0 };
  for await (const { index, offsetBytes, entries } of map.storedTables()) {
    signal?.throwIfAborted();
    for (let entry = 0; entry < entries.length; entry++) {
      const place = entries[entry] ?? 0;
      if (place <= 0 || index * entriesPerTable + entry === partialGrain) continue;
      const answer = seen.add(Math.floor(place / grainBytes));
      if (answer === 'new') continue;
      const at = offsetBytes + entry * entryBytes;
      if (answer === 'full') {
        if (skipped.count++ === 0) skipped.offsetBytes = at;
      } else if (shared.count++ === 0) {
        shared.offsetBytes = at;
        shared.detail = `the grain at offset ${place} belongs to another entry already`;
      }
    }
  }
  const file = format.file.name;
  const found: TableOddity[] = [];
  if (shared.count > 0) found.push({ kind: 'grain-shared', file, ...shared });
  if (skipped.count > 0) {
    const detail = `comparing more than ${limitBytes * 8} grains would take too much memory`;
    found.push({ kind: 'not-compared', file, ...skipped, detail });
  }
  return found;
}

/** A set of grain numbers below 2^53, in pieces that are made when a number falls into them. */
class GrainBits {
  private readonly pieces = new Map<number, Uint8Array>();
  private free: number;
  /** Neighbours follow one another: most numbers fall into the piece of the one before. */
  private last: { readonly number: number; readonly bits: Uint8Array } = {
    number: -1,
    bits: new Uint8Array(0),
  };

  constructor(limitBytes: number) {
    this.free = Math.floor(limitBytes / (PIECE_BITS / 8));
  }

  /** `full`: there is no memory left for the piece it falls into. */
  add(grain: number): 'new' | 'seen' | 'full' {
    const number = Math.floor(grain / PIECE_BITS);
    const bits = this.last.number === number ? this.last.bits : this.piece(number);
    if (bits === undefined) return 'full';
    const bit = grain - number * PIECE_BITS;
    const mask = 1 << (bit & 7);
    const byte = bits[bit >>> 3] ?? 0;
    if ((byte & mask) !== 0) return 'seen';
    bits[bit >>> 3] = byte | mask;
    return 'new';
  }

  private piece(number: number): Uint8Array | undefined {
    const known = this.pieces.get(number);
    if (known === undefined && this.free === 0) return undefined;
    const bits = known ?? new Uint8Array(PIECE_BITS / 8);
    if (known === undefined) {
      this.pieces.set(number, bits);
      this.free--;
    }
    this.last = { number, bits };
    return bits;
  }
}
