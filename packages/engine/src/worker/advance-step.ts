/**
 * Takes one step as far as it goes now, and writes down where that is. Knows no kind by name: the
 * table of kinds is given.
 */
import { EngineError, toEngineError } from '../errors';
import { wake } from '../queue/wake';
import type { StepContext, StepOutcome } from '../steps/step';
import type { Database, Tx } from '../store/database';
import { addEvent } from '../store/events';
import { getMigration, planOf, settleMigration } from '../store/migrations';
import {
  claimStep,
  endStep,
  failStep,
  holdClaim,
  noteReason,
  putOff,
  releaseStep,
  unblockAfter,
  type Claim,
  type StepKey,
} from '../store/steps';
import type { StepRow } from '../store/store';
import { admitSteps } from './admit-steps';
import { retryDelayMs } from './retry-delay';
import { ADVANCE_TASK, jobKeyOf } from './tasks';
import type { ServedPlaces } from './served-places';
import type { WorkerOptions } from './worker-options';

export interface AdvancerOptions extends Pick<WorkerOptions, 'database' | 'kinds' | 'settings' | 'log'> {
  readonly owner: string;
  readonly storeId: string;
  readonly served: ServedPlaces;
}

/** A step that this worker holds between two looks at its mover. */
interface Held {
  readonly context: StepContext;
  /** Set while nobody is looking at it. */
  timer: NodeJS.Timeout | undefined;
}

export class Advancer {
  private readonly held = new Map<string, Held>();
  private readonly plans = new Map<string, StepContext['plan']>();
  private readonly working = new Set<Promise<void>>();
  private stopping = false;

  constructor(private readonly options: AdvancerOptions) {}

  busy(): number {
    return this.held.size + this.working.size;
  }

  /** Claims the step if it is free and this worker can serve it, and advances it. Never throws for the step's own failures. */
  async advance(key: StepKey): Promise<void> {
    if (this.stopping || this.held.has(jobKeyOf(key))) return;
    await this.track(this.claimAndLook(key));
  }

  /** Runs of movers that live under the steps held here. */
  *heldClaims(): Iterable<{ claim: Claim; context: StepContext }> {
    for (const { context } of this.held.values()) yield { claim: context.claim, context };
  }

  /** The lease is gone, or the user paused or canceled: stop the mover, give the step back if it is still ours. */
  async letGo(claim: Claim): Promise<void> {
    const key = jobKeyOf(claim);
    const held = this.held.get(key);
    if (held === undefined || held.context.claim !== claim) return;
    if (held.timer === undefined) return; // being looked at now; the next round finds it again
    clearTimeout(held.timer);
    held.timer = undefined;
    await this.track(this.endHeld(key, held));
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.allSettled(this.working);
    await Promise.all([...this.held.values()].map(held => this.letGo(held.context.claim)));
    await Promise.allSettled(this.working);
  }

  private async endHeld(key: string, held: Held): Promise<void> {
    const { claim, mover } = held.context;
    await Promise.all(runIdsOf(claim).map(runId => mover.stop(runId)));
    this.held.delete(key);
    await this.commit(claim, async tx => {
      await releaseStep(tx, claim);
      await settleMigration(tx, claim.migrationId);
      await admitSteps(tx);
    });
  }

  private async claimAndLook(key: StepKey): Promise<void> {
    const { database, owner, settings } = this.options;
    if (!(await this.canServe(key))) return;
    const step = await claimStep(database, key, owner, settings.leaseMs);
    if (step === undefined) return;
    const claim: Claim = { ...key, fence: step.fence, owner };
    const context = await this.contextFor(step, claim).catch((error: unknown) => this.fail(claim, step, error));
    if (context !== undefined) await this.look(context);
  }

  /** One look at a claimed step, and what follows from it. */
  private async look(context: StepContext): Promise<void> {
    const { claim, step } = context;
    const kind = this.options.kinds[step.kind];
    let outcome: StepOutcome;
    try {
      outcome = await kind.advance(context);
    } catch (error) {
      this.held.delete(jobKeyOf(claim));
      await this.fail(claim, step, error);
      return;
    }
    await this.follow(context, outcome);
  }

  private async follow(context: StepContext, outcome: StepOutcome): Promise<void> {
    const { claim, step, plan } = context;
    const key = jobKeyOf(claim);
    if (outcome.outcome !== 'attend') this.held.delete(key);
    switch (outcome.outcome) {
      case 'done':
        return this.commit(claim, async tx => {
          await endStep(tx, claim, outcome.result);
          await outcome.record(tx);
          await unblockAfter(tx, claim);
          await addEvent(tx, {
            ...ids(claim),
            kind: 'step-done',
            actor: claim.owner,
            message: `Done: ${this.options.kinds[step.kind].words(step, plan)}`,
            data: outcome.result,
          });
          await settleMigration(tx, claim.migrationId);
          await admitSteps(tx);
        });
      case 'wait':
        return this.commit(claim, async tx => {
          await putOff(tx, claim, outcome.ms, outcome.reason);
          await wake(tx, ADVANCE_TASK, ids(claim), { jobKey: key, runInMs: outcome.ms, priority: step.priority });
        });
      case 'handled':
        return this.options.database.transaction(async tx => {
          await settleMigration(tx, claim.migrationId);
          await admitSteps(tx);
        });
      case 'attend':
        await this.options.database.transaction(tx => noteReason(tx, claim, outcome.reason));
        this.attendLater(context, outcome.ms);
    }
  }

  private attendLater(context: StepContext, ms: number): void {
    const held: Held = { context, timer: undefined };
    this.held.set(jobKeyOf(context.claim), held);
    held.timer = setTimeout(() => {
      held.timer = undefined;
      void this.track(this.look(context));
    }, ms);
  }

  /** A failure that may pass is tried again later, with growing pauses; any other ends the step until `retry`. */
  private async fail(claim: Claim, step: StepRow, thrown: unknown): Promise<undefined> {
    const error = toEngineError(thrown);
    if (error.code === 'STORE_CONFLICT') return undefined;
    if (error.code === 'INTERNAL') this.options.log(error.stack ?? error.message);
    const pauseMs = error.retry === 'later' ? retryDelayMs(step.attempts) : undefined;
    await this.commit(claim, async tx => {
      if (pauseMs === undefined) await failStep(tx, claim, error.toJSON());
      else await putOff(tx, claim, pauseMs, `to try again after: ${error.message}`, error.toJSON());
      if (pauseMs !== undefined) await wake(tx, ADVANCE_TASK, ids(claim), { jobKey: jobKeyOf(claim), runInMs: pauseMs });
      await addEvent(tx, {
        ...ids(claim),
        level: pauseMs === undefined ? 'error' : 'warning',
        kind: pauseMs === undefined ? 'step-failed' : 'step-put-off',
        actor: claim.owner,
        message: error.message,
        data: { ...error.toJSON() },
      });
      await settleMigration(tx, claim.migrationId);
      await admitSteps(tx);
    });
    return undefined;
  }

  /** Writes under the claim; a claim that is no longer held writes nothing, silently: its new owner speaks. */
  private async commit(claim: Claim, write: (tx: Tx) => Promise<void>): Promise<void> {
    try {
      await this.options.database.transaction(async tx => {
        await holdClaim(tx, claim);
        await write(tx);
      });
    } catch (error) {
      if (error instanceof EngineError && error.code === 'STORE_CONFLICT') return;
      throw error;
    }
  }

  private async canServe(key: StepKey): Promise<boolean> {
    const { database, served } = this.options;
    const migration = await getMigration(database, key.migrationId).catch(() => undefined);
    if (migration === undefined) return false;
    return served.source(migration.sourceName) !== undefined && served.target(migration.targetName) !== undefined;
  }

  private async contextFor(step: StepRow, claim: Claim): Promise<StepContext> {
    const { database, served, settings, storeId } = this.options;
    const plan = await this.planFor(database, step.migrationId);
    const source = served.source(plan.vm.source);
    const target = served.target(plan.target);
    if (source === undefined || target === undefined) throw new EngineError('STORE_CONFLICT');
    return { step, claim, plan, database, storeId, source, target, mover: target.mover(), settings };
  }

  private async planFor(database: Database, migrationId: string): Promise<StepContext['plan']> {
    const known = this.plans.get(migrationId);
    if (known !== undefined) return known;
    const plan = await planOf(database, migrationId);
    if (this.plans.size >= 64) this.plans.clear();
    this.plans.set(migrationId, plan);
    return plan;
  }

  private async track(work: Promise<void>): Promise<void> {
    const logged = work.catch((error: unknown) => this.options.log(toEngineError(error).message));
    this.working.add(logged);
    await logged.finally(() => this.working.delete(logged));
  }
}

/** Runs that a step may have started: its own, and the two of a check. */
export function runIdsOf(claim: Claim): string[] {
  const run = `${claim.migrationId}/${claim.stepId}/${claim.fence}`;
  return [run, `${run}/chain`, `${run}/restored`];
}

function ids({ migrationId, stepId }: StepKey): { migrationId: string; stepId: string } {
  return { migrationId, stepId };
}
