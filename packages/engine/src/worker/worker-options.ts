/**
 * The contract of this folder: what a worker is given. One worker is one process that takes steps
 * from the queue, keeps the leases of those it works on, and finds what was lost.
 */
import type { Queue } from '../queue/queue';
import type { StepContext, StepKind, StepSettings } from '../steps/step';
import type { Database } from '../store/database';
import type { PlaceRow, StepRow } from '../store/store';

export interface WorkerOptions {
  readonly database: Database;
  readonly queue: Queue;
  /** Opens a configured source or target; throws when this worker cannot serve it. */
  readonly openSource: (place: PlaceRow) => Promise<StepContext['source']>;
  readonly openTarget: (place: PlaceRow) => Promise<StepContext['target']>;
  readonly kinds: Readonly<Record<StepRow['kind'], StepKind>>;
  /** Who runs it: `background`, `cli`, `backstage`. */
  readonly surface: string;
  /** `none`: a lock says that this is the only worker of its surface, so those on record are dead. */
  readonly neighbours?: 'possible' | 'none';
  readonly version: string;
  readonly settings: WorkerSettings;
  /** One line for the log. */
  readonly log: (line: string) => void;
}

export interface WorkerSettings extends StepSettings {
  /** Steps at a time that do not copy; copying is capped by the limits in the store. */
  readonly concurrency: number;
  /** A worker silent for this long is taken for dead. */
  readonly deadAfterMs: number;
  readonly heartbeatMs: number;
  readonly reconcileMs: number;
  /** First pause before a failed step is tried again; it doubles with every try. */
  readonly retryBaseMs: number;
}

/** 60 s until another worker takes over; all other times follow from it. */
export const DEFAULT_WORKER_SETTINGS: WorkerSettings = {
  leaseMs: 60_000,
  patienceMs: 700,
  windowBytes: 64 * 1024 * 1024,
  classProofMaxAgeMs: 7 * 24 * 3_600_000,
  probeBytes: 32 * 1024 * 1024,
  concurrency: 8,
  deadAfterMs: 60_000,
  heartbeatMs: 1_000,
  reconcileMs: 2_000,
  retryBaseMs: 1_000,
};
