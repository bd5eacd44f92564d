/** A volume in memory, for tests: what was written counts at once, and flushes are counted. */
import type { VolumeIo, VolumeWays } from './volume-io';

export class MemoryVolume implements VolumeIo {
  readonly bytes: Buffer;
  flushes = 0;
  private zeros: VolumeWays['zeros'] = 'none';

  constructor(readonly sizeBytes: number) {
    this.bytes = Buffer.alloc(sizeBytes);
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    this.part(offset, from.length).set(from);
  }

  async zero(offset: number, length: number): Promise<void> {
    this.zeros = 'written';
    this.part(offset, length).fill(0);
  }

  async flush(): Promise<void> {
    this.flushes++;
  }

  async readBack(offset: number, into: Uint8Array): Promise<void> {
    into.set(this.part(offset, into.length));
  }

  ways(): VolumeWays {
    return { zeros: this.zeros, readBack: 'buffered' };
  }

  async close(): Promise<void> {}

  private part(offset: number, length: number): Buffer {
    if (offset < 0 || offset + length > this.sizeBytes)
      throw new RangeError(`${length} bytes at ${offset} of ${this.sizeBytes}`);
    return this.bytes.subarray(offset, offset + length);
  }
}
