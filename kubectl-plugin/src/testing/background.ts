/** The background process of a state folder, for tests: found and ended by its own pid. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** @throws when there was none yet */
export function backgroundPid(state: string): number {
  const text = readFileSync(path.join(state, 'connection.json'), 'utf8');
  return (JSON.parse(text) as { pid: number }).pid;
}

/** Asks it to end and waits until it is gone; none is fine. */
export async function endBackground(state: string): Promise<void> {
  let pid: number;
  try {
    pid = backgroundPid(state);
    process.kill(pid, 'SIGTERM');
  } catch {
    return;
  }
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(50);
  }
}
