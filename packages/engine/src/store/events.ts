/** The append-only record of what happened, who did it, and the notification that wakes watchers. */
import { columns } from './columns';
import type { Tx } from './database';
import { scopeSql, type MigrationScope } from './migration-scope';
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

export interface EventFilter {
  readonly migrationId?: string;
  /** Cursor: the id of the last event that is known. */
  readonly after?: number;
  readonly limit: number;
  /** Only events of migrations in it. Those of no migration (limits, records) are for `all` alone. */
  readonly scope?: MigrationScope;
}

/** Events after a cursor (event id), oldest first; without a migration those of all. */
export async function eventsAfter(
  tx: Tx,
  { migrationId, after = 0, limit, scope = 'all' }: EventFilter,
): Promise<EventRow[]> {
  const params: unknown[] = [migrationId ?? null, after, limit];
  return tx.query<EventRow>(
    `select ${EVENT} from vm_migrate.event e
      where ($1::text is null or e.migration_id = $1) and e.id > $2 and ${ofScope(scope, params)}
      order by e.id limit $3`,
    params,
  );
}

/** The newest events between two cursors, oldest first: how one who knows those from `before` on looks back. */
export async function eventsBefore(
  tx: Tx,
  {
    migrationId,
    after = 0,
    before,
    limit,
    scope = 'all',
  }: EventFilter & { readonly before: number },
): Promise<EventRow[]> {
  const params: unknown[] = [migrationId ?? null, after, before, limit];
  const rows = await tx.query<EventRow>(
    `select ${EVENT} from vm_migrate.event e
      where ($1::text is null or e.migration_id = $1) and e.id > $2 and e.id < $3
        and ${ofScope(scope, params)}
      order by e.id desc limit $4`,
    params,
  );
  return rows.reverse();
}

/**
 * Events of the last half minute at or before a cursor. Ids are given before a transaction commits,
 * so one with a smaller id can become visible after one with a greater: a stream looks back by this,
 * and leaves out what it has sent.
 */
export async function lateEvents(
  tx: Tx,
  { migrationId, after = 0, limit, scope = 'all' }: EventFilter,
): Promise<EventRow[]> {
  const params: unknown[] = [migrationId ?? null, after, limit];
  return tx.query<EventRow>(
    `select * from (
       select ${EVENT} from vm_migrate.event e
        where ($1::text is null or e.migration_id = $1) and e.id <= $2 and e.id > $2 - 10000
          and e.at > now() - interval '30 seconds' and ${ofScope(scope, params)}
        order by e.id desc limit $3) late
     order by id`,
    params,
  );
}

/** The cursor of now. */
export async function lastEventId(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ id: number }>(
    'select coalesce(max(id), 0) as id from vm_migrate.event',
  );
  return row?.id ?? 0;
}

/** Up to which event people were told of ends; null: they never were. */
export async function toldEventId(tx: Tx): Promise<number | null> {
  const [row] = await tx.query<{ id: number | null }>(
    'select told_event_id as id from vm_migrate.store_info',
  );
  return row?.id ?? null;
}

/** Never goes back: several programs may tell the same ends. */
export async function noteTold(tx: Tx, id: number): Promise<void> {
  await tx.query(
    'update vm_migrate.store_info set told_event_id = $1 where told_event_id is null or told_event_id < $1',
    [id],
  );
}

function ofScope(scope: MigrationScope, params: unknown[]): string {
  if (scope === 'all') return 'true';
  return `exists (select 1 from vm_migrate.migration m where m.id = e.migration_id and ${scopeSql(scope, 'm', params)})`;
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
