/** What steps may wait for besides themselves, workers and places under limits: asked once for however many are told. */
import type { WaitView } from '@vm-migrate/api';
import type { Tx } from '../store/database';
import { foremostWaitingSteps, type WaitingStep } from '../store/open-steps';
import { PlacesTaken, placesTaken } from '../worker/places-taken';
import { usedUpWords, waitOf, type WaitSurroundings } from './step-view';
import { whoIsMissing } from './who-is-missing';

/** By id, of each of these migrations that waits (`waits` of MigrationView). Reads no plan. */
export async function waitsOf(
  tx: Tx,
  migrationIds: readonly string[],
): Promise<ReadonlyMap<string, WaitView>> {
  const steps = await foremostWaitingSteps(tx, migrationIds);
  const around = await waitSurroundings(tx, steps);
  const waits = new Map<string, WaitView>();
  for (const step of steps) {
    const wait = waitOf(step, around(step));
    if (wait !== null) waits.set(step.migrationId, wait);
  }
  return waits;
}

/** Answers what is around each of `steps`, and of no others. */
export async function waitSurroundings(
  tx: Tx,
  steps: readonly WaitingStep[],
): Promise<(step: WaitingStep) => WaitSurroundings> {
  const missing = await missingWorkers(tx, steps);
  const places = await placesFor(tx, steps);
  return step => ({
    wanted: step.wanted,
    createdAt: step.createdAt,
    predecessorsDoneAt: step.predecessorsDoneAt,
    missingWorker: missing.get(pairOf(step)) ?? null,
    usedUp: usedUpWords(step, places),
  });
}

/** Asked for what waits for a place under a limit; of all else it says nothing. */
export async function placesFor(
  tx: Tx,
  steps: readonly Pick<WaitingStep, 'state'>[],
): Promise<PlacesTaken> {
  return steps.some(({ state }) => state === 'ready')
    ? placesTaken(tx)
    : new PlacesTaken(new Map());
}

/** Asked once for each pair of source and target. */
async function missingWorkers(
  tx: Tx,
  steps: readonly WaitingStep[],
): Promise<ReadonlyMap<string, string | null>> {
  const missing = new Map<string, string | null>();
  for (const step of steps) {
    if (missing.has(pairOf(step))) continue;
    const { source: sourceName, target: targetName } = step;
    missing.set(pairOf(step), await whoIsMissing(tx, { sourceName, targetName }));
  }
  return missing;
}

function pairOf({ source, target }: WaitingStep): string {
  return JSON.stringify([source, target]);
}
