/** A Layer in memory: extents as given, bytes made from a seed. For tests of everything above the formats. */
import { endOf, intersect, type ByteRange } from '../bytes';
import type { Extent, Layer, LayerManifest } from '../formats/layer';

export class MemoryLayer implements Layer {
  readonly file = 'memory';
  readonly format = 'raw';
  readonly parent = undefined;
  /** Ranges that were read, in order. */
  readonly reads: ByteRange[] = [];

  /** `extents` cover the layer without gaps; `content` holds its data where extents say so. */
  constructor(
    readonly sizeBytes: number,
    private readonly all: readonly Extent[],
    private readonly content: Uint8Array,
  ) {}

  async extents(window: ByteRange): Promise<readonly Extent[]> {
    return this.all.flatMap(extent => {
      const part = intersect(extent, window);
      return part === undefined ? [] : [{ ...part, kind: extent.kind }];
    });
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    const range = { offset, length: into.length };
    const inside = this.all
      .filter(extent => extent.kind === 'data')
      .reduce((sum, extent) => sum + (intersect(extent, range)?.length ?? 0), 0);
    if (inside !== into.length)
      throw new Error(`a read of ${into.length} bytes at ${offset} outside of data`);
    this.reads.push(range);
    into.set(this.content.subarray(offset, endOf(range)));
  }

  async manifest(): Promise<LayerManifest> {
    return { descriptorSha256: '', cid: '', parentCid: '', files: [] };
  }

  async close(): Promise<void> {}
}

/** `d4 z2 i1`: runs of data, zero and inherited, each so many units long. */
export function extentsOf(words: string, unitBytes: number): Extent[] {
  const kinds = { d: 'data', z: 'zero', i: 'inherited' } as const;
  let offset = 0;
  return words.split(' ').map(word => {
    const kind = kinds[word.charAt(0) as keyof typeof kinds];
    const length = Number(word.slice(1)) * unitBytes;
    const extent = { offset, length, kind };
    offset += length;
    return extent;
  });
}
