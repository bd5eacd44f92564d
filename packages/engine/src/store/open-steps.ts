/** Steps that run, wait or could run, over all migrations in scope: what the queue is about, as our tables know it. */
import type { Tx } from './database';
import { scopeSql, type MigrationScope } from './migration-scope';
import { STEP_COLUMNS } from './steps';
import type { StepRow, Wanted } from './store';

export type OpenState = 'running' | 'waiting' | 'queued' | 'ready';

export interface OpenStepFilter {
  readonly migration?: string;
  readonly source?: string;
  readonly target?: string;
  readonly worker?: string;
  readonly scope: MigrationScope;
}

export interface OpenStep extends StepRow {
  readonly source: string;
  readonly target: string;
  readonly vm: string;
  readonly wanted: Wanted;
  /** Of its migration. */
  readonly createdAt: Date;
  readonly diskLabel: string | null;
  /** null: no mover has reported yet. */
  readonly bytesDone: number | null;
  readonly bytesPerSecond: number | null;
  /** When the last of what it needs was done; null: it needs nothing. */
  readonly predecessorsDoneAt: Date | null;
}

const OPEN: readonly OpenState[] = ['running', 'waiting', 'queued', 'ready'];

/** Those that run, those that wait, then the next ones in the order of admission (worker/admit-steps.ts); paused migrations last. */
export async function openSteps(
  tx: Tx,
  filter: OpenStepFilter,
  page: {
    readonly states?: readonly OpenState[];
    readonly limit?: number;
    readonly offset?: number;
  },
): Promise<OpenStep[]> {
  const params: unknown[] = [page.limit ?? null, page.offset ?? 0, page.states ?? OPEN];
  return tx.query<OpenStep>(
    `select ${STEP_COLUMNS}, s.source_name as source, s.target_name as target, s.vm_name as vm, s.wanted, s.created_at as "createdAt",
            (select l.disk_label from vm_migrate.layer l where l.migration_id = s.migration_id and l.disk_id = s.disk_id limit 1) as "diskLabel",
            p.bytes_done as "bytesDone", p.bytes_per_second as "bytesPerSecond",
            (select max(e.finished_at) from vm_migrate.step_after a
               join vm_migrate.step e on e.migration_id = a.migration_id and e.step_id = a.after_id
              where a.migration_id = s.migration_id and a.step_id = s.step_id) as "predecessorsDoneAt"
       from (select o.*, row_number() over (order by array_position($3::text[], o.state), o.wanted <> 'run', o.turn, o.last_served_at,
                                                     o.created_at, o.migration_id, o.ordinal) as place
               from (select s.*, m.source_name, m.target_name, m.vm_name, m.wanted, m.created_at, m.last_served_at,
                            row_number() over (partition by s.migration_id, s.state order by s.priority, s.ordinal) as turn
                       from vm_migrate.step s join vm_migrate.migration m on m.id = s.migration_id
                      where s.state = any ($3) and ${conditions(filter, params)}) o
              order by place limit $1 offset $2) s
       left join vm_migrate.step_progress p on p.migration_id = s.migration_id and p.step_id = s.step_id
      order by s.place`,
    params,
  );
}

export async function countOpenSteps(
  tx: Tx,
  filter: OpenStepFilter,
): Promise<Record<OpenState, number>> {
  const params: unknown[] = [OPEN];
  const rows = await tx.query<{ state: OpenState; count: number }>(
    `select s.state, count(*) from vm_migrate.step s join vm_migrate.migration m on m.id = s.migration_id
      where s.state = any ($1) and ${conditions(filter, params)} group by 1`,
    params,
  );
  const counts = { running: 0, waiting: 0, queued: 0, ready: 0 };
  for (const { state, count } of rows) counts[state] = count;
  return counts;
}

function conditions(
  { migration, source, target, worker, scope }: OpenStepFilter,
  params: unknown[],
): string {
  const equal = (column: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`${column} = $${params.push(value)}`];
  return [
    // Said again for the index of open steps, which a list of states in a parameter does not reach.
    `s.state in ('ready', 'queued', 'running', 'waiting')`,
    ...equal('s.migration_id', migration),
    ...equal('m.source_name', source),
    ...equal('m.target_name', target),
    ...equal('s.lease_owner', worker),
    scopeSql(scope, 'm', params),
  ].join(' and ');
}
