/**
 * Writes to a block device past the page cache, in a thread of the pool: of what a buffered write
 * costs, two thirds are the cache's pages, and its caller waits for all of it. Durable after the next
 * flush as any write: the device may have a cache of its own.
 */
import { closeSync, constants, openSync, write } from 'node:fs';
import { promisify } from 'node:util';

import { DIRECT_ALIGNMENT_BYTES, isAligned } from '../native/aligned-buffer';
import { isUnsupported, volumeError } from '../native/errno';

const writeAsync = promisify(write);

export class DirectWriter {
  private constructor(
    private readonly path: string,
    private readonly fd: number,
  ) {}

  /** `undefined` where the device or the platform has no O_DIRECT. */
  static open(path: string): DirectWriter | undefined {
    if (constants.O_DIRECT === undefined) return undefined;
    try {
      return new DirectWriter(path, openSync(path, constants.O_WRONLY | constants.O_DIRECT));
    } catch {
      return undefined;
    }
  }

  /**
   * False: these bytes have to go through the cache, all of them; some may be written already. Pages are never
   * written both ways: what is taken here are whole ones.
   * @throws EngineError VOLUME_FULL, VOLUME_IO
   */
  async write(offset: number, from: Uint8Array): Promise<boolean> {
    const isWhole = (count: number): boolean => count % DIRECT_ALIGNMENT_BYTES === 0;
    if (!isAligned(from) || !isWhole(offset) || !isWhole(from.length)) return false;
    for (let done = 0; done < from.length;) {
      try {
        done += (await writeAsync(this.fd, from, done, from.length - done, offset + done))
          .bytesWritten;
      } catch (error) {
        if (isUnsupported(error)) return false;
        throw volumeError(error, this.path, offset + done);
      }
      if (!isWhole(done)) return false;
    }
    return true;
  }

  close(): void {
    closeSync(this.fd);
  }
}
