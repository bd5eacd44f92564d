/**
 * Renews the leases of the steps that this worker holds, and with each renewal its mover's right to
 * write and its share of the byte limits. A step that did not come back was lost; one whose
 * migration was paused or canceled is given back after its mover's window.
 */
import type { Database } from '../store/database';
import { limits } from '../store/places';
import { renewLeases } from '../store/steps';
import { runIdsOf, type Advancer } from './advance-step';
import { jobKeyOf } from './tasks';
import type { WorkerSettings } from './worker-options';

export interface LeaseRound {
  readonly database: Database;
  readonly owner: string;
  readonly settings: WorkerSettings;
  readonly advancer: Advancer;
}

export async function keepLeases({ database, owner, settings, advancer }: LeaseRound): Promise<void> {
  const kept = await renewLeases(database, owner, settings.leaseMs);
  const byKey = new Map(kept.map(row => [jobKeyOf(row), row]));
  const rates = await byteRates(database);
  for (const { claim, context } of [...advancer.heldClaims()]) {
    const row = byKey.get(jobKeyOf(claim));
    if (row === undefined || row.fence !== claim.fence || row.wanted !== 'run') {
      await advancer.letGo(claim);
      continue;
    }
    const rate = rates(context.plan.vm.source, context.step.storageClass);
    for (const runId of runIdsOf(claim)) context.mover.renew(runId, rate);
  }
}

/** Each running copy's share of the limits on its source and its class, bytes per second; 0 = unlimited. */
async function byteRates(database: Database): Promise<(source: string, storageClass: string) => number> {
  const capped = new Map<string, number>();
  for (const { scope, bytesPerSecond } of await limits(database)) if (bytesPerSecond !== null) capped.set(scope, bytesPerSecond);
  if (capped.size === 0) return () => 0;
  const running = await database.query<{ source: string; storageClass: string; count: number }>(
    `select m.source_name as source, s.storage_class as "storageClass", count(*) as count
       from vm_migrate.step s join vm_migrate.migration m on m.id = s.migration_id
      where s.state = 'running' and s.kind in ('applyLayer', 'sampleSnapshot', 'verifySnapshot') group by 1, 2`,
  );
  const sharers = (matches: (row: { source: string; storageClass: string }) => boolean) =>
    Math.max(1, running.filter(matches).reduce((sum, row) => sum + row.count, 0));
  return (source, storageClass) => {
    const shares = [
      (capped.get('all') ?? Infinity) / sharers(() => true),
      (capped.get(`source:${source}`) ?? Infinity) / sharers(row => row.source === source),
      (capped.get(`class:${storageClass}`) ?? Infinity) / sharers(row => row.storageClass === storageClass),
    ];
    const least = Math.min(...shares);
    return Number.isFinite(least) ? Math.max(1, Math.floor(least)) : 0;
  };
}
