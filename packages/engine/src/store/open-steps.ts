/** Steps that run, wait or could run, over all migrations in scope: what the queue is about, as our tables know it. */
import { columns } from './columns';
import type { Tx } from './database';
import { scopeSql, type MigrationScope } from './migration-scope';
import { goesOnSql } from './step-waits';
import { STEP_COLUMNS } from './steps';
import type { StepRow, Wanted } from './store';

/** A step's own state; but `paused` of every step of a paused migration that does not run. */
export type QueueState = 'running' | 'waiting' | 'queued' | 'ready' | 'paused';

export interface OpenStepFilter {
  readonly migration?: string;
  readonly source?: string;
  readonly target?: string;
  readonly worker?: string;
  readonly scope: MigrationScope;
}

/** What is needed to say what a step waits for. */
export interface WaitingStep extends Pick<
  StepRow,
  'migrationId' | 'kind' | 'state' | 'reason' | 'reasonSince' | 'storageClass'
> {
  readonly source: string;
  readonly target: string;
  readonly wanted: Wanted;
  /** Of its migration. */
  readonly createdAt: Date;
  /** When the last of what it needs was done; null: it needs nothing. */
  readonly predecessorsDoneAt: Date | null;
}

export interface OpenStep extends StepRow, WaitingStep {
  readonly queueState: QueueState;
  readonly vm: string;
  readonly diskLabel: string | null;
  /** null: no mover has reported yet. */
  readonly bytesDone: number | null;
  readonly bytesPerSecond: number | null;
}

const QUEUE_STATES: readonly QueueState[] = ['running', 'waiting', 'queued', 'ready', 'paused'];

const QUEUE_STATE = `case when m.wanted = 'pause' and s.state <> 'running' then 'paused' else s.state end`;

/** In the very words of the index of open steps, which a list of states in a parameter does not reach. */
const IS_OPEN = `s.state in ('ready', 'queued', 'running', 'waiting')`;

/** Of the step `s`: when the last of what it needs was done. */
const PREDECESSORS_DONE_AT = `
  (select max(e.finished_at) from vm_migrate.step_after a
     join vm_migrate.step e on e.migration_id = a.migration_id and e.step_id = a.after_id
    where a.migration_id = s.migration_id and a.step_id = s.step_id)`;

/** Those that run, those that wait, then the next ones in the order of admission (worker/admit-steps.ts); what is paused last. */
export async function openSteps(
  tx: Tx,
  filter: OpenStepFilter,
  page: {
    readonly states?: readonly QueueState[];
    readonly limit?: number;
    readonly offset?: number;
  },
): Promise<OpenStep[]> {
  const params: unknown[] = [page.limit ?? null, page.offset ?? 0, page.states ?? QUEUE_STATES];
  return tx.query<OpenStep>(
    `select ${STEP_COLUMNS}, s.queue_state as "queueState", s.source_name as source, s.target_name as target, s.vm_name as vm,
            s.wanted, s.created_at as "createdAt",
            (select l.disk_label from vm_migrate.layer l where l.migration_id = s.migration_id and l.disk_id = s.disk_id limit 1) as "diskLabel",
            p.bytes_done as "bytesDone", p.bytes_per_second as "bytesPerSecond", ${PREDECESSORS_DONE_AT} as "predecessorsDoneAt"
       from (select o.*, row_number() over (order by array_position($3::text[], o.queue_state), o.wanted <> 'run', o.turn, o.last_served_at,
                                                     o.created_at, o.migration_id, o.ordinal) as place
               from (select s.*, ${QUEUE_STATE} as queue_state,
                            m.source_name, m.target_name, m.vm_name, m.wanted, m.created_at, m.last_served_at,
                            row_number() over (partition by s.migration_id, s.state order by s.priority, s.ordinal) as turn
                       from vm_migrate.step s join vm_migrate.migration m on m.id = s.migration_id
                      where ${QUEUE_STATE} = any ($3) and ${conditions(filter, params)}) o
              order by place limit $1 offset $2) s
       left join vm_migrate.step_progress p on p.migration_id = s.migration_id and p.step_id = s.step_id
      order by s.place`,
    params,
  );
}

export async function countOpenSteps(
  tx: Tx,
  filter: OpenStepFilter,
): Promise<Record<QueueState, number>> {
  const params: unknown[] = [];
  const rows = await tx.query<{ state: QueueState; count: number }>(
    `select ${QUEUE_STATE} as state, count(*) from vm_migrate.step s join vm_migrate.migration m on m.id = s.migration_id
      where ${conditions(filter, params)} group by 1`,
    params,
  );
  const counts = { running: 0, waiting: 0, queued: 0, ready: 0, paused: 0 };
  for (const { state, count } of rows) counts[state] = count;
  return counts;
}

/**
 * Of each of these migrations that is to run and of whose open steps none goes on: the one that is
 * closest to going on. Those that run come first, then those that wait, are queued and are ready.
 */
export async function foremostWaitingSteps(
  tx: Tx,
  migrationIds: readonly string[],
): Promise<WaitingStep[]> {
  if (migrationIds.length === 0) return [];
  return tx.query<WaitingStep>(
    // What goes on sorts before all that waits, so that no step of its migration is left over.
    `select ${columns('s', 'migration_id kind state reason reason_since storage_class')},
            s.source_name as source, s.target_name as target, s.wanted, s.created_at as "createdAt",
            ${PREDECESSORS_DONE_AT} as "predecessorsDoneAt"
       from (select distinct on (s.migration_id) s.*, m.source_name, m.target_name, m.wanted, m.created_at
               from vm_migrate.step s join vm_migrate.migration m on m.id = s.migration_id
              where ${IS_OPEN} and s.migration_id = any ($1) and m.state = 'running' and m.wanted = 'run'
              order by s.migration_id, ${goesOnSql('s')} desc, array_position($2::text[], s.state), s.priority, s.ordinal) s
      where not ${goesOnSql('s')}`,
    [migrationIds, QUEUE_STATES],
  );
}

function conditions(
  { migration, source, target, worker, scope }: OpenStepFilter,
  params: unknown[],
): string {
  const equal = (column: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`${column} = $${params.push(value)}`];
  return [
    IS_OPEN,
    ...equal('s.migration_id', migration),
    ...equal('m.source_name', source),
    ...equal('m.target_name', target),
    ...equal('s.lease_owner', worker),
    scopeSql(scope, 'm', params),
  ].join(' and ');
}
