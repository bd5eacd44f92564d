/**
 * One order carried out by a pod: has the pod made (pod-start.ts), follows its status and its log,
 * and tells how it ended.
 */
import { EngineError, toEngineError } from '../../../errors';
import type { MoverOrder, MoverStatus } from '../../../mover/mover';
import type { KubeEvent } from '../cluster/cluster-api';
import type { Pod } from '../cluster/resources';
import { PodLog } from './pod-log';
import { CONTAINER, podName } from './pod-spec';
import { PodStart, type PodStartDeps } from './pod-start';
import { endOf, type PodEnd, podGone, podState } from './pod-state';
import { annotate, removePod } from './pod-steering';
import { LOOK_MS, sleep, withinMs } from './waiting';
import { assertAllWindows } from './window-account';

export interface PodRunDeps extends PodStartDeps {
  /** Pod made to running. */
  readonly startLimitMs: number;
}

const EVENTS_EVERY_MS = 5_000;
/** The log of an ended container is complete; reading its rest takes a moment. */
const LOG_REST_MS = 10_000;
/** Of a pod that is gone only what is on its way already can come. */
const GONE_LOG_MS = 1_000;

export class PodRun {
  private readonly log = new PodLog();
  private readonly stopping = new AbortController();
  /** Ends the watch of its pod, with the reason. */
  private readonly givingUp = new AbortController();
  private readonly over: Promise<void>;
  private end: PodEnd | undefined;
  private pod: Pod | undefined;
  private left = false;
  private waitingFor: string | undefined = 'its pod to be made';
  private rate: number;
  private rateSent: Promise<void> = Promise.resolve();

  constructor(
    private readonly deps: PodRunDeps,
    private readonly order: MoverOrder,
  ) {
    this.rate = Math.floor(order.bytesPerSecond);
    this.over = this.carryOut()
      .catch((error: unknown): PodEnd => failure(error))
      .then(end => void (this.end = end));
  }

  get hasEnded(): boolean {
    return this.end !== undefined;
  }

  /** Windows are handed over exactly once. */
  status(): MoverStatus {
    const windows = this.log.drain();
    if (this.end !== undefined) return { ...this.end, windows };
    const { waitingFor } = this;
    return {
      state: 'running',
      progress: this.log.progress,
      windows,
      ...(waitingFor === undefined ? {} : { waitingFor }),
    };
  }

  async endedWithin(patienceMs: number): Promise<void> {
    if (this.end === undefined) await withinMs(this.over, patienceMs);
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
    this.stopping.abort(stopped());
    await this.tellToStop();
    await this.endedWithin(stopPatienceMs);
    if (this.end !== undefined) return;
    if (this.pod !== undefined) await removePod(api, this.pod);
    await this.endedWithin(2 * stopPatienceMs);
  }

  /** Its pod, running or ended, is the next worker's to find. One that is only being made is stopped. */
  async leave(): Promise<void> {
    if (this.pod === undefined && this.end === undefined) return this.stop();
    this.left = true;
    this.givingUp.abort(stopped());
    await this.over;
  }

  private async tellToStop(): Promise<void> {
    if (this.pod === undefined || this.end !== undefined) return;
    const { api } = this.deps;
    // A mover that has not started yet would only find out that it must stop.
    if (podState(this.pod).state === 'starting') await removePod(api, this.pod);
    else await annotate(api, this.pod, 'stop', 'true');
  }

  private async carryOut(): Promise<PodEnd> {
    const pod = await new PodStart(this.deps, this.order, this.stopping.signal, reason => {
      this.waitingFor = reason;
    }).ensure();
    this.pod = pod;
    if (this.stopping.signal.aborted) await this.tellToStop();
    if (this.rate !== Math.floor(this.order.bytesPerSecond)) await this.sendRate();
    const reading = new AbortController();
    const read = this.readLog(pod, reading.signal);
    try {
      const last = await Promise.race([this.untilEnded(pod), read.then(() => NEVER)]);
      await withinMs(read, last === undefined ? GONE_LOG_MS : LOG_REST_MS);
      return await this.endOf(pod, last);
    } finally {
      reading.abort();
      // Whatever it was good for is known. What is left of it goes before the next pod of its name.
      if (!this.left) void removePod(this.deps.api, pod).catch(() => undefined);
    }
  }

  /** The ended pod; `undefined`: it is gone. @throws EngineError CLUSTER_STUCK when it never starts */
  private async untilEnded(pod: Pod): Promise<Pod | undefined> {
    const giveUp = this.givingUp;
    const events: KubeEvent[] = [];
    const look = (now: Pod): 'ended' | 'running' | 'starting' => {
      this.pod = now;
      const state = podState(now, events);
      if (state.state === 'starting') {
        this.waitingFor = state.reason;
        if (state.hopeless) throw stuck(now, state.reason);
      }
      if (state.state === 'running') this.waitingFor = state.trouble;
      return state.state;
    };
    const starting = this.overseeStart(pod, events, look, giveUp);
    try {
      return await this.deps.watch
        .until<{ pod: Pod | undefined }>(
          pod,
          now => (now === undefined || look(now) === 'ended' ? { pod: now } : undefined),
          giveUp.signal,
        )
        .then(found => found.pod);
    } finally {
      clearInterval(starting);
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
        void this.deps.api.eventsOf(now).then(
          found => {
            events.splice(0, events.length, ...found);
            if (this.pod !== undefined && podState(this.pod).state === 'starting') look(this.pod);
          },
          () => undefined, // who may not read events waits without a reason
        );
      },
      Math.min(EVENTS_EVERY_MS, this.deps.startLimitMs),
    );
    return ticker;
  }

  /** Ends with the container. @throws EngineError MOVER_VERSION */
  private async readLog(pod: Pod, signal: AbortSignal): Promise<void> {
    const { api, watch } = this.deps;
    const { name = '' } = pod.metadata;
    while (!signal.aborted) {
      const now = await watch
        .until(
          this.pod ?? pod,
          seen =>
            seen === undefined || podState(seen).state !== 'starting' ? { seen } : undefined,
          signal,
        )
        .catch(() => ({ seen: undefined }));
      if (now.seen === undefined) return;
      try {
        const lines = api.podLog(name, {
          container: CONTAINER,
          follow: true,
          timestamps: true,
          sinceTime: this.log.seenUntil,
          signal,
        });
        for await (const line of lines) this.log.take(line);
        if (this.log.last !== undefined || podState(this.pod ?? pod).state === 'ended') return;
      } catch (error) {
        if (error instanceof EngineError && error.code === 'MOVER_VERSION') throw error;
        // Cut, or not there yet: goes on where it was.
      }
      await sleep(LOOK_MS, signal).catch(() => undefined);
    }
  }

  private async endOf(pod: Pod, last: Pod | undefined): Promise<PodEnd> {
    const { log, order } = this;
    const said = endInLog(log);
    const words = log.lastWords();
    if (last === undefined && said?.state !== 'done')
      return (
        said ?? failure(this.stopping.signal.aborted ? stopped() : podGone(podName(order), words))
      );
    const end =
      last === undefined && said !== undefined ? said : endOf(last ?? pod, { last: said, words });
    if (end.state === 'failed' || order.order !== 'apply') return end;
    try {
      assertAllWindows(order, log.windows(), end.receipt);
    } catch {
      // What cannot be read again is lost, which the second look says better than a failed request.
      await this.readLogAgain(pod).catch(() => undefined);
      assertAllWindows(order, log.windows(), end.receipt);
    }
    return end;
  }

  private async readLogAgain(pod: Pod): Promise<void> {
    const { name = '' } = pod.metadata;
    const lines = this.deps.api.podLog(name, { container: CONTAINER, timestamps: true });
    for await (const line of lines) this.log.take(line);
  }

  private async sendRate(): Promise<void> {
    if (this.pod === undefined || this.end !== undefined) return;
    await annotate(this.deps.api, this.pod, 'bytesPerSecond', String(this.rate));
  }
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
