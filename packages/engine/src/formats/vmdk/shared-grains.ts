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
  const seen = new GrainBits(grainBytes, limitBytes);
  const shared = { count: 0, offsetBytes: 0, detail: '' };
  const skipped = { count: 0, offsetBytes: 0 };
  for await (const { index, offsetBytes, entries } of map.storedTables()) {
    signal?.throwIfAborted();
    const left = index * entriesPerTable + entries.length - 1 === partialGrain ? 1 : 0;
    seen.addTable(entries.subarray(0, entries.length - left), (entry, place, answer) => {
      const at = offsetBytes + entry * entryBytes;
      if (answer === 'full') {
        if (skipped.count++ === 0) skipped.offsetBytes = at;
      } else if (shared.count++ === 0) {
        shared.offsetBytes = at;
        shared.detail = `the grain at offset ${place} belongs to another entry already`;
      }
    });
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

type Told = (entry: number, place: number, answer: 'seen' | 'full') => void;

/** The set of grains whose place was met, in pieces that are made when a place falls into them. */
class GrainBits {
  private readonly pieces = new Map<number, Uint8Array>();
  private readonly pieceBytes: number;
  private free: number;

  constructor(
    private readonly grainBytes: number,
    limitBytes: number,
  ) {
    this.pieceBytes = grainBytes * PIECE_BITS;
    this.free = Math.floor(limitBytes / (PIECE_BITS / 8));
  }

  /** Adds the grains of a decoded table; `told` of each that was there already (`seen`), or for which there is no memory (`full`). */
  addTable(entries: Float64Array, told: Told): void {
    const { grainBytes, pieceBytes } = this;
    // Neighbours follow one another: most fall into the piece of the one before. A hot loop: 500 million turns on 2 TiB.
    let start = -1;
    let bits: Uint8Array | undefined;
    for (let entry = 0; entry < entries.length; entry++) {
      const place = entries[entry] as number;
      if (place <= 0) continue;
      if (start < 0 || place < start || place >= start + pieceBytes) {
        start = Math.floor(place / pieceBytes) * pieceBytes;
        bits = this.piece(start);
      }
      if (bits === undefined) {
        told(entry, place, 'full');
        continue;
      }
      const bit = ((place - start) / grainBytes) >>> 0;
      const byte = bits[bit >>> 3] as number;
      const mask = 1 << (bit & 7);
      if ((byte & mask) !== 0) told(entry, place, 'seen');
      else bits[bit >>> 3] = byte | mask;
    }
  }

  private piece(start: number): Uint8Array | undefined {
    const known = this.pieces.get(start);
    if (known !== undefined || this.free === 0) return known;
    this.free--;
    const made = new Uint8Array(PIECE_BITS / 8);
    this.pieces.set(start, made);
    return made;
  }
}
