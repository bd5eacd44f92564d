/** getQueue: who works on what, and why the next steps wait. */
import type { QueuedStepView, QueueView } from '@vm-migrate/api';
import type { Plan } from '../plan/plan';
import type { Tx } from '../store/database';
import { plansOf } from '../store/migrations';
import { countOpenSteps, openSteps, type OpenStep } from '../store/open-steps';
import { placesTaken, type PlacesTaken } from '../worker/places-taken';
import type { Operation } from './operation';
import { stepFacts, usedUpWords } from './step-view';
import { whoIsMissing } from './who-is-missing';

export const getQueue: Operation<'getQueue', QueueView> = async (
  context,
  { limit, offset, states, ...which },
) => {
  const filter = { ...which, scope: context.access.read };
  return context.database.transaction(async tx => {
    await tx.query('set transaction isolation level repeatable read, read only');
    const counts = await countOpenSteps(tx, filter);
    const steps = await openSteps(tx, filter, { limit, offset, states });
    const plans = await plansOf(tx, [...new Set(steps.map(step => step.migrationId))]);
    const missing = await missingWorkers(tx, steps);
    const places = await placesTaken(tx);
    return {
      counts,
      steps: steps.flatMap(step => {
        const plan = plans.get(step.migrationId);
        const missingWorker = missing.get(placesOf(step)) ?? null;
        return plan === undefined ? [] : [queuedStepView(step, { plan, missingWorker, places })];
      }),
    };
  });
};

function queuedStepView(
  step: OpenStep,
  {
    plan,
    missingWorker,
    places,
  }: {
    readonly plan: Plan;
    readonly missingWorker: string | null;
    readonly places: PlacesTaken;
  },
): QueuedStepView {
  const { wanted, createdAt, predecessorsDoneAt, bytesDone, bytesPerSecond } = step;
  return {
    ...stepFacts(step, {
      plan,
      wanted,
      createdAt,
      predecessorsDoneAt,
      missingWorker,
      progress: bytesDone === null ? undefined : { bytesDone, bytesPerSecond: bytesPerSecond ?? 0 },
      usedUp: usedUpWords(step, places),
    }),
    migration: step.migrationId,
    vm: step.vm,
    source: step.source,
    target: step.target,
    storageClass: step.storageClass,
    disk: step.diskLabel,
  };
}

/** Asked once for each pair of source and target. */
async function missingWorkers(
  tx: Tx,
  steps: readonly OpenStep[],
): Promise<ReadonlyMap<string, string | null>> {
  const missing = new Map<string, string | null>();
  for (const step of steps) {
    if (missing.has(placesOf(step))) continue;
    const { source: sourceName, target: targetName } = step;
    missing.set(placesOf(step), await whoIsMissing(tx, { sourceName, targetName }));
  }
  return missing;
}

function placesOf({ source, target }: OpenStep): string {
  return JSON.stringify([source, target]);
}
