/** Work that is done again and again, with a pause between. */
import { toEngineError } from '../errors';

export interface Loop {
  readonly ended: Promise<void>;
  end(): void;
}

/** A failure is logged and the loop goes on. */
export function every(ms: number, log: (line: string) => void, work: () => Promise<void>): Loop {
  const control = new AbortController();
  let wake = () => {};
  const pause = () =>
    new Promise<void>(resolve => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const run = async () => {
    while (!control.signal.aborted) {
      await work().catch((error: unknown) => log(toEngineError(error).message));
      if (!control.signal.aborted) await pause();
    }
  };
  return {
    ended: run(),
    end() {
      control.abort();
      wake();
    },
  };
}
