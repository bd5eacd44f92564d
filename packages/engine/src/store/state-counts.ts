/** How much there is of everything, for metrics: one statement over indexes and small tables. */
import type { Tx } from './database';
import { goesOnSql } from './step-waits';
import type { LayerFlag, MigrationState, StepState } from './store';

export interface StateCounts {
  /** Of migrations that are not over. */
  readonly steps: readonly { kind: string; state: StepState; count: number }[];
  readonly layers: readonly { flag: LayerFlag; count: number }[];
  readonly migrations: readonly { state: MigrationState; count: number }[];
  /** Due, and not taken. */
  readonly queueDepth: number;
  readonly queueAgeMs: number;
  readonly waitAgeMs: number;
  /** Heard of within `awakeMs`. */
  readonly workers: number;
}

export async function stateCounts(tx: Tx, awakeMs: number): Promise<StateCounts> {
  const [row] = await tx.query<StateCounts>(
    `with open as (select id from vm_migrate.migration where state in ('running', 'paused', 'failed')),
          step as (select s.kind, s.state, s.not_before, s.reason, s.reason_since, m.wanted
                     from vm_migrate.step s join vm_migrate.migration m on m.id = s.migration_id
                    where s.migration_id in (select id from open)),
          due as (select not_before from step where state in ('queued', 'waiting') and wanted = 'run' and not_before <= now())
     select coalesce((select json_agg(c) from (select kind, state, count(*) from step group by 1, 2) c), '[]') as steps,
            coalesce((select json_agg(c) from (select flag, count(*) from vm_migrate.layer group by 1) c), '[]') as layers,
            coalesce((select json_agg(c) from (select state, count(*) from vm_migrate.migration group by 1) c), '[]') as migrations,
            (select count(*) from due) as "queueDepth",
            coalesce((select extract(epoch from now() - min(not_before)) * 1000 from due), 0)::int8 as "queueAgeMs",
            coalesce((select extract(epoch from now() - min(reason_since)) * 1000 from step
                       where wanted = 'run' and (state = 'waiting' or (state = 'running' and not ${goesOnSql('step')}))), 0)::int8 as "waitAgeMs",
            (select count(*) from vm_migrate.worker where heartbeat_at > now() - $1 * interval '1 millisecond') as workers`,
    [awakeMs],
  );
  return (
    row ?? {
      steps: [],
      layers: [],
      migrations: [],
      queueDepth: 0,
      queueAgeMs: 0,
      waitAgeMs: 0,
      workers: 0,
    }
  );
}
