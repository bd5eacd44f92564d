/**
 * Adds a wake-up inside the caller's transaction: it exists when the state that it is about does.
 *
 * Why a wake-up is never lost (graphile-worker's `add_job`, mode `replace`, read in its SQL):
 * - nothing pending under the key: a job is inserted.
 * - a job pending: it is taken over, with the *earlier* of the two times. Plain `replace` would let
 *   "poll me again in an hour" push away "your parent is done, look now"; `vm_migrate.wake_up`
 *   (store/sql) reads the pending time under a lock of its own key and keeps it when it is earlier.
 * - a job running: what it is looking at may be older than this transaction, so it does not count.
 *   `replace` takes the key away from the running one and inserts a second job beside it. So the
 *   same step can be looked at by two workers at once, which its lease and fence must (and do)
 *   stand. `unsafe_dedupe` would return the running job: the wake-up would be lost.
 * - a job becoming running at this moment: `add_job` returns a NULL row and has done nothing (its
 *   issue #580: its UPDATE saw the job still free, its INSERT then met it locked). Called again in
 *   the same transaction it sees the lock, which is the case above; the SQL function repeats it.
 * - the worker of the running job dies: its row stays locked until `unlock`, the second job runs.
 *   `replace` has set the attempts of the first to the maximum, so it never runs again; `sweep`
 *   removes it.
 * A transaction that is rolled back takes its wake-ups along, and the state they were about.
 */
import { EngineError } from '../errors';
import type { SqlRunner, WakeOptions } from './queue';

/** @throws EngineError INTERNAL when the queue took nothing, which rolls the transaction back */
export async function wake(
  tx: SqlRunner,
  task: string,
  payload: Readonly<Record<string, string | number>>,
  { runInMs = 0, jobKey, priority = 0 }: WakeOptions = {},
): Promise<void> {
  const [row] = await tx.query<{ job_id: number | null }>(
    'select vm_migrate.wake_up($1, $2::json, $3, $4, $5::smallint) as job_id',
    [task, JSON.stringify(payload), runInMs, jobKey ?? null, priority],
  );
  if (row?.job_id == null)
    throw new EngineError('INTERNAL', {
      where: { object: `job ${jobKey ?? task}` },
      expected: 'a job',
      found: 'none',
      retry: 'later',
    });
}
