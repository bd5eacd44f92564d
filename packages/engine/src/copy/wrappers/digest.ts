/** Hashes what passes through, in the order of the calls: a cheap answer to "were the same bytes written?". */
import { createHash } from 'node:crypto';

import type { VolumeIo } from '../volume-io';
import { ForwardingVolume } from './forward';

export interface DigestingVolume extends VolumeIo {
  /** SHA-256 over `write <offset> <length>\n` and the bytes, `zero <offset> <length>\n`, of all calls so far; hex. */
  digest(): string;
}

export function digesting(volume: VolumeIo): DigestingVolume {
  return new HashingVolume(volume);
}

class HashingVolume extends ForwardingVolume implements DigestingVolume {
  private readonly hash = createHash('sha256');

  override write(offset: number, from: Uint8Array): Promise<void> {
    this.hash.update(`write ${offset} ${from.length}\n`).update(from);
    return this.inner.write(offset, from);
  }

  override zero(offset: number, length: number): Promise<void> {
    this.hash.update(`zero ${offset} ${length}\n`);
    return this.inner.zero(offset, length);
  }

  digest(): string {
    return this.hash.copy().digest('hex');
  }
}
