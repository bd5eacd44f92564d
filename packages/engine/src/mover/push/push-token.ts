/**
 * Who may push: whoever knows the key of the run. The key itself never crosses a connection; each one
 * begins with a token that counts once, because its number is part of it and numbers only grow.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

import { PUSH_PROTOCOL } from './frames';

/** @param key of the run, hex @param connection from 1 on, higher than that of any earlier connection of this run */
export function pushToken(key: string, runId: string, connection: number): Buffer {
  return createHmac('sha256', Buffer.from(key, 'hex'))
    .update(`vm-migrate push ${PUSH_PROTOCOL} ${connection} ${runId}`)
    .digest();
}

/** Compares in a time that says nothing about where they differ. */
export function isPushToken(
  token: Uint8Array,
  key: string,
  runId: string,
  connection: number,
): boolean {
  return timingSafeEqual(token, pushToken(key, runId, connection));
}
