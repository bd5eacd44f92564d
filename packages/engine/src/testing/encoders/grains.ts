/**
 * The input of every encoder of a sparse kind: what each grain of one extent holds, said by the
 * test and not by any reader. The encoders share nothing with the readers but the numbers of the
 * formats, so that a mistake in one of them shows.
 */
import { SECTOR_BYTES } from '../../bytes';

/** Bytes of a grain (shorter ones are padded with zeros), or a mark without bytes. */
export type Grain = Uint8Array | 'zero' | 'unmapped';

export interface GrainLayout {
  readonly capacitySectors: number;
  readonly grainSectors: number;
  /** By grain number in the guest; a grain that is not named is absent (the parent's). */
  readonly grains: ReadonlyMap<number, Grain>;
  /** Grains lie in the file in guest order, or shuffled by this seed. */
  readonly shuffleSeed?: number;
}

/** Where an encoder put things, so that a test can damage exactly one of them. All in bytes of the file. */
export interface EncodedTables {
  readonly fileBytes: number;
  /** Offset of the entry of a directory slot. */
  directoryEntry(slot: number): number;
  /** Offset of a grain's table entry; undefined when its table was not written. */
  tableEntry(grain: number): number | undefined;
  /** Offset of a grain's bytes; undefined when the grain has none. */
  grainBytes(grain: number): number | undefined;
}

export function grainBytesOf(layout: GrainLayout): number {
  return layout.grainSectors * SECTOR_BYTES;
}

/** The grains that carry bytes, in the order in which they lie in the file. */
export function storedOrder(layout: GrainLayout): number[] {
  const stored = [...layout.grains]
    .filter(([, grain]) => typeof grain !== 'string')
    .map(([number]) => number);
  stored.sort((a, b) => a - b);
  return layout.shuffleSeed === undefined ? stored : shuffled(stored, layout.shuffleSeed);
}

/** Taken once: jest looks a global up anew at every use, and this one is used per word of test data. */
const { imul } = Math;

/** Deterministic numbers in [0, 2^32), the same for the same seed everywhere (mulberry32). */
export function seededNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** Bytes that differ from grain to grain and never are all zero. */
export function patternBytes(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const next = seededNumbers(seed);
  const words = new Uint32Array(bytes.buffer, 0, Math.floor(length / 4));
  for (let i = 0; i < words.length; i++) words[i] = next() | 1;
  return bytes;
}

function shuffled(values: readonly number[], seed: number): number[] {
  const result = [...values];
  const next = seededNumbers(seed);
  for (let i = result.length - 1; i > 0; i--) {
    const j = next() % (i + 1);
    const kept = result[i] as number;
    result[i] = result[j] as number;
    result[j] = kept;
  }
  return result;
}

/**
 * The content of a layer as the naive model sees it: every byte, one `kind` for each grain.
 * Small layouts only: the whole capacity is held.
 */
export function modelOf(layout: GrainLayout): LayerModel {
  const sizeBytes = layout.capacitySectors * SECTOR_BYTES;
  const grainBytes = grainBytesOf(layout);
  const bytes = new Uint8Array(sizeBytes);
  const kinds: LayerModel['kinds'][number][] = [];
  for (let grain = 0; grain * grainBytes < sizeBytes; grain++) {
    const content = layout.grains.get(grain);
    kinds.push(content === undefined ? 'inherited' : typeof content === 'string' ? 'zero' : 'data');
    if (content === undefined || typeof content === 'string') continue;
    const room = Math.min(grainBytes, sizeBytes - grain * grainBytes);
    bytes.set(content.subarray(0, room), grain * grainBytes);
  }
  return { sizeBytes, grainBytes, bytes, kinds };
}

export interface LayerModel {
  readonly sizeBytes: number;
  readonly grainBytes: number;
  readonly bytes: Uint8Array;
  /** By grain number. */
  readonly kinds: readonly ('data' | 'zero' | 'inherited')[];
}

/** `over` on top of `under`, as a guest would see it; `under` may be shorter (reads as zeros). */
export function flattenModels(under: Uint8Array, over: LayerModel): Uint8Array {
  const result = new Uint8Array(over.sizeBytes);
  result.set(under.subarray(0, Math.min(under.length, over.sizeBytes)));
  over.kinds.forEach((kind, grain) => {
    if (kind === 'inherited') return;
    const start = grain * over.grainBytes;
    result.set(
      over.bytes.subarray(start, Math.min(start + over.grainBytes, over.sizeBytes)),
      start,
    );
  });
  return result;
}
