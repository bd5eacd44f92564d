/**
 * One watch for all mover pods of a namespace, however many runs follow theirs. A pod is known by
 * its uid: its name is used again and again.
 */
import type { ClusterApi } from '../cluster/cluster-api';
import { type Pod, POD } from '../cluster/resources';
import { MOVER_LABELS } from './pod-spec';
import { podState } from './pod-state';

/** The next order comes soon; a new watch costs a list. */
const IDLE_MS = 10_000;

interface Followed {
  readonly name: string;
  /** `undefined`: it is gone. */
  now: Pod | undefined;
  refreshed: boolean;
  readonly listeners: Set<() => void>;
}

export class PodWatch {
  private readonly followed = new Map<string, Followed>();
  private watching: AbortController | undefined;
  private idle: NodeJS.Timeout | undefined;

  constructor(private readonly api: ClusterApi) {}

  /**
   * Waits until `test` has an answer about the pod as it stands, asked again at every change;
   * `undefined` stands for a pod that is gone.
   * @throws what `signal` was aborted with
   */
  async until<T>(
    pod: Pod,
    test: (now: Pod | undefined) => T | undefined,
    signal: AbortSignal,
  ): Promise<T> {
    const followed = this.follow(pod);
    return new Promise<T>((resolve, reject) => {
      const end = (): void => {
        followed.listeners.delete(look);
        signal.removeEventListener('abort', aborted);
        this.unfollow(pod, followed);
      };
      const look = (): void => {
        try {
          const answer = test(followed.now);
          if (answer === undefined) return;
          end();
          resolve(answer);
        } catch (error) {
          end();
          reject(error);
        }
      };
      const aborted = (): void => {
        end();
        reject(signal.reason);
      };
      if (signal.aborted) return aborted();
      followed.listeners.add(look);
      signal.addEventListener('abort', aborted);
      look();
      // What changed before the watch knew that somebody cares.
      if (followed.listeners.has(look)) this.refresh(pod, followed);
    });
  }

  /** The pod once its container runs or has run; `undefined`: it is gone, or nobody waits any more. */
  async started(pod: Pod, signal: AbortSignal): Promise<Pod | undefined> {
    const now = await this.until(
      pod,
      seen => (seen === undefined || podState(seen).state !== 'starting' ? { seen } : undefined),
      signal,
    ).catch(() => ({ seen: undefined }));
    return now.seen;
  }

  close(): void {
    clearTimeout(this.idle);
    this.watching?.abort();
    this.watching = undefined;
  }

  private follow(pod: Pod): Followed {
    const { uid = '', name = '' } = pod.metadata;
    const known = this.followed.get(uid);
    if (known !== undefined) return known;
    const followed = { name, now: pod, refreshed: false, listeners: new Set<() => void>() };
    this.followed.set(uid, followed);
    this.watching ??= this.start();
    return followed;
  }

  private unfollow(pod: Pod, followed: Followed): void {
    if (followed.listeners.size > 0) return;
    this.followed.delete(pod.metadata.uid ?? '');
    if (this.followed.size > 0) return;
    clearTimeout(this.idle);
    this.idle = setTimeout(() => {
      if (this.followed.size === 0) this.close();
    }, IDLE_MS).unref();
  }

  /** One look for each pod; a failure is made good by the watch. */
  private refresh(pod: Pod, followed: Followed): void {
    if (followed.refreshed) return;
    followed.refreshed = true;
    const { name = '', uid } = pod.metadata;
    void this.api.get(POD, name).then(
      found => {
        if (found !== undefined && found.metadata.uid === uid) this.set(found, false);
        else this.gone(uid ?? '');
      },
      () => undefined,
    );
  }

  private start(): AbortController {
    const abort = new AbortController();
    void this.run(abort);
    return abort;
  }

  private async run(abort: AbortController): Promise<void> {
    try {
      for await (const event of this.api.watch(POD, {
        labels: MOVER_LABELS,
        signal: abort.signal,
      })) {
        if (event.type === 'synced') await this.compare(event.items);
        else this.set(event.object, event.type === 'deleted');
      }
    } catch {
      // Not even the API's own patience was enough: look at each pod, then watch again.
      if (!abort.signal.aborted) await new Promise(resolve => setTimeout(resolve, 1_000));
    }
    if (abort.signal.aborted || this.watching !== abort) return;
    await this.compare([]).catch(() => undefined);
    void this.run(abort);
  }

  /** A list may be older than a pod that was made meanwhile, so what is missing in it is looked at. */
  private async compare(items: readonly Pod[]): Promise<void> {
    for (const pod of items) this.set(pod, false);
    const listed = new Set(items.map(pod => pod.metadata.uid));
    for (const [uid, { name }] of this.followed) {
      if (listed.has(uid)) continue;
      const found = await this.api.get(POD, name);
      if (found?.metadata.uid === uid) this.set(found, false);
      else this.gone(uid);
    }
  }

  private set(pod: Pod, isGone: boolean): void {
    const uid = pod.metadata.uid ?? '';
    if (isGone) return this.gone(uid);
    const followed = this.followed.get(uid);
    if (followed === undefined) return;
    followed.now = pod;
    for (const listener of [...followed.listeners]) listener();
  }

  private gone(uid: string): void {
    const followed = this.followed.get(uid);
    if (followed === undefined) return;
    followed.now = undefined;
    for (const listener of [...followed.listeners]) listener();
  }
}
