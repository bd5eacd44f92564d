/**
 * Takes one step as far as it goes now, and writes down where that is. Knows no kind by name: the
 * table of kinds is given.
 */
import { EngineError, toEngineError } from '../errors';
import { count, recordSeconds } from '../metrics/record';
import { wake } from '../queue/wake';
import type { StepContext, StepOutcome } from '../steps/step';
import type { Database, Tx } from '../store/database';
import { addEvent } from '../store/events';
import { planDigestOf, planOf } from '../store/migrations';
import { settleAfterStep, settleMigration } from '../store/settle-migration';
import {
  attemptsOf,
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
import { byteRates } from './byte-rates';
import { LongWaits } from './long-waits';
import { retryDelayMs } from './retry-delay';
import { tellDone, tellFailure, tellWait } from './tell-target';
import { ADVANCE_TASK, jobKeyOf } from './tasks';
import type { ServedPlaces } from './served-places';
import type { WorkerOptions } from './worker-options';

export interface AdvancerOptions extends Pick<
  WorkerOptions,
  'database' | 'kinds' | 'settings' | 'log'
> {
  readonly owner: string;
  /** As it is now: recovery may have given this database the id of a lost store. */
  readonly storeId: () => string;
  readonly served: ServedPlaces;
}

/** A step that this worker holds because its mover goes on. */
interface Held {
  readonly context: StepContext;
  /** Absent while somebody looks at it, or gives it back. */
  timer: NodeJS.Timeout | undefined;
}

/** What becomes of a step's movers when it is given back. */
type Parting = (mover: StepContext['mover'], runId: string) => Promise<void>;
const STOPPED: Parting = (mover, runId) => mover.stop(runId);
const HANDED_OVER: Parting = (mover, runId) => mover.handOver(runId);

export class Advancer {
  /** From the claim until it is given back: exactly these leases are kept alive. */
  private readonly claims = new Map<string, Claim>();
  private readonly held = new Map<string, Held>();
  private readonly plans = new Map<string, StepContext['plan']>();
  private readonly longWaits = new LongWaits();
  private readonly working = new Set<Promise<void>>();
  private readonly claimed = new WeakMap<Claim, { kind: StepRow['kind']; at: number }>();
  private stopping = false;

  constructor(private readonly options: AdvancerOptions) {}

  busy(): number {
    return this.claims.size;
  }

  /** Claims the step if it is free and this worker can serve it, and advances it. Never throws for the step's own failures. */
  async advance(key: StepKey): Promise<void> {
    if (this.stopping || this.claims.has(jobKeyOf(key))) return;
    await this.track(this.claimAndLook(key));
  }

  activeClaims(): Claim[] {
    return [...this.claims.values()];
  }

  /** Steps whose movers are under way. */
  heldSteps(): StepContext[] {
    return [...this.held.values()].map(({ context }) => context);
  }

  /** The lease is gone, or the user paused or canceled: stop the mover, give the step back if it is still ours. */
  letGo(claim: Claim): Promise<void> {
    return this.letGoBy(claim, STOPPED);
  }

  private async letGoBy(claim: Claim, parting: Parting): Promise<void> {
    const held = this.held.get(jobKeyOf(claim));
    if (held === undefined || held.context.claim !== claim) return;
    if (held.timer === undefined) return; // being looked at now; the next round finds it again
    clearTimeout(held.timer);
    held.timer = undefined;
    await this.track(this.giveBack(held.context, parting));
  }

  /** Ends the work of this process: its steps go to another worker, with the movers that outlive us. */
  async stop(): Promise<void> {
    this.stopping = true;
    while (this.working.size > 0 || this.held.size > 0) {
      await Promise.all(
        [...this.held.values()].map(held => this.letGoBy(held.context.claim, HANDED_OVER)),
      );
      await Promise.allSettled(this.working);
      // Lets timers and sockets have their turn, whatever is left to wait for.
      await new Promise(resolve => setImmediate(resolve));
    }
  }

  private async giveBack(context: StepContext, parting: Parting): Promise<void> {
    const { claim, step } = context;
    try {
      await this.partFrom(context, parting);
      await this.options.kinds[step.kind].leave?.(context);
    } catch (error) {
      // The lease was lost, or the database: whoever takes the step over finds what was stored before.
      if (!isConflict(error))
        this.options.log(`giving back ${claim.stepId}: ${toEngineError(error).message}`);
    } finally {
      this.forget(claim);
    }
    await this.commit(claim, async tx => {
      await releaseStep(tx, claim);
      await settleMigration(tx, claim.migrationId);
      await admitSteps(tx);
    });
  }

  private async partFrom({ claim, mover }: StepContext, parting: Parting): Promise<void> {
    await Promise.all(runIdsOf(claim).map(runId => parting(mover, runId)));
  }

  private forget(claim: Claim): void {
    const key = jobKeyOf(claim);
    this.held.delete(key);
    this.claims.delete(key);
  }

  private async claimAndLook(key: StepKey): Promise<void> {
    const { database, owner, settings } = this.options;
    if (!(await this.canServe(key))) return;
    const step = await claimStep(database, key, owner, settings.leaseMs);
    if (step === undefined) return;
    const claim: Claim = { ...key, fence: step.fence, owner };
    this.claims.set(jobKeyOf(claim), claim);
    this.claimed.set(claim, { kind: step.kind, at: performance.now() });
    let context: StepContext;
    try {
      context = await this.contextFor(step, claim);
    } catch (error) {
      this.forget(claim);
      return this.fail(claim, error);
    }
    await this.look(context);
  }

  /** One look at a claimed step, and what follows from it. */
  private async look(context: StepContext): Promise<void> {
    const { claim, step } = context;
    try {
      await this.follow(context, await this.options.kinds[step.kind].advance(context));
    } catch (error) {
      // Nothing of a claim that is given up goes on writing. A mover that cannot be told now ends with
      // its lease, or is met by the next claim. What cannot be written down now (the database is away)
      // the lease says as well: it is not renewed any more.
      await this.partFrom(context, STOPPED).catch((stopping: unknown) =>
        this.options.log(`stopping ${claim.stepId}: ${toEngineError(stopping).message}`),
      );
      await this.options.kinds[step.kind].leave?.(context).catch(() => undefined);
      this.forget(claim);
      await this.fail(claim, error, context);
    }
  }

  private async follow(context: StepContext, outcome: StepOutcome): Promise<void> {
    const { claim, step, plan } = context;
    const key = jobKeyOf(claim);
    switch (outcome.outcome) {
      case 'done':
        await this.commit(claim, async tx => {
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
          await settleAfterStep(tx, claim.migrationId);
          await admitSteps(tx);
        });
        this.longWaits.over(key);
        tellDone(context, this.options.kinds[step.kind]);
        this.measure(claim, 'done');
        return this.forget(claim);
      case 'wait':
        await this.tellLongWait(context, outcome.reason);
        await this.commit(claim, async tx => {
          await putOff(tx, claim, outcome.ms, outcome.reason);
          await wake(tx, ADVANCE_TASK, ids(claim), {
            jobKey: key,
            runInMs: outcome.ms,
            priority: step.priority,
          });
        });
        return this.forget(claim);
      case 'handled':
        await this.options.database.transaction(async tx => {
          await settleMigration(tx, claim.migrationId);
          await admitSteps(tx);
        });
        return this.forget(claim);
      case 'attend':
        if (outcome.works === true) this.longWaits.over(key);
        else await this.tellLongWait(context, outcome.reason);
        await this.options.database.transaction(tx => noteReason(tx, claim, outcome.reason));
        this.attendLater(context, outcome.ms);
    }
  }

  /** A wait of more than half a minute is an event: in the store, and at the target for whoever looks there. */
  private async tellLongWait(context: StepContext, reason: string): Promise<void> {
    const { claim, step } = context;
    if (!this.longWaits.isNews(jobKeyOf(claim), reason)) return;
    tellWait(context, this.options.kinds[step.kind], reason);
    await this.commit(claim, tx =>
      addEvent(tx, {
        ...ids(claim),
        level: 'warning',
        kind: 'step-waits',
        actor: claim.owner,
        message: `Waits: ${reason}`,
      }),
    );
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
  private async fail(claim: Claim, thrown: unknown, context?: StepContext): Promise<void> {
    if (isConflict(thrown)) return;
    const error = toEngineError(thrown);
    if (error.code === 'INTERNAL') this.options.log(error.stack ?? error.message);
    this.longWaits.over(jobKeyOf(claim));
    if (context !== undefined)
      tellFailure(context, error, error.retry === 'later' ? 'retried' : 'failed');
    let pauseMs: number | undefined;
    await this.commit(claim, async tx => {
      pauseMs =
        error.retry === 'later'
          ? retryDelayMs(await attemptsOf(tx, claim), this.options.settings.retryBaseMs)
          : undefined;
      if (pauseMs === undefined) await failStep(tx, claim, error.toJSON());
      else {
        await putOff(tx, claim, pauseMs, `to try again after: ${error.message}`, error.toJSON());
        await wake(tx, ADVANCE_TASK, ids(claim), { jobKey: jobKeyOf(claim), runInMs: pauseMs });
      }
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
    this.measure(claim, pauseMs === undefined ? 'failed' : 'put off');
  }

  private measure(claim: Claim, outcome: 'done' | 'failed' | 'put off'): void {
    const claimed = this.claimed.get(claim);
    if (claimed === undefined) return;
    const { kind, at } = claimed;
    count('stepEnded', 1, { kind, outcome });
    recordSeconds('stepDuration', (performance.now() - at) / 1_000, { kind, outcome });
  }

  /** Writes under the claim; a claim that is no longer held writes nothing, silently: its new owner speaks. */
  private async commit(claim: Claim, write: (tx: Tx) => Promise<void>): Promise<void> {
    try {
      await this.options.database.transaction(async tx => {
        await holdClaim(tx, claim);
        await write(tx);
      });
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }

  private async canServe(key: StepKey): Promise<boolean> {
    const { database, served } = this.options;
    const plan = await this.planFor(database, key.migrationId).catch(() => undefined);
    if (plan === undefined) return false;
    return served.source(plan.vm.source) !== undefined && served.target(plan.target) !== undefined;
  }

  private async contextFor(step: StepRow, claim: Claim): Promise<StepContext> {
    const { database, served, settings } = this.options;
    const storeId = this.options.storeId();
    const plan = await this.planFor(database, step.migrationId);
    const source = served.source(plan.vm.source);
    const target = served.target(plan.target);
    if (source === undefined || target === undefined) throw new EngineError('STORE_CONFLICT');
    const rate = (await byteRates(database))(plan.vm.source, step.storageClass);
    return {
      step,
      claim,
      plan,
      database,
      storeId,
      source,
      target,
      mover: target.mover(plan.options.moverImage),
      settings,
      bytesPerSecond: rate,
    };
  }

  private async planFor(database: Database, migrationId: string): Promise<StepContext['plan']> {
    const known = this.plans.get(migrationId);
    // A migration that goes on with new deltas has another plan than before.
    if (known !== undefined && (await planDigestOf(database, migrationId)) === known.digest)
      return known;
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

/** Runs that a step may have started: its own, and those of a check. */
export function runIdsOf(claim: Claim): string[] {
  const run = `${claim.migrationId}/${claim.stepId}/${claim.fence}`;
  return [run, ...['chain', 'restored', 'restored/whole'].map(part => `${run}/${part}`)];
}

/** Somebody else holds the claim now: he speaks for the step. */
function isConflict(error: unknown): boolean {
  return error instanceof EngineError && error.code === 'STORE_CONFLICT';
}

function ids({ migrationId, stepId }: StepKey): { migrationId: string; stepId: string } {
  return { migrationId, stepId };
}
