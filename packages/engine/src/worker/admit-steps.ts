/**
 * Fair share: which ready steps may start now. Steps that move many bytes are admitted under caps
 * (in all, per VM, per source, per storage class), the VM that was served least recently first, so
 * that one VM with 300 deltas does not starve one with two. Steps that move none start at once.
 *
 * Runs inside the transaction that made steps ready; an advisory lock makes the counts true.
 */
import { wake } from '../queue/wake';
import type { Tx } from '../store/database';
import { COPYING, placesTaken, type Share } from './places-taken';
import { ADVANCE_TASK, jobKeyOf } from './tasks';

/** Transaction-level advisory lock of admission; any number will do that nobody else in this database uses. */
const ADMISSION_LOCK = 0x766d_6d31;

interface Candidate extends Share {
  readonly stepId: string;
  readonly priority: number;
}

export async function admitSteps(tx: Tx): Promise<number> {
  const light = await admitLight(tx);
  const waiting = await tx.query<{ some: boolean }>(
    `select exists (select 1 from vm_migrate.step s join vm_migrate.migration m on m.id = s.migration_id
                     where s.state = 'ready' and m.wanted = 'run') as some`,
  );
  if (waiting[0]?.some !== true) return light;
  await tx.query('select pg_advisory_xact_lock($1)', [ADMISSION_LOCK]);
  return light + (await admitCopying(tx));
}

async function admitLight(tx: Tx): Promise<number> {
  const rows = await tx.query<Candidate>(
    // Whoever holds a row that is ready is admitting it: to wait for him could only end in a deadlock.
    `with ready as (
       select s.migration_id, s.step_id, m.source_name from vm_migrate.step s join vm_migrate.migration m on m.id = s.migration_id
        where s.state = 'ready' and s.kind not in ${COPYING} and m.wanted = 'run' for no key update of s skip locked)
     update vm_migrate.step s set state = 'queued', not_before = now() from ready r
      where s.migration_id = r.migration_id and s.step_id = r.step_id
     returning s.migration_id as "migrationId", s.step_id as "stepId", s.priority, r.source_name as source,
               s.storage_class as "storageClass"`,
  );
  for (const row of rows) await wakeStep(tx, row);
  return rows.length;
}

async function admitCopying(tx: Tx): Promise<number> {
  const places = await placesTaken(tx);
  // The best few steps of each VM, VMs in the order in which they are to be served.
  const candidates = await tx.query<Candidate & { readonly turn: number }>(
    `select * from (
       select s.migration_id as "migrationId", s.step_id as "stepId", s.priority, m.source_name as source,
              s.storage_class as "storageClass", m.last_served_at, m.created_at,
              row_number() over (partition by s.migration_id order by s.priority, s.ordinal) as turn
         from vm_migrate.step s join vm_migrate.migration m on m.id = s.migration_id
        where s.state = 'ready' and s.kind in ${COPYING} and m.wanted = 'run') c
      where c.turn <= 64 order by c.turn, c.last_served_at, c.created_at, c."migrationId" limit 512`,
  );
  let admitted = 0;
  for (const candidate of candidates) {
    if (places.isFull()) break;
    if (places.usedUp(candidate) !== undefined) continue;
    // It may have been blocked, paused or canceled since it was read.
    const queued = await tx.query(
      `update vm_migrate.step s set state = 'queued', not_before = now() from vm_migrate.migration m
        where s.migration_id = $1 and s.step_id = $2 and s.state = 'ready' and m.id = s.migration_id and m.wanted = 'run' returning 1`,
      [candidate.migrationId, candidate.stepId],
    );
    if (queued.length === 0) continue;
    places.take(candidate, 1);
    // Never waits: whoever has the migration's row locked may be waiting for the lock of admission.
    await tx.query(
      `update vm_migrate.migration set last_served_at = clock_timestamp()
        where id in (select id from vm_migrate.migration where id = $1 for no key update skip locked)`,
      [candidate.migrationId],
    );
    await wakeStep(tx, candidate);
    admitted += 1;
  }
  return admitted;
}

async function wakeStep(tx: Tx, step: Candidate): Promise<void> {
  await wake(
    tx,
    ADVANCE_TASK,
    { migrationId: step.migrationId, stepId: step.stepId },
    {
      jobKey: jobKeyOf(step),
      priority: step.priority,
    },
  );
}
