/**
 * The digest of a whole disk state, in nbdcopy's blkhash form (`nbdcopy --blkhash`, sha256, 64 KiB):
 *
 *   H = sha256( sha256(block 0) || ... || sha256(block n-1) || u64le(size) )
 *
 * The last block is as long as the state leaves it. blkhash's own tool mixes several streams and
 * gives other values; the name of this variant is `nbdcopy-blkhash-sha256-64k`.
 */
import { createHash, type Hash } from 'node:crypto';

import { BLOCK_BYTES, DIGEST_BYTES, zeroDigest } from './blocks';

export class StateDigest {
  private readonly hash: Hash;

  constructor(hash: Hash = createHash('sha256')) {
    this.hash = hash;
  }

  /** Digests of whole blocks, or of the last one, in order. */
  add(digests: Uint8Array): void {
    this.hash.update(digests);
  }

  /** So many bytes of zeros, from a block's start; the last block may be short. */
  addZeros(length: number): void {
    let blocks = Math.floor(length / BLOCK_BYTES);
    for (; blocks >= ZERO_RUN_BLOCKS; blocks -= ZERO_RUN_BLOCKS) this.hash.update(zeroRun());
    if (blocks > 0) this.hash.update(zeroRun().subarray(0, blocks * DIGEST_BYTES));
    const rest = length % BLOCK_BYTES;
    if (rest > 0) this.hash.update(zeroDigest(rest));
  }

  /** Continues on its own from here: the same state seen at another size. */
  fork(): StateDigest {
    return new StateDigest(this.hash.copy());
  }

  /** Hex. Ends this object. */
  finish(sizeBytes: number): string {
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(sizeBytes));
    return this.hash.update(size).digest('hex');
  }
}

const ZERO_RUN_BLOCKS = 4096;
let zeroRunBytes: Buffer | undefined;

function zeroRun(): Buffer {
  zeroRunBytes ??= Buffer.alloc(ZERO_RUN_BLOCKS * DIGEST_BYTES, zeroDigest(BLOCK_BYTES));
  return zeroRunBytes;
}

export function blockCount(sizeBytes: number): number {
  return Math.ceil(sizeBytes / BLOCK_BYTES);
}
