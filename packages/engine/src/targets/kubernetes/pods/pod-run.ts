/**
 * One order carried out by a pod: has the pod made or takes one over (pod-start.ts), follows its
 * status and its log (pod-log-reader.ts), pushes where it has to (run-push.ts), and tells how it ended. A
 * pod that rests afterwards is left for the next order.
 */
import { EngineError, toEngineError } from '../../../errors';
import type { MoverOrder, MoverStatus } from '../../../mover/mover';
import type { KubeEvent } from '../cluster/cluster-api';
import { type Pod, POD } from '../cluster/resources';
import { ANNOTATION } from '../layout';
import type { ExpectedImage } from './image-check';
import { annotateOwn, belongsTo, isOlder, removeOwn, takenOver } from './own-pod';
import { PodLog } from './pod-log';
import { followLog, readLogAgain } from './pod-log-reader';
import { podName } from './pod-spec';
import { type Begun, PodStart, type PodStartDeps } from './pod-start';
import { endOf, type PodEnd, podGone, podState } from './pod-state';
import { isPushed, mustBePushed, pushedOrder } from './pushed-order';
import { RunPush } from './run-push';
import { isUnreachable, Unheard } from './unheard';
import { wakeScheduler } from './wake-scheduler';
import { withinMs } from './waiting';
import { assertAllWindows } from './window-account';

export interface PodRunDeps extends PodStartDeps {
  readonly expectedImage: ExpectedImage;
  /** Program that reads layers which only this machine has; asked for when one is. */
  readonly moverProgram: () => string;
  /** How long a connection that pushes may be away. */
  readonly pushPatienceMs: number;
}

const EVENTS_EVERY_MS = 5_000;
/** The log of an ended container is complete; reading its rest takes a moment. */
const LOG_REST_MS = 10_000;
/** Of a pod that is gone only what is on its way already can come. */
const GONE_LOG_MS = 1_000;

export class PodRun {
  private log: PodLog;
  private readonly stopping = new AbortController();
  private readonly over: Promise<void>;
  private readonly leaving = new AbortController();
  private end: PodEnd | undefined;
  private pod: Pod | undefined;
  private waitingFor: string | undefined = 'its pod to be made';
  private readonly unheard = new Unheard();
  private rate: number;
  private rateSent: Promise<void> = Promise.resolve();
  /** As the pod gets it. */
  private readonly order: MoverOrder;
  private readonly push: RunPush;

  constructor(
    private readonly deps: PodRunDeps,
    given: MoverOrder,
  ) {
    const order = mustBePushed(given) ? pushedOrder(given) : given;
    this.order = order;
    this.push = new RunPush(deps, given, order);
    this.rate = Math.floor(order.bytesPerSecond);
    this.log = this.newLog();
    this.over = this.carryOut()
      .catch((error: unknown): PodEnd => failure(error))
      .then(end => {
        // What was handed over has not ended, whatever became of following it.
        if (!this.leaving.signal.aborted) this.end = end;
      });
  }

  /** Nothing of it is under way in this process. */
  get hasEnded(): boolean {
    return this.end !== undefined || this.leaving.signal.aborted;
  }

  /** Windows are handed over exactly once. */
  status(): MoverStatus {
    const windows = this.log.drain();
    if (this.end !== undefined) return { ...this.end, windows };
    const reasons = [this.waitingFor ?? this.push.waitsFor, this.unheard.words].filter(
      words => words !== undefined,
    );
    const waitingFor = reasons.length === 0 ? undefined : reasons.join('; ');
    return {
      state: 'running',
      progress: this.log.progress,
      windows,
      ...(waitingFor === undefined ? {} : { waitingFor }),
    };
  }

  async endedWithin(patienceMs: number): Promise<void> {
    if (!this.hasEnded) await withinMs(this.over, patienceMs);
  }

  /** Later calls win; nothing is sent while the rate stays the same. */
  limit(bytesPerSecond: number): void {
    const rate = Math.floor(bytesPerSecond);
    if (rate === this.rate) return;
    this.rate = rate;
    // One patch at a time; each sends the rate that counts by then. A lost one is sent with the next change.
    this.rateSent = this.rateSent.then(() => this.sendRate()).catch(() => undefined);
  }

  /** Asks the mover to finish its window; a pod that does not listen is deleted, with its grace period. */
  async stop(): Promise<void> {
    const { api, stopPatienceMs } = this.deps;
    if (this.leaving.signal.aborted) return;
    this.stopping.abort(stopped());
    this.push.stop();
    await this.tellToStop();
    await this.endedWithin(stopPatienceMs);
    if (this.end !== undefined) return;
    if (this.pod !== undefined) await removeOwn(api, this.pod, this.order.runId);
    await this.endedWithin(2 * stopPatienceMs);
  }

  /**
   * Follows it no longer and leaves it to the next claim. One that has not started is stopped: nobody
   * would be quicker with it. So is one that is pushed to: only this process knows its key.
   */
  async handOver(): Promise<void> {
    const { pod, order } = this;
    const outlives = order.order === 'apply' && !isPushed(order);
    if (!outlives || pod === undefined || podState(pod).state !== 'running') return this.stop();
    if (this.end === undefined) this.leaving.abort(new Error('handed over'));
  }

  private async tellToStop(): Promise<void> {
    if (this.pod === undefined || this.end !== undefined) return;
    const { api } = this.deps;
    const { runId } = this.order;
    // A mover that has not started yet would only find out that it must stop.
    if (podState(this.pod).state === 'starting') await removeOwn(api, this.pod, runId);
    else await annotateOwn(api, this.pod, runId, { [ANNOTATION.stop]: 'true' });
  }

  private async carryOut(): Promise<PodEnd> {
    for (;;) {
      const begun = await new PodStart(this.deps, this.order, this.stopping.signal, reason => {
        this.waitingFor = reason;
      }).ensure();
      const end = await this.withPod(begun);
      if (end !== 'never begun') return end;
    }
  }

  private async withPod({ pod, how }: Begun): Promise<PodEnd | 'never begun'> {
    this.pod = pod;
    this.log = this.newLog();
    if (this.stopping.signal.aborted) await this.tellToStop();
    if (this.rate !== Math.floor(this.order.bytesPerSecond)) await this.sendRate();
    const reading = new AbortController();
    const signal = AbortSignal.any([reading.signal, this.leaving.signal]);
    const { api, watch } = this.deps;
    const { log, unheard } = this;
    const seen = (): Pod => this.pod ?? pod;
    const read = followLog({ api, watch, log, unheard, how, pod: seen }, signal);
    const push = this.push.carryOut(seen(), log, signal);
    let rested = false;
    try {
      const last = await Promise.race([
        this.untilEnded(pod, how),
        read.then(() => (canRest(pod) && this.log.last !== undefined ? 'said all' : NEVER)),
        push.then(() => NEVER),
      ]);
      if (last === 'said all') {
        const end = await this.endOf(pod, await this.asItIsNow(pod));
        rested = end.state === 'done' && (await this.rest(pod)) === 'rests';
        return end;
      }
      await withinMs(read, last === undefined ? GONE_LOG_MS : LOG_REST_MS);
      // Its time to rest was over just when it got this order.
      if (how === 'handed on' && !this.log.begun) {
        await removeOwn(this.deps.api, pod, this.order.runId);
        return 'never begun';
      }
      return await this.endOf(pod, last);
    } finally {
      reading.abort();
      await this.push.close();
      // Whatever it was good for is known. What is left of it goes before the next pod of its name.
      if (!rested && !this.leaving.signal.aborted)
        void removeOwn(this.deps.api, pod, this.order.runId).catch(() => undefined);
    }
  }

  /** Why a mover ended before its pod did may stand at the pod, sooner than the watch tells. `undefined`: it is gone. */
  private async asItIsNow(pod: Pod): Promise<Pod | undefined> {
    if (this.log.last?.type !== 'failed') return this.pod ?? pod;
    const now = await this.deps.api.get(POD, podName(this.order)).catch(() => this.pod);
    return now?.metadata.uid === pod.metadata.uid ? now : undefined;
  }

  /** Its process has ended well and nothing holds the volume open: from now on the volume may be cut. */
  private async rest(pod: Pod): Promise<'rests' | 'goes'> {
    const { order, deps } = this;
    if (order.order !== 'apply' || order.afterwards !== 'rest') return 'goes';
    const rests = { [ANNOTATION.rests]: order.layerId };
    const answer = await annotateOwn(deps.api, pod, order.runId, rests);
    if (answer === 'taken over')
      throw takenOver((await deps.api.get(POD, podName(order))) ?? pod, order.runId);
    return 'rests';
  }

  private newLog(): PodLog {
    const { order } = this;
    return new PodLog(
      order.order === 'apply' ? { layerId: order.layerId, known: order.windowsDone } : {},
    );
  }

  /** The ended pod; `undefined`: it is gone. @throws EngineError CLUSTER_STUCK when it never starts */
  private async untilEnded(pod: Pod, how: Begun['how']): Promise<Pod | undefined> {
    const giveUp = new AbortController();
    const events: KubeEvent[] = [];
    const look = (now: Pod): 'ended' | 'running' | 'starting' => {
      // The watch may still tell of what was before the pod became ours.
      if (isOlder(now, pod)) return podState(pod).state;
      if (!belongsTo(now, this.order.runId)) throw takenOver(now, this.order.runId);
      this.pod = now;
      const state = podState(now, events);
      if (state.state === 'starting') {
        this.waitingFor = state.reason;
        if (state.hopeless) throw stuck(now, state.reason);
      }
      if (state.state === 'running') this.waitingFor = state.trouble;
      if (state.state !== 'starting') this.deps.expectedImage.assert(now);
      return state.state;
    };
    const starting = this.overseeStart(pod, events, look, giveUp);
    const deaf = setTimeout(() => {
      if (how === 'handed on' && !this.log.begun)
        giveUp.abort(stuck(pod, 'its mover to take up its next order'));
    }, this.deps.startLimitMs).unref();
    try {
      return await this.deps.watch
        .until<{ pod: Pod | undefined }>(
          pod,
          now => (now === undefined || look(now) === 'ended' ? { pod: now } : undefined),
          AbortSignal.any([giveUp.signal, this.leaving.signal]),
        )
        .then(found => found.pod);
    } finally {
      clearInterval(starting);
      clearTimeout(deaf);
    }
  }

  /** Asks for the events of a pod that does not start, and gives up on it in the end. */
  private overseeStart(
    pod: Pod,
    events: KubeEvent[],
    look: (now: Pod) => string,
    giveUp: AbortController,
  ): NodeJS.Timeout {
    const since = performance.now();
    const ticker = setInterval(
      () => {
        const now = this.pod ?? pod;
        if (podState(now).state !== 'starting') return clearInterval(ticker);
        if (performance.now() - since > this.deps.startLimitMs)
          return giveUp.abort(stuck(now, this.waitingFor ?? ''));
        void wakeScheduler(this.deps.api, now).catch(() => undefined);
        void this.deps.api.eventsOf(now).then(
          found => {
            this.unheard.heard();
            events.splice(0, events.length, ...found);
            if (this.pod !== undefined && podState(this.pod).state === 'starting') look(this.pod);
          },
          // Who may not read events waits without a reason.
          (error: unknown) => isUnreachable(error) && this.unheard.missed(pod, error, 2),
        );
      },
      Math.min(EVENTS_EVERY_MS, this.deps.startLimitMs),
    );
    return ticker;
  }

  private async endOf(pod: Pod, last: Pod | undefined): Promise<PodEnd> {
    const { log, order } = this;
    const said = endInLog(log);
    const words = log.lastWords();
    if (last === undefined && said === undefined) {
      const wasStopped = this.stopping.signal.aborted;
      return failure(wasStopped ? stopped() : podGone(podName(order), this.pod, words));
    }
    const end =
      last === undefined && said !== undefined ? said : endOf(last ?? pod, { last: said, words });
    if (this.wasToldToGo(last, end)) return failure(podGone(podName(order), last ?? this.pod));
    if (end.state === 'failed' || order.order !== 'apply') return end;
    // A pod that rested may have ended with what it said of an earlier layer.
    if ((end.receipt.layerId ?? order.layerId) !== order.layerId)
      return failure(podGone(podName(order), last ?? this.pod, words));
    try {
      assertAllWindows(order, log.windows(), end.receipt);
    } catch {
      // What cannot be read again is lost, which the second look says better than a failed request.
      await readLogAgain(this.deps.api, pod, log).catch(() => undefined);
      assertAllWindows(order, log.windows(), end.receipt);
    }
    return end;
  }

  /** Its mover finished its window and left because its pod was deleted, by nobody who works on this order. */
  private wasToldToGo(last: Pod | undefined, end: PodEnd): boolean {
    if (end.state !== 'failed' || end.error.code !== 'MOVER_STOPPED') return false;
    const { annotations, deletionTimestamp } = (last ?? this.pod)?.metadata ?? {};
    const isAsked = this.stopping.signal.aborted || annotations?.[ANNOTATION.stop] === 'true';
    return !isAsked && (last === undefined || deletionTimestamp !== undefined);
  }

  private async sendRate(): Promise<void> {
    if (this.pod === undefined || this.end !== undefined) return;
    const rate = { [ANNOTATION.bytesPerSecond]: String(this.rate) };
    await annotateOwn(this.deps.api, this.pod, this.order.runId, rate);
  }
}

/** Whether the pod may get another order. */
function canRest({ metadata }: Pod): boolean {
  return metadata.annotations?.[ANNOTATION.serves] !== undefined;
}

/** For races that only the other side may win. */
const NEVER = new Promise<never>(() => undefined);

function endInLog({ last }: PodLog): PodEnd | undefined {
  if (last === undefined) return undefined;
  return last.type === 'done'
    ? { state: 'done', receipt: last.receipt }
    : { state: 'failed', error: last.error };
}

function failure(thrown: unknown): PodEnd {
  return { state: 'failed', error: toEngineError(thrown).toJSON() };
}

function stopped(): EngineError {
  return new EngineError('MOVER_STOPPED', { found: 'an order to stop', retry: 'later' });
}

function stuck(pod: Pod, reason: string): EngineError {
  return new EngineError('CLUSTER_STUCK', {
    where: { object: `pod ${pod.metadata.name ?? '?'}` },
    expected: 'the mover to start',
    found: `still waiting for ${reason}`,
    hint: `See \`kubectl describe pod ${pod.metadata.name ?? ''}\` next time; mend the cause, then run \`kubectl vm-migrate retry\`.`,
  });
}
