import { createCipheriv } from 'node:crypto';

/**
 * Bytes that look random, the same for the same seed everywhere, at the speed of the processor's
 * AES: for test data of many MiB.
 */
export function seededBytes(length: number, seed: number): Uint8Array {
  const key = Buffer.alloc(16);
  key.writeDoubleLE(seed);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}
