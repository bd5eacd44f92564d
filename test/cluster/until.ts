import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 50;

/**
 * Asks until the answer is neither undefined nor false, and returns it. A question that throws counts
 * as "not yet"; its last message is in the error.
 * @throws Error when the time is over
 */
export async function until<T>(
  what: string,
  timeoutMs: number,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const endAt = performance.now() + timeoutMs;
  let last = '';
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      last = error instanceof Error ? `: ${error.message}` : '';
    }
    if (performance.now() > endAt) {
      throw new Error(`waited ${Math.round(timeoutMs / 1000)} s for ${what}${last}`);
    }
    await delay(POLL_MS);
  }
}
