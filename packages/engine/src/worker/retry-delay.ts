/** Pauses between tries of a step whose failure may pass: `baseMs` twice, four times ... at most 60 s; after 20 tries without progress it fails. */
const MAX_TRIES = 20;
const LONGEST_MS = 60_000;

/** `undefined`: not again. */
export function retryDelayMs(attempts: number, baseMs: number): number | undefined {
  return attempts >= MAX_TRIES ? undefined : Math.min(LONGEST_MS, baseMs * 2 ** attempts);
}
