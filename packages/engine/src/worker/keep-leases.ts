/**
 * Renews the leases of the steps that this worker holds, and with each renewal its mover's right to
 * write and its share of the byte limits. A step that did not come back was lost; one whose
 * migration was paused or canceled is given back after its mover's window.
 */
import { count } from '../metrics/record';
import type { Database } from '../store/database';
import { type Claim, renewLeases } from '../store/steps';
import { runIdsOf, type Advancer } from './advance-step';
import { byteRates } from './byte-rates';
import { jobKeyOf } from './tasks';
import type { WorkerSettings } from './worker-options';

export interface LeaseRound {
  readonly database: Database;
  readonly settings: WorkerSettings;
  readonly advancer: Advancer;
}

export async function keepLeases({ database, settings, advancer }: LeaseRound): Promise<void> {
  const claims = advancer.activeClaims();
  if (claims.length === 0) return;
  // A transaction, which is tried again: it takes many rows at once, and so do others.
  const kept = await database.transaction(tx => renewLeases(tx, claims, settings.leaseMs));
  const byKey = new Map(kept.map(row => [jobKeyOf(row), row]));
  const rates = await byteRates(database);
  const leaving: Promise<void>[] = [];
  for (const { claim, plan, step, mover } of advancer.heldSteps()) {
    const row = byKey.get(jobKeyOf(claim));
    const isOurs = row !== undefined && row.fence === claim.fence;
    // A mover that is to end still needs its lease for the window in hand.
    if (isOurs)
      for (const runId of runIdsOf(claim))
        mover.renew(runId, rates(plan.vm.source, step.storageClass));
    if (!isOurs && !lost.has(claim)) {
      lost.add(claim);
      count('leasesLost', 1, {});
    }
    if (!isOurs || row.wanted !== 'run') leaving.push(advancer.letGo(claim));
  }
  // Not waited for: the other leases are due again before the last window of these is done.
  void Promise.all(leaving);
}

/** Counted once each: a step that is being looked at is let go in a later round. */
const lost = new WeakSet<Claim>();
