/** Asks for permission before everything that changes the volume. The wrapper closest to the medium. */
import { MIB } from '../../bytes';
import type { VolumeIo } from '../volume-io';
import { ForwardingVolume } from './forward';

/** `assertHeld` throws MOVER_STOPPED when the lease ran out or the mover was told to stop at once. */
export interface LeaseGuard {
  assertHeld(): void;
}

/** Zeroing may mean writing: no call lasts longer than this much of it. */
const ZERO_STEP_BYTES = 64 * MIB;

export function leased(volume: VolumeIo, guard: LeaseGuard): VolumeIo {
  return new LeasedVolume(volume, guard);
}

class LeasedVolume extends ForwardingVolume {
  constructor(
    inner: VolumeIo,
    private readonly guard: LeaseGuard,
  ) {
    super(inner);
  }

  override async write(offset: number, from: Uint8Array): Promise<void> {
    this.guard.assertHeld();
    await this.inner.write(offset, from);
  }

  override async zero(offset: number, length: number): Promise<void> {
    for (let done = 0; done < length; done += ZERO_STEP_BYTES) {
      this.guard.assertHeld();
      await this.inner.zero(offset + done, Math.min(ZERO_STEP_BYTES, length - done));
    }
  }

  override async flush(): Promise<void> {
    this.guard.assertHeld();
    await this.inner.flush();
  }
}
