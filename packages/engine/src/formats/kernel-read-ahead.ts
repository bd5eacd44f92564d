/**
 * Lets the kernel read a file ahead of a reader that waits for each read and writes in between. The
 * kernel's own read-ahead (128 KiB as a rule) is through before the write is, and the medium idles.
 */
import { MIB } from '../bytes';
import { posix } from '../native/posix';

/** Smaller reads are tables and headers: they say nothing about where the data goes on. */
const LEAST_BYTES = 32 * 1024;
/** What may be left out between two reads of one stream: a table, a few unused grains. */
const GAP_BYTES = MIB;
/** How far ahead the kernel reads. In its cache, which it takes back when it needs it. */
const AHEAD_BYTES = 16 * MIB;
/** Asked for at least this much at once: longer requests. */
const STEP_BYTES = MIB;

export class KernelReadAhead {
  /** Where the stream's last read ended. */
  private streamEnd = -1;
  /** The kernel was asked for everything of this stream before here. */
  private askedTo = 0;

  constructor(
    private readonly fd: number,
    private readonly sizeBytes: number,
  ) {}

  /** To be called before a read. Never throws: advice that is not taken costs nothing. */
  before(offset: number, length: number): void {
    if (length < LEAST_BYTES) return;
    const end = offset + length;
    const goesOn =
      this.streamEnd >= 0 && offset >= this.streamEnd && offset - this.streamEnd <= GAP_BYTES;
    this.streamEnd = end;
    if (!goesOn) {
      this.askedTo = end;
      return;
    }
    const from = Math.max(this.askedTo, end);
    const to = Math.min(end + AHEAD_BYTES, this.sizeBytes);
    if (to - from < STEP_BYTES && to < this.sizeBytes) return;
    if (to <= from) return;
    this.askedTo = to;
    try {
      posix()?.fadviseWillNeed(this.fd, from, to - from);
    } catch {
      // Some file systems take no advice.
    }
  }
}
