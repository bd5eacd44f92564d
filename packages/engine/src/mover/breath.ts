/**
 * Blocking calls keep a thread's event loop from its work: stdin, messages, timers. Whoever makes
 * many of them breathes in between.
 */
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';

const EVERY_NS = 10_000_000n;
const REST_MS = 5;

export interface Breath {
  /** Gives the event loop a turn when the last one is 10 ms ago. */
  (): Promise<void>;
  /** Sleeps a few milliseconds: there is nothing to do until somebody else got further. */
  rest(): Promise<void>;
}

export function breathing(): Breath {
  let last = process.hrtime.bigint();
  const breathe = async (): Promise<void> => {
    if (process.hrtime.bigint() - last < EVERY_NS) return;
    await turn();
    last = process.hrtime.bigint();
  };
  return Object.assign(breathe, {
    rest: async (): Promise<void> => {
      await sleep(REST_MS);
      last = process.hrtime.bigint();
    },
  });
}
