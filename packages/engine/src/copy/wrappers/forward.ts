/** What every wrapper here starts from: a VolumeIo that hands each call on. */
import type { VolumeIo, VolumeWays } from '../volume-io';

export class ForwardingVolume implements VolumeIo {
  readonly sizeBytes: number;
  readonly nextStored?: (offset: number) => number;

  constructor(protected readonly inner: VolumeIo) {
    this.sizeBytes = inner.sizeBytes;
    if (inner.nextStored !== undefined)
      this.nextStored = offset => inner.nextStored?.(offset) ?? offset;
  }

  write(offset: number, from: Uint8Array): Promise<void> {
    return this.inner.write(offset, from);
  }

  zero(offset: number, length: number): Promise<void> {
    return this.inner.zero(offset, length);
  }

  flush(): Promise<void> {
    return this.inner.flush();
  }

  readBack(offset: number, into: Uint8Array): Promise<void> {
    return this.inner.readBack(offset, into);
  }

  ways(): VolumeWays {
    return this.inner.ways();
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}
