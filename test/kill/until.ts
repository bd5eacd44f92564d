import { untilThere } from '../until';

/** As `untilThere`, of which the question itself says what it is about. */
export function until<T>(
  ask: () => Promise<T | undefined | false>,
  timeoutMs?: number,
): Promise<T> {
  return untilThere(String(ask), ask, timeoutMs);
}
