/** Fails on purpose: what the tests of failures are made of. */
import type { VolumeIo } from '../volume-io';
import { ForwardingVolume } from './forward';
import type { VolumeCall } from './record';

/** Thrown instead of the call, or a number: only so many bytes of a write go through, silently. `undefined`: no fault. */
export type Fault = Error | number | undefined;

/** Asked before each call, with the number of calls so far. */
export function faulty(
  volume: VolumeIo,
  fault: (call: VolumeCall, nth: number) => Fault,
): VolumeIo {
  return new FaultyVolume(volume, fault);
}

class FaultyVolume extends ForwardingVolume {
  private nth = 0;

  constructor(
    inner: VolumeIo,
    private readonly fault: (call: VolumeCall, nth: number) => Fault,
  ) {
    super(inner);
  }

  override async write(offset: number, from: Uint8Array): Promise<void> {
    const fault = this.ask({ call: 'write', offset, length: from.length });
    await this.inner.write(offset, fault === undefined ? from : from.subarray(0, fault));
  }

  override async zero(offset: number, length: number): Promise<void> {
    const fault = this.ask({ call: 'zero', offset, length });
    await this.inner.zero(offset, fault ?? length);
  }

  override async readBack(offset: number, into: Uint8Array): Promise<void> {
    this.ask({ call: 'readBack', offset, length: into.length });
    await this.inner.readBack(offset, into);
  }

  override async flush(): Promise<void> {
    this.ask({ call: 'flush' });
    await this.inner.flush();
  }

  private ask(call: VolumeCall): number | undefined {
    const fault = this.fault(call, this.nth++);
    if (fault instanceof Error) throw fault;
    return fault;
  }
}
