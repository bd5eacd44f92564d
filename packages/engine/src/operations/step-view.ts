/** A step as a person sees it: what it does, how far it is, and why it does not go on. */
import type { ErrorView, ProgressView, StepView, WaitView } from '@vm-migrate/api';
import { ERROR_CODES, type ErrorData } from '../errors';
import type { Plan } from '../plan/plan';
import { STEP_KINDS } from '../steps/table';
import { goesOn } from '../store/step-waits';
import type { ProgressRow, StepRow, Wanted } from '../store/store';
import type { PlacesTaken, Share } from '../worker/places-taken';

/** What a step may wait for that its row does not say by itself. */
export interface WaitSurroundings {
  /** Of its migration. */
  readonly wanted: Wanted;
  readonly createdAt: Date;
  /** Whom it waits for, because no worker that lives reaches source and target; null: one does. */
  readonly missingWorker: string | null;
  /** When the last of what it needs was done; null: it needs nothing. */
  readonly predecessorsDoneAt: Date | null;
  /** The limit that is used up, in words that follow "waits for"; of a step that is ready. */
  readonly usedUp: string;
}

export interface StepSurroundings extends WaitSurroundings {
  readonly plan: Plan;
  readonly progress: Pick<ProgressRow, 'bytesDone' | 'bytesPerSecond'> | undefined;
}

export function stepFacts(step: StepRow, around: StepSurroundings): Omit<StepView, 'after'> {
  const { progress } = around;
  const bytes = step.state === 'done' ? step.weightBytes : (progress?.bytesDone ?? 0);
  const wait = waitOf(step, around);
  return {
    id: step.stepId,
    kind: step.kind,
    words: STEP_KINDS[step.kind].words(step, around.plan),
    state: step.state,
    diskId: step.diskId,
    weightBytes: step.weightBytes,
    progress:
      step.weightBytes > 0
        ? progressView(
            bytes,
            step.weightBytes,
            step.state === 'running' ? (progress?.bytesPerSecond ?? 0) : 0,
          )
        : null,
    waitsFor: wait?.for ?? null,
    waitsSince: wait?.since ?? null,
    worker: step.leaseOwner,
    attempts: step.attempts,
    error: step.error ? errorView(step.error) : null,
    startedAt: isoOrNull(step.startedAt),
    finishedAt: isoOrNull(step.finishedAt),
  };
}

export function progressView(
  bytesDone: number,
  bytesTotal: number,
  bytesPerSecond: number,
): ProgressView {
  const left = bytesTotal - bytesDone;
  const etaMs =
    left === 0 ? 0 : bytesPerSecond > 0 ? Math.round((left * 1000) / bytesPerSecond) : null;
  return { bytesDone, bytesTotal, bytesPerSecond, etaMs };
}

type WaitFacts = Pick<StepRow, 'kind' | 'state' | 'reason' | 'reasonSince'>;

/** Why a step does not go on now, and since when; null when it does or is over. */
export function waitOf(step: WaitFacts, around: WaitSurroundings): WaitView | null {
  const reason = waitsFor(step, around);
  return reason === null ? null : { for: reason, since: isoOrNull(waitsSince(step, around)) };
}

function waitsFor(step: WaitFacts, { wanted, missingWorker, usedUp }: WaitSurroundings) {
  const paused = wanted === 'pause';
  switch (step.state) {
    case 'waiting':
      return withMissing(step.reason, paused ? null : missingWorker);
    case 'running':
      return goesOn(step) ? null : step.reason;
    case 'ready':
      return paused ? 'the migration to be resumed' : usedUp;
    case 'queued':
      return paused
        ? 'the migration to be resumed'
        : (missingWorker ?? 'a worker to take it (see: kubectl vm-migrate get workers)');
    case 'blocked':
    case 'done':
    case 'failed':
    case 'canceled':
      return null;
  }
}

/** Says which limit, never what takes the places under it: that may be migrations that the caller does not know of. */
export function usedUpWords(share: Share, places: PlacesTaken): string {
  const usedUp = places.usedUp(share);
  if (usedUp === undefined) return 'its turn';
  const { scope, cap } = usedUp;
  return `a free place under limit ${scope}, ${cap} at a time (see: kubectl vm-migrate limits)`;
}

/** The reason stays: it is what comes next once there is a worker. */
function withMissing(reason: string | null, missing: string | null): string | null {
  if (reason === null || missing === null) return reason ?? missing;
  return `${missing}; then ${reason}`;
}

/** Of a step that could run: since what it needs was done. Steps that `verify` adds need nothing, at no known time. */
function waitsSince(step: WaitFacts, { createdAt, predecessorsDoneAt }: WaitSurroundings) {
  if (step.reasonSince !== null) return step.reasonSince;
  return predecessorsDoneAt ?? (step.kind === 'verifySnapshot' ? null : createdAt);
}

export function errorView(error: ErrorData): ErrorView {
  return {
    code: error.code in ERROR_CODES ? error.code : 'INTERNAL',
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.where === undefined ? {} : { where: error.where }),
  };
}

export function isoOrNull(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}
