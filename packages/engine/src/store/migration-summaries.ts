/**
 * Migrations as a list shows them: each row with the counts and bytes of its layers, snapshots and
 * steps, made by the database, a page at a time. A list never reads plans or whole steps.
 */
import type { ErrorData } from '../errors';
import type { Tx } from './database';
import { filterSql, type MigrationFilter } from './migration-filter';
import { MIGRATION_COLUMNS } from './migrations';
import type { MigrationRow, MigrationState } from './store';

export interface MigrationSummary extends MigrationRow {
  readonly layersTotal: number;
  readonly layersMigrated: number;
  readonly layersNotWanted: number;
  /** Kept VMware snapshots. */
  readonly snapshotsTotal: number;
  readonly snapshotsReady: number;
  /** Own bytes over all applyLayer steps, and of them what is on volumes. */
  readonly bytesTotal: number;
  readonly bytesDone: number;
  readonly bytesPerSecond: number;
  /** Of the first step that failed. */
  readonly error: ErrorData | null;
}

export interface MigrationPage {
  readonly limit?: number;
  readonly offset?: number;
  readonly sort?: MigrationSort;
}

export interface MigrationSort {
  readonly by: 'created' | 'finished' | 'vm' | 'state' | 'progress';
  readonly order: 'asc' | 'desc';
}

const NEWEST_FIRST: MigrationSort = { by: 'created', order: 'desc' };

/** Own bytes of layers of the migration `m`. */
const BYTES = `
  select coalesce(sum(s.weight_bytes), 0)::int8 as bytes_total,
         coalesce(sum(case when s.state = 'done' then s.weight_bytes
                           else least(coalesce(p.bytes_done, 0), s.weight_bytes) end), 0)::int8 as bytes_done,
         coalesce(sum(p.bytes_per_second) filter (where s.state = 'running'), 0)::int8 as bytes_per_second
    from vm_migrate.step s
    left join vm_migrate.step_progress p on p.migration_id = s.migration_id and p.step_id = s.step_id
   where s.migration_id = m.id and s.kind = 'applyLayer'`;

/** By state: what needs a person comes first. */
const SORT_KEYS: Readonly<Record<MigrationSort['by'], string>> = {
  created: 'm.created_at',
  finished: 'm.finished_at',
  vm: 'lower(m.vm_name)',
  state: `array_position(array['failed', 'paused', 'running', 'migrated', 'canceled'], m.state)`,
  progress: `(select b.bytes_done::float8 / nullif(b.bytes_total, 0) from (${BYTES}) b)`,
};

/** What has no value to sort by comes last; ties go by id, so that pages neither overlap nor leave out. */
export async function migrationSummaries(
  tx: Tx,
  filter: MigrationFilter,
  { limit, offset = 0, sort = NEWEST_FIRST }: MigrationPage = {},
): Promise<MigrationSummary[]> {
  const params: unknown[] = [limit ?? null, offset];
  const order = `${SORT_KEYS[sort.by]} ${sort.order} nulls last, m.id`;
  return tx.query<MigrationSummary>(
    `select ${MIGRATION_COLUMNS},
            l.total as "layersTotal", l.migrated as "layersMigrated", l.not_wanted as "layersNotWanted",
            v.total as "snapshotsTotal", v.ready as "snapshotsReady",
            b.bytes_total as "bytesTotal", b.bytes_done as "bytesDone", b.bytes_per_second as "bytesPerSecond",
            (select s.error from vm_migrate.step s where s.migration_id = m.id and s.state = 'failed'
              order by s.ordinal limit 1) as error
       from (select m.*, row_number() over (order by ${order}) as place
               from vm_migrate.migration m where ${filterSql(filter, 'm', params)}
              order by place limit $1 offset $2) m,
            lateral (select count(*) as total, count(*) filter (where flag = 'migrated') as migrated,
                            count(*) filter (where flag = 'not wanted') as not_wanted
                       from vm_migrate.layer where migration_id = m.id) l,
            lateral (select count(*) as total, count(ready_at) as ready
                       from vm_migrate.vmware_snapshot where migration_id = m.id and kept) v,
            lateral (${BYTES}) b
      order by m.place`,
    params,
  );
}

/** How many there are, by state; a state that none is in is left out. */
export async function countByState(
  tx: Tx,
  filter: MigrationFilter,
): Promise<{ state: MigrationState; count: number }[]> {
  const params: unknown[] = [];
  return tx.query(
    `select m.state, count(*) from vm_migrate.migration m where ${filterSql(filter, 'm', params)} group by 1`,
    params,
  );
}
