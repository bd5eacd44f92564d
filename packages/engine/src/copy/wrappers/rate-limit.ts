/** Keeps writes under a rate that may change while they run. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { VolumeIo } from '../volume-io';
import { ForwardingVolume } from './forward';

/** A budget of bytes; several volumes and threads may draw from one. */
export interface ByteBudget {
  /** Resolves when so many bytes may go. */
  take(bytes: number): Promise<void>;
}

export function rateLimited(volume: VolumeIo, budget: ByteBudget): VolumeIo {
  return new RateLimitedVolume(volume, budget);
}

/** Zeroing is free: it moves no bytes where it is punched. */
class RateLimitedVolume extends ForwardingVolume {
  constructor(
    inner: VolumeIo,
    private readonly budget: ByteBudget,
  ) {
    super(inner);
  }

  override async write(offset: number, from: Uint8Array): Promise<void> {
    await this.budget.take(from.length);
    await this.inner.write(offset, from);
  }
}

/**
 * Token bucket whose state is two numbers in shared memory, so that all threads of a mover draw
 * from it: state[0] the rate in bytes per second (0 = unlimited), state[1] the moment, in
 * nanoseconds of the monotonic clock, up to which the rate is spent. A saving of at most BURST_NS
 * is kept. `bell` counts changes of the rate: whoever waits looks at it and counts anew.
 */
export class SharedBudget implements ByteBudget {
  constructor(
    private readonly state: BigInt64Array,
    private readonly bell: Int32Array,
    private readonly nowNs: () => bigint = process.hrtime.bigint,
  ) {}

  setRate(bytesPerSecond: number): void {
    Atomics.store(this.state, 0, BigInt(Math.max(0, Math.floor(bytesPerSecond))));
    Atomics.store(this.state, 1, 0n);
    Atomics.add(this.bell, 0, 1);
  }

  async take(bytes: number): Promise<void> {
    for (let changed = true; changed;) {
      const heard = Atomics.load(this.bell, 0);
      const until = this.reserve(bytes);
      changed = false;
      for (let left = until - this.nowNs(); left > 0n && !changed; left = until - this.nowNs()) {
        await sleep(Math.min(LOOK_MS, Math.ceil(Number(left) / 1e6)));
        changed = Atomics.load(this.bell, 0) !== heard;
      }
    }
  }

  /** Books the bytes and tells from when on they may go. */
  private reserve(bytes: number): bigint {
    for (;;) {
      const rate = Atomics.load(this.state, 0);
      if (rate <= 0n) return 0n;
      const spentUntil = Atomics.load(this.state, 1);
      const now = this.nowNs();
      const start = spentUntil > now - BURST_NS ? spentUntil : now - BURST_NS;
      const next = start + (BigInt(bytes) * 1_000_000_000n) / rate;
      if (Atomics.compareExchange(this.state, 1, spentUntil, next) === spentUntil) return next;
    }
  }
}

const BURST_NS = 100_000_000n;

/** How soon a change of the rate reaches somebody who waits. */
const LOOK_MS = 20;
