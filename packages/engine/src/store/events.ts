/** The append-only record of what happened, who did it, and the notification that wakes watchers. */
import { columns } from './columns';
import type { Tx } from './database';
import type { EventRow } from './store';

/** Channel on which every committed change of a migration is announced: payload `<migration id>`. */
export const CHANGE_CHANNEL = 'vm_migrate_change';

export interface NewEvent {
  readonly migrationId?: string;
  readonly stepId?: string;
  readonly level?: 'info' | 'warning' | 'error';
  /** Stable word for programs: `started`, `step-done`, `step-failed`, `paused`... */
  readonly kind: string;
  readonly actor: string;
  readonly message: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export async function addEvent(tx: Tx, event: NewEvent): Promise<void> {
  await tx.query(
    `with added as (
       insert into vm_migrate.event (migration_id, step_id, level, kind, actor, message, data)
       values ($1, $2, $3, $4, $5, $6, $7))
     select pg_notify('${CHANGE_CHANNEL}', coalesce($1, ''))`,
    [
      event.migrationId,
      event.stepId,
      event.level ?? 'info',
      event.kind,
      event.actor,
      event.message,
      event.data ?? null,
    ],
  );
}

const EVENT = columns('e', 'id at migration_id step_id level kind actor message data');

/** Events after a cursor (event id), oldest first; without a migration those of all. */
export async function eventsAfter(
  tx: Tx,
  filter: { migrationId?: string; after?: number; limit: number },
): Promise<EventRow[]> {
  return tx.query<EventRow>(
    `select ${EVENT} from vm_migrate.event e
      where ($1::text is null or e.migration_id = $1) and e.id > $2 order by e.id limit $3`,
    [filter.migrationId ?? null, filter.after ?? 0, filter.limit],
  );
}

/** The newest events, oldest first. */
export async function latestEvents(
  tx: Tx,
  migrationId: string,
  limit: number,
): Promise<EventRow[]> {
  const rows = await tx.query<EventRow>(
    `select ${EVENT} from vm_migrate.event e where e.migration_id = $1 order by e.id desc limit $2`,
    [migrationId, limit],
  );
  return rows.reverse();
}
