/** A migration's state follows its steps and what is wanted of it. */
import type { Tx } from './database';
import { addEvent } from './events';
import type { MigrationState, Wanted } from './store';

/** So many steps of one migration may end at the same moment and still see each other (settleAfterStep). */
const LAST_STEPS = 64;

/**
 * Settles the migration if this step may have been among its last. While many steps are open its
 * row is not locked: else all steps of a VM would end one after the other. The reconciler settles
 * what slipped through.
 */
export async function settleAfterStep(tx: Tx, id: string): Promise<void> {
  const open = await tx.query(
    `select 1 from vm_migrate.step where migration_id = $1 and state not in ('done', 'canceled', 'failed') limit ${LAST_STEPS}`,
    [id],
  );
  if (open.length < LAST_STEPS) await settleMigration(tx, id);
}

/** Migrations whose state no longer fits their steps: nothing is open, or nothing moves after a failure. */
export async function unsettledMigrations(tx: Tx): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `select m.id from vm_migrate.migration m
      where m.state = 'running'
        and not exists (select 1 from vm_migrate.step s where s.migration_id = m.id and s.state in ('ready', 'queued', 'running', 'waiting'))`,
  );
  return rows.map(row => row.id);
}

/**
 * Brings the migration's state in line with its steps. Takes the migration's row lock, so the last
 * of several steps sees all others.
 *
 * NO KEY UPDATE, not UPDATE: a first report of progress holds the migration's key until its
 * transaction commits (foreign keys do). Two steps that end together would each wait for the other's.
 */
export async function settleMigration(tx: Tx, id: string): Promise<MigrationState> {
  const [row] = await tx.query<{ state: MigrationState; wanted: Wanted; vmName: string }>(
    `select m.state, m.wanted, m.vm_name as "vmName" from vm_migrate.migration m where m.id = $1 for no key update`,
    [id],
  );
  if (row === undefined || row.state === 'migrated' || row.state === 'canceled')
    return row?.state ?? 'canceled';
  const [count] = await tx.query<{ open: number; failed: number; busy: number }>(
    `select count(*) filter (where state not in ('done', 'canceled')) as open,
            count(*) filter (where state = 'failed') as failed,
            count(*) filter (where state in ('ready', 'queued', 'running', 'waiting')) as busy
       from vm_migrate.step where migration_id = $1`,
    [id],
  );
  const { open, failed, busy } = count ?? { open: 0, failed: 0, busy: 0 };
  const next: MigrationState =
    open === 0
      ? row.wanted === 'cancel'
        ? 'canceled'
        : 'migrated'
      : row.wanted === 'pause'
        ? 'paused'
        : failed > 0 && busy === 0
          ? 'failed'
          : 'running';
  if (next === row.state) return next;
  const ended = next === 'migrated' || next === 'canceled';
  await tx.query(
    // Checks that `verify` adds later do not move the moment at which all was migrated.
    `update vm_migrate.migration set state = $2, finished_at = case when $3 then
        case when $2 = 'migrated' then coalesce((select max(finished_at) from vm_migrate.step
          where migration_id = $1 and state = 'done' and kind <> 'verifySnapshot'), now()) else now() end end
      where id = $1`,
    [id, next, ended],
  );
  await addEvent(tx, {
    migrationId: id,
    level: next === 'failed' ? 'error' : 'info',
    kind: `migration-${next}`,
    actor: 'engine',
    message:
      next === 'failed'
        ? `Migration of ${row.vmName} stands still: a step failed`
        : `Migration of ${row.vmName} is ${next}`,
  });
  return next;
}
