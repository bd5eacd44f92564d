/**
 * Every window that was ever reported durable, under which fence and on which generation of the
 * volume: the store itself keeps the last report only. Written by a trigger, so that nothing of the
 * engine can leave anything out.
 */
import type { Tx } from '../../packages/engine/src/store/database';

export interface LoggedWindow {
  readonly migrationId: string;
  readonly stepId: string;
  readonly windowIndex: number;
  readonly generation: number;
  readonly fence: number;
  readonly digest: string;
  readonly bytes: number;
}

export async function logWindows(database: Tx): Promise<void> {
  await database.query(`create schema test_log`);
  await database.query(
    `create table test_log.copied (id bigserial primary key, migration_id text, step_id text, window_index int8, generation int, fence int8, digest text, bytes int8,
                                   at timestamptz default clock_timestamp())`,
  );
  await database.query(
    `create function test_log.note() returns trigger language plpgsql as $$
     begin
       insert into test_log.copied (migration_id, step_id, window_index, generation, fence, digest, bytes)
       select new.migration_id, new.step_id, new.window_index, v.generation, s.fence, new.digest, new.data_bytes + new.zero_bytes
         from vm_migrate.step s join vm_migrate.volume v on v.migration_id = s.migration_id and v.volume_id = s.volume_id
        where s.migration_id = new.migration_id and s.step_id = new.step_id;
       return null;
     end $$`,
  );
  await database.query(
    `create trigger note after insert or update on vm_migrate.copied_window for each row execute function test_log.note()`,
  );
}

export async function loggedWindows(database: Tx): Promise<LoggedWindow[]> {
  return database.query<LoggedWindow>(
    `select migration_id as "migrationId", step_id as "stepId", window_index as "windowIndex", generation, fence, digest, bytes from test_log.copied order by id`,
  );
}
