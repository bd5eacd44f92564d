/** What a layer itself states, counted from its tables; the plan asks for it, loading a tree does not. */
import { MIB } from '../bytes';
import type { Layer } from '../formats/layer';

export interface OwnBytes {
  readonly data: number;
  readonly zero: number;
}

/** One window's map of the densest format (512-byte grains) still has few enough extents to hold. */
const WINDOW_BYTES = 128 * MIB;

/**
 * Walks the extents window by window; holds one window's map at a time, whatever the disk's size.
 * @throws the signal's reason when it is aborted; EngineError LAYER_DAMAGED
 */
export async function measureOwnBytes(layer: Layer, signal?: AbortSignal): Promise<OwnBytes> {
  let data = 0;
  let zero = 0;
  for (let offset = 0; offset < layer.sizeBytes; offset += WINDOW_BYTES) {
    signal?.throwIfAborted();
    const window = { offset, length: Math.min(WINDOW_BYTES, layer.sizeBytes - offset) };
    for (const extent of await layer.extents(window)) {
      if (extent.kind === 'data') data += extent.length;
      else if (extent.kind === 'zero') zero += extent.length;
    }
  }
  return { data, zero };
}
