/** Waits until a session of this database waits for a lock: the moment in which two transactions meet. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tx } from '../store/database';

/** @throws Error when nobody waits within ten seconds */
export async function blockedSession(tx: Tx): Promise<void> {
  const endAt = performance.now() + 10_000;
  for (;;) {
    const [row] = await tx.query<{ waiting: number }>(
      `select count(*) as waiting from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if ((row?.waiting ?? 0) > 0) return;
    if (performance.now() > endAt) throw new Error('no session waits for a lock');
    await sleep(10);
  }
}
