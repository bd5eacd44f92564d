/** Waiting in this folder: for work, for a moment, or until somebody says stop. */

/** Between two looks at something that nobody tells us about. */
export const LOOK_MS = 500;

/** Waits for `work` or the time, whichever is first; a failure of `work` within the time is thrown. */
export async function withinMs(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const time = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await Promise.race([work, time]);
  } finally {
    clearTimeout(timer);
  }
}

/** @throws what `signal` was aborted with */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', aborted);
      resolve();
    }, ms);
    const aborted = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener('abort', aborted, { once: true });
  });
}
