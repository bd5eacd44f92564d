/** Trying again, with growing pauses that differ from client to client. */

export interface RetryOptions {
  /** Tries in all. */
  readonly tries: number;
  /** The first pause at most; doubled each time. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** No try begins later than this after the first; each may take a whole time-out. Absent: for as many tries as there are. */
  readonly withinMs?: number;
}

/**
 * Up to about half a minute: an API server that is restarted is back by then. Longer is the step's
 * own wait, which has words for it.
 */
export const DEFAULT_RETRY: RetryOptions = {
  tries: 7,
  firstMs: 200,
  maxMs: 10_000,
  withinMs: 25_000,
};

/** A pause before try `number` (1 = the first repeat): between half and all of what is due, or what the server asked for and a bit. */
export function pauseMs(
  { firstMs, maxMs }: RetryOptions,
  number: number,
  askedMs: number | undefined,
): number {
  const due = Math.min(maxMs, firstMs * 2 ** (number - 1));
  if (askedMs !== undefined) return Math.min(askedMs, 60_000) + due * Math.random() * 0.5;
  return due * (0.5 + Math.random() * 0.5);
}

export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal?.aborted === true) return resolve();
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done);
  });
}
