/**
 * Reads a file from its medium through the page cache, after that was emptied of the range. A file
 * system holds the inode's lock during a direct read, and every write waits for it (ext4, XFS); a
 * read through the cache holds it while memory is copied, if at all. Measured: docs/benchmarking.md.
 *
 * The kernel is asked whether the range really is out of its cache. Where a page stayed (a folio
 * that reaches beyond the range, somebody who mapped the file), the caller reads directly.
 */
import { read } from 'node:fs';
import { promisify } from 'node:util';

import { posix, type Posix } from '../native/posix';

const readAsync = promisify(read);
/** The largest page of the platforms that we run on: a mapping starts on one. */
const PAGE_BYTES = 64 * 1024;

export class EmptiedCacheReader {
  private constructor(
    private readonly fd: number,
    private readonly calls: Posix,
  ) {}

  /** `undefined` where the platform cannot empty the cache or tell what is in it. Does not own `fd`. */
  static over(fd: number): EmptiedCacheReader | undefined {
    const calls = posix();
    return calls === undefined ? undefined : new EmptiedCacheReader(fd, calls);
  }

  /**
   * Fills `into` with what the medium holds. False: not by this way, nothing is known of `into`.
   * The range must be flushed. @throws system error of the read
   */
  async read(offset: number, into: Uint8Array): Promise<boolean> {
    if (offset % PAGE_BYTES !== 0 || !this.empty(offset, into.length)) return false;
    for (let done = 0; done < into.length;) {
      const { bytesRead } = await readAsync(this.fd, into, done, into.length - done, offset + done);
      if (bytesRead === 0) return false;
      done += bytesRead;
    }
    this.forget(offset, into.length);
    return true;
  }

  /** The range is out of the cache and, when that is so, on its way in again from the medium. */
  private empty(offset: number, length: number): boolean {
    try {
      this.calls.fadviseDontNeed(this.fd, offset, length);
      if (this.calls.isCached(this.fd, offset, length)) return false;
      this.calls.fadviseWillNeed(this.fd, offset, length);
      return true;
    } catch {
      return false;
    }
  }

  /** Nobody reads it again soon. */
  private forget(offset: number, length: number): void {
    try {
      this.calls.fadviseDontNeed(this.fd, offset, length);
    } catch {
      // It only takes room until the kernel needs it.
    }
  }
}
