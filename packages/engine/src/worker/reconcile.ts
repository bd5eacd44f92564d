/**
 * Finds what was lost: steps whose worker died, wake-ups that never came, migrations with room for
 * more, and those whose time has come. Harmless to run anywhere, any time: whatever it does too often finds nothing to do.
 */
import type { Queue } from '../queue/queue';
import type { Database } from '../store/database';
import { addEvent } from '../store/events';
import { settleMigration, unsettledMigrations } from '../store/settle-migration';
import { beginDue } from '../store/wishes';
import { takeDeadWorkers } from '../store/places';
import { releaseExpired, type StepKey } from '../store/steps';
import { admitSteps } from './admit-steps';
import type { Advancer } from './advance-step';
import type { ServedPlaces } from './served-places';
import type { WorkerSettings } from './worker-options';

export interface ReconcileRound {
  readonly database: Database;
  readonly queue: Queue;
  readonly settings: WorkerSettings;
  readonly advancer: Advancer;
  readonly served: ServedPlaces;
}

/** A step queued or due for this long was not taken by anybody who could: its wake-up is lost, or went to one who cannot. */
const OVERDUE_MS = 2_000;

export async function reconcile({
  database,
  queue,
  settings,
  advancer,
  served,
}: ReconcileRound): Promise<void> {
  const dead = await takeDeadWorkers(database, settings.deadAfterMs);
  for (const { id } of dead) {
    await addEvent(database, {
      kind: 'worker-lost',
      level: 'warning',
      actor: 'engine',
      message: `Worker ${id} is gone; its steps are taken over`,
    });
  }
  await queue.unlock(dead.flatMap(worker => (worker.poolId === null ? [] : [worker.poolId])));
  await database.transaction(async tx => {
    await releaseExpired(tx);
    await beginDue(tx);
    await admitSteps(tx);
  });
  for (const id of await unsettledMigrations(database))
    await database.transaction(tx => settleMigration(tx, id));
  const { sources, targets } = served.names();
  const overdue = await database.query<StepKey>(
    `select s.migration_id as "migrationId", s.step_id as "stepId" from vm_migrate.step s join vm_migrate.migration m on m.id = s.migration_id
      where ((s.state in ('queued', 'waiting') and s.not_before < now() - $1 * interval '1 millisecond')
         or (s.state = 'running' and s.lease_until < now()))
        and m.wanted = 'run' and m.source_name = any ($2) and m.target_name = any ($3)
      order by s.priority, s.not_before limit $4`,
    [OVERDUE_MS, sources, targets, settings.concurrency],
  );
  await Promise.all(overdue.map(key => advancer.advance(key)));
}
