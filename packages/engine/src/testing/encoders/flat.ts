import { SECTOR_BYTES } from '../../bytes';
import { type GrainLayout, grainBytesOf } from './grains';
import { GrainWriter } from './grain-writer';
import { sortedGrains } from './hosted-sparse';

export interface FlatOptions {
  /** Where the extent starts in the file; 0 by default. */
  readonly offsetBytes?: number;
}

/** Writes one flat extent (or a raw image). Absent grains are holes; zero grains are stored zeros. */
export function encodeFlat(
  file: string,
  layout: GrainLayout,
  { offsetBytes = 0 }: FlatOptions = {},
): void {
  const grainBytes = grainBytesOf(layout);
  const sizeBytes = layout.capacitySectors * SECTOR_BYTES;
  const out = new GrainWriter(file);
  for (const [grain, content] of sortedGrains(layout)) {
    const start = grain * grainBytes;
    const bytes = typeof content === 'string' ? new Uint8Array(0) : content;
    const length = Math.min(grainBytes, sizeBytes - start);
    out.write(offsetBytes + start, bytes.subarray(0, length), length);
  }
  out.close(offsetBytes + sizeBytes);
}
