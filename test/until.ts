import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 25;

/**
 * Asks again and again until there is an answer (neither undefined nor false). What the question throws
 * is thrown. @param what for the error @throws Error after `timeoutMs`
 */
export async function untilThere<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  timeoutMs = 60_000,
): Promise<T> {
  const late = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > late) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(LOOK_MS);
  }
}
