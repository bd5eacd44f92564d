/**
 * The contract of this folder: a kind of step, one file each. A step is short: it looks at the
 * world, does at most one thing that takes a moment, and says how it stands. Every call is safe to
 * repeat, after a crash at any point, by any worker.
 */
import type { Mover } from '../mover/mover';
import type { Plan } from '../plan/plan';
import type { Source } from '../sources/source';
import type { Database, Tx } from '../store/database';
import type { Claim } from '../store/steps';
import type { StepRow } from '../store/store';
import type { Target } from '../targets/target';

export interface StepKind {
  /** What happened to the volume when it is done, in one word for programs (CamelCase). Absent: nothing that people at the target want to know. */
  readonly happened?: string;

  /** What it does, for a person: `write D1 of scsi0:0 onto volume web-0`. */
  words(step: StepRow, plan: Plan): string;

  advance(context: StepContext): Promise<StepOutcome>;

  /** The step is given back, its movers were stopped or handed over: keeps what they reported last. Nothing to keep when absent. */
  leave?(context: StepContext): Promise<void>;
}

export interface StepContext {
  readonly step: StepRow;
  readonly claim: Claim;
  readonly plan: Plan;
  readonly database: Database;
  readonly storeId: string;
  readonly source: Source;
  readonly target: Target;
  readonly mover: Mover;
  readonly settings: StepSettings;
  /** This step's share of the byte limits when it was claimed; 0 = unlimited. Renewals carry later ones. */
  readonly bytesPerSecond: number;
}

export interface StepSettings {
  readonly leaseMs: number;
  /** How long a step may wait for a mover before it says so and comes again. */
  readonly patienceMs: number;
  readonly windowBytes: number;
  /** Probe results older than this are proved again. */
  readonly classProofMaxAgeMs: number;
  /** Size of the probe's pattern; a multiple of 1 MiB. */
  readonly probeBytes: number;
}

/**
 * `done`: `record` writes what was reached, in the transaction that ends the step.
 * `wait`: give the step back; any worker may take it up after `ms`.
 * `attend`: a mover that this worker started goes on; keep the lease and ask again after `ms`.
 *   `works`: bytes move, so nothing is waited for.
 * `handled`: the step's row was already changed by the kind itself.
 */
export type StepOutcome =
  | {
      readonly outcome: 'done';
      readonly result: Readonly<Record<string, unknown>>;
      record(tx: Tx): Promise<void>;
    }
  | { readonly outcome: 'wait'; readonly ms: number; readonly reason: string }
  | {
      readonly outcome: 'attend';
      readonly ms: number;
      readonly reason: string;
      readonly works?: true;
    }
  | { readonly outcome: 'handled' };

export function done(
  result: Readonly<Record<string, unknown>> = {},
  record: (tx: Tx) => Promise<void> = async () => {},
): StepOutcome {
  return { outcome: 'done', result, record };
}

export function wait(ms: number, reason: string): StepOutcome {
  return { outcome: 'wait', ms, reason };
}

export function attend(ms: number, reason: string): StepOutcome {
  return { outcome: 'attend', ms, reason };
}

/** As attend, of a mover whose bytes move. */
export function attendWork(ms: number, words: string): StepOutcome {
  return { outcome: 'attend', ms, reason: words, works: true };
}
