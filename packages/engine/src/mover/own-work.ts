/** How much there is to do, for the progress bar. */
import { MIB } from '../bytes';
import type { Layer } from '../formats/layer';
import { bytesOfKind, type Content } from '../copy/windows';

/** A map that takes longer to walk than this is estimated from the part that was walked. */
const PATIENCE_MS = 100;
const STEP_BYTES = 64 * MIB;

/** Own bytes that need work: data, and on a volume that holds the parent's state zeros as well. */
export async function ownWork(layer: Layer, content: Content): Promise<number> {
  const until = Date.now() + PATIENCE_MS;
  let bytes = 0;
  for (let offset = 0; offset < layer.sizeBytes; offset += STEP_BYTES) {
    if (Date.now() > until) return Math.round((bytes / offset) * layer.sizeBytes);
    const extents = await layer.extents({
      offset,
      length: Math.min(STEP_BYTES, layer.sizeBytes - offset),
    });
    bytes += bytesOfKind(extents, 'data');
    if (content === 'parent') bytes += bytesOfKind(extents, 'zero');
  }
  return bytes;
}
