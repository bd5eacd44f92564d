/** Bytes that cannot be there by chance, made again from their seed wherever they are to be compared. */
import { createCipheriv, createHash } from 'node:crypto';

import { MIB } from '../bytes';

export interface ProbePattern {
  readonly seed: string;
  /** A multiple of 1 MiB; from offset 0 on. */
  readonly lengthBytes: number;
}

export const PATTERN_BLOCK_BYTES = MIB;
const ZEROS = Buffer.alloc(PATTERN_BLOCK_BYTES);

/** Block `index` of the pattern: AES-256-CTR of zeros, key SHA-256(seed), the counter's upper half is the index. */
export function patternBlock({ seed }: ProbePattern, index: number): Buffer {
  const key = createHash('sha256').update(seed).digest();
  const counter = Buffer.alloc(16);
  counter.writeBigUInt64BE(BigInt(index));
  return createCipheriv('aes-256-ctr', key, counter).update(ZEROS);
}

export function patternBlocks({ lengthBytes }: ProbePattern): number {
  return lengthBytes / PATTERN_BLOCK_BYTES;
}
