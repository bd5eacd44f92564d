/** Tries a failed call again where that can help. */
import { setTimeout as sleep } from 'node:timers/promises';

import { toEngineError } from '../../errors';
import type { VolumeIo } from '../volume-io';
import { ForwardingVolume } from './forward';

export interface RetryRule {
  /** Attempts in all. */
  readonly attempts: number;
  /** Pause before the second attempt; doubles after each. */
  readonly firstPauseMs: number;
}

/**
 * Repeats writes, zeroing and reads that failed with `retry: 'later'`; all three are idempotent.
 * A flush is never repeated: after a failed fsync the kernel counts the lost pages as clean, so a
 * second one would succeed and lie.
 */
export function retrying(volume: VolumeIo, rule: RetryRule): VolumeIo {
  return new RetryingVolume(volume, rule);
}

class RetryingVolume extends ForwardingVolume {
  constructor(
    inner: VolumeIo,
    private readonly rule: RetryRule,
  ) {
    super(inner);
  }

  override write(offset: number, from: Uint8Array): Promise<void> {
    return this.again(() => this.inner.write(offset, from));
  }

  override zero(offset: number, length: number): Promise<void> {
    return this.again(() => this.inner.zero(offset, length));
  }

  override readBack(offset: number, into: Uint8Array): Promise<void> {
    return this.again(() => this.inner.readBack(offset, into));
  }

  private async again(call: () => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        if (attempt >= this.rule.attempts || toEngineError(error).retry !== 'later') throw error;
        await sleep(this.rule.firstPauseMs * 2 ** (attempt - 1));
      }
    }
  }
}
