/** Writes down every call, in order: what the copy loop's tests compare with. */
import type { VolumeIo } from '../volume-io';
import { ForwardingVolume } from './forward';

export type VolumeCall =
  | {
      readonly call: 'write' | 'zero' | 'readBack';
      readonly offset: number;
      readonly length: number;
    }
  | { readonly call: 'flush' };

/** Calls are added to `calls` before they are handed on. */
export function recording(volume: VolumeIo, calls: VolumeCall[]): VolumeIo {
  return new RecordingVolume(volume, calls);
}

class RecordingVolume extends ForwardingVolume {
  constructor(
    inner: VolumeIo,
    private readonly calls: VolumeCall[],
  ) {
    super(inner);
  }

  override write(offset: number, from: Uint8Array): Promise<void> {
    this.calls.push({ call: 'write', offset, length: from.length });
    return this.inner.write(offset, from);
  }

  override zero(offset: number, length: number): Promise<void> {
    this.calls.push({ call: 'zero', offset, length });
    return this.inner.zero(offset, length);
  }

  override readBack(offset: number, into: Uint8Array): Promise<void> {
    this.calls.push({ call: 'readBack', offset, length: into.length });
    return this.inner.readBack(offset, into);
  }

  override flush(): Promise<void> {
    this.calls.push({ call: 'flush' });
    return this.inner.flush();
  }
}
