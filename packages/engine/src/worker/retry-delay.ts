/** Pauses between tries of a step whose failure may pass: 1 s, 2 s, 4 s ... at most 60 s; after 20 tries it fails. */
const MAX_TRIES = 20;

export function retryDelayMs(attempts: number): number | undefined {
  return attempts >= MAX_TRIES ? undefined : Math.min(60_000, 1_000 * 2 ** attempts);
}
