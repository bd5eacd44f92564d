/**
 * From an order to its pod. One writer at a time, in this order:
 *
 *   1. the pod of that name is read, then the mark on the volume: it is the one that the order
 *      expects (else we are the stale ones), so no later claim has touched the pod as it was read
 *   2. a pod of an earlier run that does the same work, or rests, is taken over (take-over.ts); any
 *      other is told to stop, waited for, and deleted. Each of these acts is bound to the
 *      resourceVersion that was read in 1, and begins with 1 again when it is another one
 *   3. POST of our pod: its name is the lock
 *   4. the mark is still the same, now under the lock
 *   5. the Secret with the order is made: only now the pod can start
 */
import { EngineError } from '../../../errors';
import type { MoverOrder } from '../../../mover/mover';
import type { ClusterApi } from '../cluster/cluster-api';
import {
  PERSISTENT_VOLUME_CLAIM,
  type PersistentVolumeClaim,
  type Pod,
  POD,
  SECRET,
} from '../cluster/resources';
import { ANNOTATION, LABEL, OURS } from '../layout';
import type { PodOptions } from '../options';
import { assertMark } from './mark-check';
import { orderParts, orderSecrets, secretNames } from './order-secrets';
import { ORDER_FOLDER, podFor, podName } from './pod-spec';
import { podState } from './pod-state';
import { removeOwn } from './own-pod';
import type { PodWatch } from './pod-watch';
import { orderForPod } from './source-credentials';
import { tablesFor, type TablesOptions, type TablesWait } from './tables-claim';
import { takeOver } from './take-over';
import { LOOK_MS, sleep, withinMs } from './waiting';

export interface PodStartDeps {
  readonly api: ClusterApi;
  readonly watch: PodWatch;
  readonly image: string;
  readonly options: PodOptions;
  readonly tables: TablesOptions;
  readonly programArguments: readonly string[];
  /** How long a pod that was told to stop may take before it is deleted. */
  readonly stopPatienceMs: number;
  /** How long tables may take to be made, or an earlier volume's to go; pod made to running. */
  readonly startLimitMs: number;
}

/** How a run came to its pod. */
export interface Begun {
  readonly pod: Pod;
  /** `found`: the run's own from before. The rest as take-over.ts has it. */
  readonly how: 'made' | 'found' | 'taken over' | 'handed on';
}

/** The order as its Secrets will have it. */
interface Parcel {
  readonly names: readonly string[];
  readonly parts: readonly Buffer[];
  readonly credentials: string | undefined;
}

export class PodStart {
  private readonly name: string;
  private waitsForTablesSince: number | undefined;
  /** When a pod of an earlier run was told to stop; uid. */
  private readonly toldAtMs = new Map<string, number>();

  /** @param waits is told what it waits for */
  constructor(
    private readonly deps: PodStartDeps,
    private readonly order: MoverOrder,
    private readonly signal: AbortSignal,
    private readonly waits: (reason: string) => void,
  ) {
    this.name = podName(order);
  }

  /**
   * The pod that carries out this order, made or found.
   * @throws EngineError VOLUME_MISSING, VOLUME_UNEXPECTED, VOLUME_FOREIGN, CONFIG_INVALID,
   *   CLUSTER_STUCK, what the cluster says; what `signal` was aborted with, and then no pod of ours is left
   */
  async ensure(): Promise<Begun> {
    const { api } = this.deps;
    const { name } = this;
    const parcel = this.parcel();
    for (;;) {
      this.signal.throwIfAborted();
      const present = await api.get(POD, name);
      const claim = await this.checkedClaim();
      if (present !== undefined) {
        const begun = this.isOwn(present)
          ? await this.own(present, parcel)
          : await this.fromEarlier(present, claim);
        if (begun === undefined) continue;
        return begun;
      }
      const made = await this.make(claim, parcel);
      if (made === undefined) continue;
      this.waits(`pod ${name} to start`);
      await this.release(made, parcel);
      return { pod: made, how: 'made' };
    }
  }

  private async own(present: Pod, parcel: Parcel): Promise<Begun> {
    if (podState(present).state === 'starting') await this.release(present, parcel);
    return { pod: present, how: 'found' };
  }

  /** `undefined`: not now, look again. */
  private async fromEarlier(
    present: Pod,
    claim: PersistentVolumeClaim | undefined,
  ): Promise<Begun | undefined> {
    const { api, image } = this.deps;
    assertOfSameStore(present, claim);
    const taken = await takeOver(api, present, this.order, image);
    switch (taken.how) {
      case 'taken over':
      case 'handed on':
        return taken;
      case 'unfit':
        await this.clear(present);
        return undefined;
      case 'changed':
        return undefined;
    }
  }

  private parcel(): Parcel {
    const { order, credentials } = orderForPod(this.order, ORDER_FOLDER);
    const parts = orderParts(order);
    return { names: secretNames(this.name, order.runId, parts.length), parts, credentials };
  }

  /** `undefined`: not now, look again. */
  private async make(
    claim: PersistentVolumeClaim | undefined,
    { names, credentials }: Parcel,
  ): Promise<Pod | undefined> {
    const { api, options, image, programArguments } = this.deps;
    const tables = await tablesFor(api, this.order, claim, this.deps.tables);
    if (tables !== undefined && 'waitFor' in tables) {
      await this.waitForTables(tables);
      return undefined;
    }
    const labels = claim?.metadata.labels ?? {};
    const hasCredentials = credentials !== undefined;
    const pod = podFor(this.order, {
      image,
      options,
      labels,
      secrets: names,
      hasCredentials,
      tables,
      programArguments,
    });
    const made = await api.create(POD, pod);
    return made === 'exists' ? undefined : made;
  }

  private async waitForTables({ waitFor, remedy }: TablesWait): Promise<void> {
    const now = performance.now();
    this.waitsForTablesSince ??= now;
    if (now - this.waitsForTablesSince > this.deps.startLimitMs) {
      throw new EngineError('CLUSTER_STUCK', {
        where: { object: `pod ${this.name}` },
        expected: 'its volumes',
        found: `still waiting for ${waitFor}`,
        hint: remedy,
      });
    }
    this.waits(waitFor);
    await sleep(LOOK_MS, this.signal);
  }

  private isOwn({ metadata }: Pod): boolean {
    return (
      metadata.annotations?.[ANNOTATION.run] === this.order.runId &&
      metadata.deletionTimestamp === undefined
    );
  }

  /** Under the lock: the volume is still the expected one, so the pod gets its order and starts. */
  private async release(pod: Pod, { names, parts, credentials }: Parcel): Promise<void> {
    const { api } = this.deps;
    try {
      await this.checkedClaim();
      this.signal.throwIfAborted();
      const secrets = orderSecrets(pod, names, parts, credentials);
      await Promise.all(secrets.map(secret => api.create(SECRET, secret)));
    } catch (error) {
      await removeOwn(api, pod, this.order.runId).catch(() => undefined);
      throw error;
    }
  }

  /** @throws EngineError VOLUME_MISSING, VOLUME_UNEXPECTED */
  private async checkedClaim(): Promise<PersistentVolumeClaim | undefined> {
    if (this.order.order === 'hash-chain') return undefined;
    const claim = await this.deps.api.get(PERSISTENT_VOLUME_CLAIM, this.name);
    assertMark(this.order, claim);
    return claim;
  }

  /** One act towards the end of a pod of an earlier run, on the pod as it was read. */
  private async clear(present: Pod): Promise<void> {
    const { api } = this.deps;
    const { name = '', uid = '', resourceVersion = '', deletionTimestamp } = present.metadata;
    if (deletionTimestamp !== undefined) return this.untilGone(present);
    if (podState(present).state === 'running') {
      const told = present.metadata.annotations?.[ANNOTATION.stop] === 'true';
      if (!told) {
        const stop = { metadata: { annotations: { [ANNOTATION.stop]: 'true' } } };
        await api.patch(POD, name, stop, { resourceVersion });
        return;
      }
      if (await this.mayStillStop(present)) return;
    }
    await api.delete(POD, name, { uid, resourceVersion });
  }

  /** Waits for the pod to end; false once it had its time. */
  private async mayStillStop(present: Pod): Promise<boolean> {
    const { watch, stopPatienceMs } = this.deps;
    const { uid = '' } = present.metadata;
    const toldAtMs = this.toldAtMs.get(uid) ?? performance.now();
    this.toldAtMs.set(uid, toldAtMs);
    const leftMs = toldAtMs + stopPatienceMs - performance.now();
    if (leftMs <= 0) return false;
    this.waits(`pod ${this.name} of an earlier run to finish its window`);
    const ended = (now: Pod | undefined) =>
      now === undefined || podState(now).state === 'ended' ? true : undefined;
    await withinMs(watch.until(present, ended, this.signal), leftMs);
    return true;
  }

  private async untilGone(present: Pod): Promise<void> {
    this.waits(`pod ${this.name} of an earlier run to go`);
    await this.deps.watch.until(
      present,
      now => {
        if (now === undefined) return true;
        const state = podState(now);
        if (state.state === 'running' && state.trouble !== undefined) this.waits(state.trouble);
        return undefined;
      },
      this.signal,
    );
  }
}

/** @throws EngineError VOLUME_FOREIGN */
function assertOfSameStore(pod: Pod, claim: PersistentVolumeClaim | undefined): void {
  const labels = pod.metadata.labels ?? {};
  const isMover = labels[LABEL.managedBy] === OURS[LABEL.managedBy];
  const store = claim?.metadata.labels?.[LABEL.store];
  if (isMover && (store === undefined || labels[LABEL.store] === store)) return;
  throw new EngineError('VOLUME_FOREIGN', {
    where: { object: `pod ${pod.metadata.name ?? '?'}` },
    expected: 'no pod of that name, or a mover of this store',
    found: isMover ? 'a mover of another store' : 'a pod of somebody else',
    hint: 'It is left alone. Remove it, or migrate with another name prefix.',
  });
}
