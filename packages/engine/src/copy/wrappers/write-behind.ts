/**
 * Writes are collected to larger ones and done while the next bytes come: whoever receives them does
 * not wait for the medium. What was not `settled` may not be counted as written.
 */
import { MIB } from '../../bytes';
import { ioBuffer } from '../../native/aligned-buffer';
import type { VolumeIo } from '../volume-io';
import { ForwardingVolume } from './forward';

/** One write. On storage that answers in ten milliseconds, four at a time are 400 MiB/s. */
const WRITE_BYTES = MIB;
/** One is filled while the others are written; the pool has four threads. */
const BUFFERS = 4;

export interface WriteBehind extends VolumeIo {
  /**
   * All writes so far have reached the medium, as far as a write does.
   * @throws the first failure of a write since the volume was opened, from then on always
   */
  settled(): Promise<void>;
}

export function writingBehind(volume: VolumeIo): WriteBehind {
  return new BehindVolume(volume);
}

class BehindVolume extends ForwardingVolume implements WriteBehind {
  private readonly free = Array.from({ length: BUFFERS }, () => ioBuffer(WRITE_BYTES));
  private readonly underWay = new Set<Promise<void>>();
  /** What is collected lies at `at`. */
  private filling: { readonly buffer: Buffer; readonly at: number; length: number } | undefined;
  private failure: { readonly error: unknown } | undefined;

  override async write(offset: number, from: Uint8Array): Promise<void> {
    // Which refuses what lies outside of it, to whoever asks for that.
    if (offset < 0 || offset + from.length > this.sizeBytes) return super.write(offset, from);
    for (let done = 0; done < from.length;) {
      const here = await this.fillingAt(offset + done);
      const part = from.subarray(done, done + WRITE_BYTES - here.length);
      here.buffer.set(part, here.length);
      here.length += part.length;
      done += part.length;
      if (here.length === WRITE_BYTES) this.begin();
    }
  }

  /** After all that was written before. */
  override async zero(offset: number, length: number): Promise<void> {
    await this.settled();
    await super.zero(offset, length);
  }

  override async flush(): Promise<void> {
    await this.settled();
    await super.flush();
  }

  override async readBack(offset: number, into: Uint8Array): Promise<void> {
    await this.settled();
    await super.readBack(offset, into);
  }

  async settled(): Promise<void> {
    this.begin();
    await Promise.all(this.underWay);
    if (this.failure !== undefined) throw this.failure.error;
  }

  /** What was collected and not begun is dropped, which whoever has not waited for it knows. */
  override async close(): Promise<void> {
    this.filling = undefined;
    await Promise.all(this.underWay);
    await super.close();
  }

  /** The buffer that goes on at this offset. */
  private async fillingAt(
    offset: number,
  ): Promise<{ readonly buffer: Buffer; readonly at: number; length: number }> {
    const { filling } = this;
    if (filling !== undefined && filling.at + filling.length === offset) return filling;
    this.begin();
    while (this.free.length === 0) await Promise.race(this.underWay);
    if (this.failure !== undefined) throw this.failure.error;
    const buffer = this.free.pop() as Buffer; // the loop above saw one
    return (this.filling = { buffer, at: offset, length: 0 });
  }

  private begin(): void {
    const { filling } = this;
    if (filling === undefined) return;
    this.filling = undefined;
    const writing = this.inner
      .write(filling.at, filling.buffer.subarray(0, filling.length))
      .catch((error: unknown) => {
        this.failure ??= { error };
      })
      .finally(() => {
        this.free.push(filling.buffer);
        this.underWay.delete(writing);
      });
    this.underWay.add(writing);
  }
}
