/**
 * streamOptimized extents: hosted sparse with every grain deflated behind a marker, as OVF exports
 * have it. Three layouts exist: tables at the end with a footer that says where; tables up front;
 * qemu's with a redundant directory. The header and its footer are sorted out in hosted-header, from
 * then on they are one: a table entry is the place of a grain's marker.
 */

import { SECTOR_BYTES, viewOf } from '../../bytes';
import { EngineError } from '../../errors';
import type { ExtentFile, OpenExtentOptions } from '../extent-file';
import type { RandomAccess } from '../random-access';
import { inflater, type Inflater } from '../../native/inflater';
import { GrainMap, storedGrainBytes } from './grain-map';
import { assertClean, hostedCounters, readHostedHeader, type HostedHeader } from './hosted-header';
import { hostedTables, meets, type GrainCheck } from './hosted-sparse';
import { GRAIN_MARKER_BYTES, MARKER } from './layout';
import { collectGrains } from './read-grains';
import { DAMAGED_HINT, damaged } from './damaged';
import { differingCopies } from './second-directory';

/**
 * Takes the file over: closing the extent closes it.
 * @throws EngineError LAYER_DAMAGED, LAYER_UNSUPPORTED, LAYER_UNCLEAN
 */
export async function openStreamOptimized(
  file: RandomAccess,
  options: OpenExtentOptions,
): Promise<ExtentFile> {
  const header = await readHostedHeader(file);
  if (!header.compressed || !header.markers) {
    throw new EngineError('LAYER_UNSUPPORTED', {
      where: { file: file.name, offsetBytes: 8 },
      expected: 'the flags for compression and markers, as every streamOptimized file has them',
      found: `compression ${header.compressed ? 'on' : 'off'}, markers ${header.markers ? 'on' : 'off'}`,
    });
  }
  assertClean(file, header, options.unclean);
  const { first, second } = hostedTables(file, header, grainMarkers(file, header));
  const map = new GrainMap(first);
  const grains = new CompressedGrains(map);
  return {
    file,
    sizeBytes: header.sizeBytes,
    extents: window => map.extents(window),
    read: (offset, into) => grains.read(offset, into),
    counters: () => hostedCounters(file),
    // Two entries cannot share a grain unnoticed: a grain's marker says whose it is, and is read with it.
    checkTables: async signal =>
      second === undefined ? [] : differingCopies(first, second, signal),
    close: () => file.close(),
  };
}

function grainMarkers(file: RandomAccess, header: HostedHeader): GrainCheck {
  const last = file.sizeBytes - GRAIN_MARKER_BYTES - 1;
  return place => {
    if (place > last) return `the marker of a grain inside the file of ${file.sizeBytes} bytes`;
    return meets(header.reserved, place, GRAIN_MARKER_BYTES)
      ? 'a grain behind header, descriptor and directories'
      : undefined;
  };
}

/** One read of the file while the copy goes through it in order. */
const AHEAD_BYTES = 1024 * 1024;
/** The first read after a jump: a jump is rarely followed by its neighbour. */
const JUMP_BYTES = 128 * 1024;

/** A piece of the file in memory. */
interface Piece {
  readonly buffer: Uint8Array;
  start: number;
  length: number;
}

/** Inflates grains, reading the file in large pieces that serve many of them. */
class CompressedGrains {
  private readonly compressedLimit: number;
  /** The piece that the last read left behind. A read takes it, so overlapping reads never share one. */
  private spare: Piece | undefined;
  private readonly inflater: Inflater;

  constructor(private readonly map: GrainMap) {
    // Deflate makes random bytes longer by a few bytes in each 16 KiB; writers are known to stay below two grains.
    this.inflater = inflater(map.format.grainBytes);
    this.compressedLimit = map.format.grainBytes * 2 + SECTOR_BYTES;
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    const grains = await collectGrains(this.map, offset, into.length);
    const piece = this.spare ?? {
      buffer: new Uint8Array(Math.max(AHEAD_BYTES, this.compressedLimit + GRAIN_MARKER_BYTES)),
      start: 0,
      length: 0,
    };
    this.spare = undefined;
    try {
      for (let i = 0; i < grains.count; i++) {
        await this.readGrain(piece, grains.place[i] ?? 0, grains.guest[i] ?? 0, offset, into);
      }
    } finally {
      this.spare = piece;
    }
  }

  /** Inflates the grain at guest offset `guest` and copies what the request needs of it. */
  private async readGrain(
    piece: Piece,
    place: number,
    guest: number,
    offset: number,
    into: Uint8Array,
  ): Promise<void> {
    const { format } = this.map;
    if (!holds(piece, place, GRAIN_MARKER_BYTES)) await this.load(piece, place, GRAIN_MARKER_BYTES);
    const size = this.compressedSize(piece, place, guest);
    if (!holds(piece, place, GRAIN_MARKER_BYTES + size))
      await this.load(piece, place, GRAIN_MARKER_BYTES + size);
    const at = place - piece.start + GRAIN_MARKER_BYTES;
    const grain = inflateGrain(
      this.inflater,
      format.file,
      piece.buffer.subarray(at, at + size),
      place,
      format.grainBytes,
    );

    const guestIndex = guest / format.grainBytes;
    const needed = storedGrainBytes(
      format,
      Math.floor(guestIndex / format.entriesPerTable),
      guestIndex % format.entriesPerTable,
    );
    if (grain.length < needed)
      throw damaged(format.file, place, `${needed} bytes in this grain`, `${grain.length} bytes`);
    const from = Math.max(offset, guest);
    const to = Math.min(offset + into.length, guest + needed);
    into.set(grain.subarray(from - guest, to - guest), from - offset);
  }

  /** Makes `piece` hold the file from `place`, at least `needed` bytes of it. */
  private async load(piece: Piece, place: number, needed: number): Promise<void> {
    const { file } = this.map.format;
    const end = piece.start + piece.length;
    const goesOn = place >= piece.start && place <= end + JUMP_BYTES;
    const wanted = Math.max(needed, goesOn ? AHEAD_BYTES : JUMP_BYTES);
    const length = Math.min(wanted, piece.buffer.length, file.sizeBytes - place);
    piece.length = 0;
    await file.read(place, piece.buffer.subarray(0, length));
    piece.start = place;
    piece.length = length;
  }

  private compressedSize(piece: Piece, place: number, guest: number): number {
    const { file } = this.map.format;
    const marker = viewOf(
      piece.buffer.subarray(place - piece.start, place - piece.start + GRAIN_MARKER_BYTES),
    );
    const sector = MARKER.value.read(marker);
    if (sector !== guest / SECTOR_BYTES)
      throw damaged(
        file,
        place,
        `the marker of the grain at sector ${guest / SECTOR_BYTES}`,
        `one for sector ${sector ?? 'above 2^53'}`,
      );
    const size = MARKER.sizeBytes.read(marker);
    if (size < 1 || size > this.compressedLimit)
      throw damaged(
        file,
        place + MARKER.sizeBytes.offset,
        `1 to ${this.compressedLimit} compressed bytes`,
        `${size} bytes`,
      );
    if (place + GRAIN_MARKER_BYTES + size > file.sizeBytes)
      throw damaged(
        file,
        place + MARKER.sizeBytes.offset,
        `a grain inside the file of ${file.sizeBytes} bytes`,
        `${size} compressed bytes`,
      );
    return size;
  }
}

function holds(piece: Piece, place: number, length: number): boolean {
  return place >= piece.start && place + length <= piece.start + piece.length;
}

/** Never more than one grain comes out, whatever the input says. */
function inflateGrain(
  inflating: Inflater,
  file: RandomAccess,
  compressed: Uint8Array,
  place: number,
  grainBytes: number,
): Uint8Array {
  try {
    // A view that the next grain overwrites: it is copied before anything else happens.
    return inflating.inflate(compressed);
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('LAYER_DAMAGED', {
      where: { file: file.name, offsetBytes: place },
      expected: `deflated data of at most one grain (${grainBytes} bytes)`,
      found,
      hint: DAMAGED_HINT,
      cause,
    });
  }
}
