/** Keeps copies so slow that as many things as planned can be done to them while they run. */
import type { Engine } from '../../packages/engine/src/engine';

/** Of one action, with the takeovers that follow from it. */
const ACTION_MS = 1_200;
const LEAST = 128 * 1024;

/** Sets the common rate so that what is left to copy lasts for so many actions, with something to spare. */
export async function pace(engine: Engine, actions: number): Promise<void> {
  const [row] = await engine.database.query<{ left: number | null }>(
    `select (select sum(data_bytes) from vm_migrate.layer where flag = 'needs migration')::int8
            - coalesce((select sum(w.data_bytes) from vm_migrate.copied_window w join vm_migrate.step s using (migration_id, step_id) where s.state <> 'done'), 0)::int8 as left`,
  );
  const bytesPerSecond = Math.max(
    LEAST,
    Math.round(((row?.left ?? 0) * 1000) / ((actions + 2) * ACTION_MS)),
  );
  await engine.call('setLimit', { scope: 'all', bytesPerSecond });
}
