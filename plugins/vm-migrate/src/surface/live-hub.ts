/**
 * One stream of events a tab, however many parts of the page listen: what they say makes the answers
 * that they are about old, and they are asked for again. While nobody sees the tab there is no stream;
 * when it is seen again everything is asked for anew, and the stream goes on from its cursor. A stream
 * that was refused is tried again by and by: tokens are renewed, keys and permissions change.
 */
import { QueryClient } from '@tanstack/react-query';
import {
  ApiError,
  type ApiClient,
  type EventView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';

/**
 * How the page learns what happens.
 *
 *  - `lost`: the backend does not answer, what is shown may be old
 *  - `signed-out`: it answers, and does not know who asks; what is shown may be old
 *  - `denied`: it knows, and this person may read no events: what is shown is asked for again by itself only
 */
export type LiveMode = 'starting' | 'stream' | 'polling' | 'lost' | 'signed-out' | 'denied';

/** Events come in bursts, and each answer is a query: so often at most. */
const REFRESH_MS = 500;
/** After so long a stream that was refused is asked for again. */
const RETRY_MS = 10_000;

export class LiveHub {
  readonly queries = new QueryClient({
    defaultOptions: {
      queries: { staleTime: 1_000, retry: isWorthRetry, refetchOnWindowFocus: false },
    },
  });
  #mode: LiveMode = 'starting';
  #users = 0;
  #stop: AbortController | undefined;
  #cursor: number | undefined;
  #refresh: ReturnType<typeof setTimeout> | undefined;
  /** What to wait before the next refresh: twice what the last one took, so that large answers are no flood. */
  #pauseMs = REFRESH_MS;
  #isAsking = false;
  #askAgain = false;
  readonly #onMode = new Set<() => void>();
  readonly #onEvent = new Set<(event: EventView) => void>();

  constructor(private readonly api: ApiClient) {}

  get mode(): LiveMode {
    return this.#mode;
  }

  /** For React's useSyncExternalStore. */
  readonly subscribeMode = (changed: () => void): (() => void) => {
    this.#onMode.add(changed);
    return () => this.#onMode.delete(changed);
  };

  /** Each event once, as it comes. */
  subscribeEvents(listener: (event: EventView) => void): () => void {
    this.#onEvent.add(listener);
    return () => this.#onEvent.delete(listener);
  }

  /** The stream stands as long as somebody uses it. Returns the end of this use. */
  use(): () => void {
    this.#users += 1;
    if (this.#users === 1) {
      document.addEventListener('visibilitychange', this.#onVisibility);
      this.start();
    }
    return () => {
      this.#users -= 1;
      if (this.#users > 0) return;
      document.removeEventListener('visibilitychange', this.#onVisibility);
      this.stop();
    };
  }

  readonly #onVisibility = (): void => {
    if (document.hidden) return this.stop();
    this.start();
    void this.queries.invalidateQueries();
  };

  /**
   * What is shown is asked for again, but for what reads a source or a target: no event tells of those,
   * and they cost more than a look into the database.
   */
  refresh(): Promise<void> {
    return this.queries.invalidateQueries({ predicate: ({ meta }) => meta?.['of'] !== 'places' });
  }

  private start(): void {
    if (this.#stop !== undefined || document.hidden) return;
    const stop = new AbortController();
    this.#stop = stop;
    void this.keepListening(stop.signal);
  }

  private async keepListening(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.listen(signal);
      } catch (error) {
        if (signal.aborted) return;
        const mode = modeOfError(error);
        this.say(mode);
        await this.untilWorthATry(mode, signal);
      }
    }
  }

  /** After a time; at once when a query is answered, since who may ask that is known again. */
  private untilWorthATry(mode: LiveMode, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const end = (): void => {
        clearTimeout(timer);
        ignoreQueries();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, RETRY_MS);
      // Who may read migrations and no events is answered all the time.
      const ignoreQueries =
        mode === 'denied'
          ? () => undefined
          : this.queries.getQueryCache().subscribe(event => {
              if (event.type === 'updated' && event.action.type === 'success') end();
            });
      signal.addEventListener('abort', end, { once: true });
    });
  }

  private stop(): void {
    this.#stop?.abort();
    this.#stop = undefined;
    clearTimeout(this.#refresh);
    this.#refresh = undefined;
  }

  private async listen(signal: AbortSignal): Promise<void> {
    const after = this.#cursor;
    const events = this.api.events({
      signal,
      ...(after === undefined ? {} : { after }),
      onMode: mode => {
        const wasBlind = isBlind(this.#mode);
        this.say(mode);
        // What happened meanwhile came by no event that this page saw, and what could not be asked
        // shows its error until it is.
        if (wasBlind && !isBlind(mode)) void this.queries.invalidateQueries();
      },
    });
    for await (const event of events) {
      this.#cursor = Math.max(this.#cursor ?? 0, event.id);
      this.#onEvent.forEach(listener => listener(event));
      this.refreshSoon();
    }
  }

  private refreshSoon(): void {
    if (this.#isAsking) {
      this.#askAgain = true;
      return;
    }
    this.#refresh ??= setTimeout(() => void this.refreshOften(), this.#pauseMs);
  }

  private async refreshOften(): Promise<void> {
    this.#refresh = undefined;
    this.#isAsking = true;
    const began = performance.now();
    await this.refresh();
    this.#pauseMs = Math.max(REFRESH_MS, 2 * (performance.now() - began));
    this.#isAsking = false;
    if (!this.#askAgain) return;
    this.#askAgain = false;
    if (this.#stop !== undefined) this.refreshSoon();
  }

  private say(mode: LiveMode): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#onMode.forEach(changed => changed());
  }
}

/** Events are missed. */
function isBlind(mode: LiveMode): boolean {
  return mode === 'lost' || mode === 'signed-out' || mode === 'denied';
}

function modeOfError(error: unknown): LiveMode {
  switch (error instanceof ApiError ? error.data.code : undefined) {
    case 'NOT_SIGNED_IN':
      return 'signed-out';
    case 'ACCESS_DENIED':
      return 'denied';
    default:
      return 'lost';
  }
}

/** Once, and only what says of itself that it may be otherwise a moment later. */
function isWorthRetry(failures: number, error: Error): boolean {
  return failures < 1 && error instanceof ApiError && error.data.retry === 'later';
}

const hubs = new WeakMap<ApiClient, LiveHub>();

/** The same one for every part of a page that has the same client. */
export function liveHubOf(api: ApiClient): LiveHub {
  let hub = hubs.get(api);
  if (hub === undefined) {
    hub = new LiveHub(api);
    hubs.set(api, hub);
  }
  return hub;
}
