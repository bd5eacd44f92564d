/** getQueue: who works on what, and why the next steps wait. */
import type { QueuedStepView, QueueView } from '@vm-migrate/api';
import type { Plan } from '../plan/plan';
import { plansOf } from '../store/migrations';
import { countOpenSteps, openSteps, type OpenStep } from '../store/open-steps';
import type { Operation } from './operation';
import { stepFacts, type WaitSurroundings } from './step-view';
import { waitSurroundings } from './wait-surroundings';

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
    const around = await waitSurroundings(tx, steps);
    return {
      counts,
      steps: steps.flatMap(step => {
        const plan = plans.get(step.migrationId);
        return plan === undefined ? [] : [queuedStepView(step, plan, around(step))];
      }),
    };
  });
};

function queuedStepView(step: OpenStep, plan: Plan, around: WaitSurroundings): QueuedStepView {
  const { bytesDone, bytesPerSecond } = step;
  const progress =
    bytesDone === null ? undefined : { bytesDone, bytesPerSecond: bytesPerSecond ?? 0 };
  return {
    ...stepFacts(step, { ...around, plan, progress }),
    state: step.queueState,
    migration: step.migrationId,
    vm: step.vm,
    source: step.source,
    target: step.target,
    storageClass: step.storageClass,
    disk: step.diskLabel,
  };
}
