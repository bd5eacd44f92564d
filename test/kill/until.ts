import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again and again until there is an answer (neither undefined nor false). @throws Error after `timeoutMs` */
export async function until<T>(
  ask: () => Promise<T | undefined | false>,
  timeoutMs = 30_000,
): Promise<T> {
  const late = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > late) throw new Error(`not within ${timeoutMs} ms: ${String(ask)}`);
    await sleep(25);
  }
}
