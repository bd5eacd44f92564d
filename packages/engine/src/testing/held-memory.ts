import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes in array buffers that are still in use, after a garbage collection: what is held, not what was once needed. */
export function heldBufferBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') {
    // The second one frees what the first one found.
    collect();
    collect();
  }
  return process.memoryUsage().arrayBuffers;
}
