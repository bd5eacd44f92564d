/**
 * How a mover without stdin is steered: the annotations of its pod as a file, which the kubelet
 * replaces when one changes. One line each, `key="value"`, the value escaped as Go's strconv.Quote does.
 */
import { readFileSync } from 'node:fs';

import type { MoverCommand } from './mover';

export const CONTROL_ANNOTATIONS = {
  /** A whole number; 0 = unlimited. */
  bytesPerSecond: 'vm-migrate.io/bytes-per-second',
  /** `true`: finish the window in hand and end. */
  stop: 'vm-migrate.io/stop',
  /** As packOrder wrote it, in base64: what a mover that rests does next. */
  nextOrder: 'vm-migrate.io/next-order',
} as const;

export interface ControlWish {
  readonly bytesPerSecond: number | undefined;
  readonly stop: boolean;
  /** base64 of a packed order. */
  readonly nextOrder: string | undefined;
}

/** What cannot be understood counts as not said: a mover never stops for a broken line. */
export function parseControl(text: string): ControlWish {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, quoted] = /^([^=]+)=(".*")$/.exec(line) ?? [];
    if (key !== undefined && quoted !== undefined) values.set(key, unquoted(quoted));
  }
  const rate = values.get(CONTROL_ANNOTATIONS.bytesPerSecond);
  const bytesPerSecond = rate !== undefined && /^\d+$/.test(rate) ? Number(rate) : undefined;
  return {
    bytesPerSecond,
    stop: values.get(CONTROL_ANNOTATIONS.stop) === 'true',
    nextOrder: values.get(CONTROL_ANNOTATIONS.nextOrder),
  };
}

/** Our values are digits, words and base64, so JSON's reading of quotes is enough. */
function unquoted(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return '';
  }
}

/** `undefined`: it is not there yet. */
export function readControl(file: string): ControlWish | undefined {
  try {
    return parseControl(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Looks once in `everyMs` and passes on what changed, until the returned function is called. A file that is not there yet says nothing. */
export function followControl(
  file: string,
  firstRate: number,
  command: (command: MoverCommand) => void,
  everyMs = 1_000,
): () => void {
  let rate = firstRate;
  let stopped = false;
  const look = (): void => {
    const wish = readControl(file);
    if (wish === undefined) return;
    if (wish.stop && !stopped) {
      stopped = true;
      command({ type: 'stop' });
    }
    // After a stop the window in hand is finished at full speed.
    if (!stopped && wish.bytesPerSecond !== undefined && wish.bytesPerSecond !== rate) {
      rate = wish.bytesPerSecond;
      command({ type: 'limit', bytesPerSecond: rate });
    }
  };
  look();
  const timer = setInterval(look, everyMs).unref();
  return () => clearInterval(timer);
}
