/** Names of the queue's tasks and keys of its jobs. Payloads carry ids only. */
import type { StepKey } from '../store/steps';

/** Advance one step: payload StepKey. */
export const ADVANCE_TASK = 'advance-step';

export function jobKeyOf(step: StepKey): string {
  return `${step.migrationId}/${step.stepId}`;
}

export function isStepKey(payload: unknown): payload is StepKey {
  const candidate = payload as Partial<StepKey> | null;
  return typeof candidate?.migrationId === 'string' && typeof candidate.stepId === 'string';
}
