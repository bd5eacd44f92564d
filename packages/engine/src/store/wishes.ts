/** What people want of a migration: that it runs, stands still, begins at a time, or is given up. */
import type { Tx } from './database';
import { addEvent } from './events';
import { settleMigration } from './settle-migration';
import type { CancelChoice, Wanted } from './store';

/**
 * Records a wish; workers see it within a heartbeat. Ended migrations are left as they are, and one
 * that is being canceled can only be canceled: its objects may be going already. Returns whether it changed.
 */
export async function setWanted(
  tx: Tx,
  id: string,
  wanted: Wanted,
  actor: string,
  cancelChoice?: CancelChoice,
): Promise<boolean> {
  const rows = await tx.query(
    `update vm_migrate.migration set wanted = $2, cancel_choice = $3, begins_at = null
      where id = $1 and state in ('running', 'paused', 'failed') and (wanted <> 'cancel' or $2 = 'cancel')
        and (wanted <> $2 or cancel_choice is distinct from $3 or begins_at is not null) returning id`,
    [id, wanted, cancelChoice ?? null],
  );
  if (rows.length === 0) return false;
  // What waits in the queue gives its room to others; `resume` finds it ready, without its old delays.
  await tx.query(
    `update vm_migrate.step set state = 'ready', not_before = null where migration_id = $1 and state in ('queued', 'waiting')`,
    [id],
  );
  const word = { run: 'resumed', pause: 'paused', cancel: 'canceled' }[wanted];
  await addEvent(tx, {
    migrationId: id,
    kind: word,
    actor,
    message: `Migration ${word} by ${actor}`,
    data: { cancelChoice },
  });
  await settleMigration(tx, id);
  return true;
}

/** A migration that was just paused goes on by itself then, unless a later wish comes first: any wish forgets the time. */
export async function beginAt(tx: Tx, id: string, at: Date, actor: string): Promise<void> {
  await tx.query(`update vm_migrate.migration set begins_at = $2 where id = $1`, [id, at]);
  await addEvent(tx, {
    migrationId: id,
    kind: 'begins-later',
    actor,
    message: `Begins at ${at.toISOString()}`,
    data: { at: at.toISOString() },
  });
}

/** Lets begin whose time has come, each once, however many workers ask. */
export async function beginDue(tx: Tx): Promise<void> {
  const due = await tx.query<{ id: string }>(
    `select id from vm_migrate.migration where begins_at <= now() for no key update skip locked`,
  );
  for (const { id } of due) await setWanted(tx, id, 'run', 'engine');
}
