/** Rows of a migration without a plan: for tests of the store and of admission, which read none. */
import type { Tx } from '../store/database';
import type { StepState, Wanted } from '../store/store';

/** `id` with source and target `lab`. */
export async function insertBareMigration(
  tx: Tx,
  id: string,
  wanted: Wanted = 'run',
): Promise<void> {
  for (const place of ['source', 'target'])
    await tx.query(
      `insert into vm_migrate.${place} (name, kind) values ('lab', 'x') on conflict do nothing`,
    );
  await tx.query(
    `insert into vm_migrate.migration (id, source_name, target_name, vm_id, vm_name, plan_digest, plan, started_by, wanted)
     values ($1, 'lab', 'lab', $1, $1, '', '{}', 'test', $2)`,
    [id, wanted],
  );
}

/** Steps `s1`, `s2`, ... that copy; those that run are of fence 1, held by worker `w` for a minute. */
export async function insertCopySteps(
  tx: Tx,
  migration: string,
  states: readonly StepState[],
): Promise<void> {
  await tx.query(
    `insert into vm_migrate.step (migration_id, step_id, ordinal, kind, priority, weight_bytes, storage_class, state, fence, lease_owner, lease_until)
     select $1, 's' || n, n, 'applyLayer', 0, 1, 'fast', state, 1,
            case state when 'running' then 'w' end, case state when 'running' then now() + interval '1 minute' end
       from unnest($2::text[]) with ordinality as t (state, n)`,
    [migration, states],
  );
}
