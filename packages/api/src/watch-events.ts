/**
 * Events as they happen, from a cursor on: by the stream while it works, by asking every two seconds
 * where something between here and the backend holds the stream back. It comes back by itself after
 * a lost connection, a restart of the backend and a sleep. An event may come a little after one with
 * a greater id, and one of the half minute before the given cursor may come again; none is left out.
 */
import { ApiError } from './errors';
import { StreamParser } from './event-stream';
import type { OperationInput } from './operations';
import { STREAM_BEAT_MS, STREAM_PATH } from './routes';
import type { EventView } from './views';

/** An answer with a good status. @throws ApiError */
export type Request = (path: string, init: RequestInit) => Promise<Response>;

/** The query that polling asks. */
export type GetEvents = (
  name: 'getEvents',
  input: OperationInput<'getEvents'>,
  options: { readonly signal: AbortSignal },
) => Promise<readonly EventView[]>;

export interface WatchOptions {
  readonly signal: AbortSignal;
  /** Cursor: the id of the last event that is known. Absent: what happens from now on. */
  readonly after?: number;
  readonly migration?: string;
  /** How the events come: for a page that shows it. */
  readonly onMode?: (mode: 'stream' | 'polling' | 'lost') => void;
  readonly times?: Partial<WatchTimes>;
}

export interface WatchTimes {
  /** A stream that says nothing, not even a beat, for so long is given up. */
  readonly silenceMs: number;
  /** The first word of a stream, before it counts as held back. */
  readonly openMs: number;
  readonly pollMs: number;
  /** After so long of polling the stream is tried again. */
  readonly tryStreamMs: number;
  readonly retryMs: number;
}

const TIMES: WatchTimes = {
  silenceMs: STREAM_BEAT_MS * 2.5,
  openMs: 5_000,
  pollMs: 2_000,
  tryStreamMs: 60_000,
  retryMs: 1_000,
};

/** So many ids are remembered, to leave out what comes twice. */
const KNOWN_IDS = 5_000;
/** Polling looks so far behind its cursor for events that were committed late. */
const LOOK_BACK = 200;
const PAGE = 1_000;

export async function* watchEvents(
  { request, call }: { readonly request: Request; readonly call: GetEvents },
  options: WatchOptions,
): AsyncGenerator<EventView> {
  const { signal, migration, onMode = () => undefined } = options;
  const times = { ...TIMES, ...options.times };
  const seen = new SeenEvents(options.after);
  let pollUntil = 0;
  while (!signal.aborted) {
    try {
      if (performance.now() < pollUntil && seen.cursor !== undefined) {
        onMode('polling');
        yield* poll(call, seen, migration, signal);
        await pause(times.pollMs, signal);
        continue;
      }
      const how = yield* stream(request, seen, { migration, signal, times, onMode });
      if (how === 'held back') {
        if (seen.cursor === undefined) seen.begin(await newestId(call, signal));
        pollUntil = performance.now() + times.tryStreamMs;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && isFinal(error)) throw error;
      onMode('lost');
      await pause(times.retryMs, signal);
    }
  }
}

/** Asking again would answer the same. A token that ended may be renewed, but not by waiting. */
function isFinal({ code }: ApiError): boolean {
  return ['NOT_SIGNED_IN', 'ACCESS_DENIED', 'USAGE', 'NOT_FOUND'].includes(code);
}

class SeenEvents {
  readonly #ids = new Set<number>();

  /** Where the watcher began; what is older he knows, or does not ask for. */
  #start: number | undefined;

  constructor(public cursor: number | undefined) {
    this.#start = cursor;
  }

  begin(cursor: number): void {
    this.#start ??= cursor;
    this.cursor ??= cursor;
  }

  isOld({ id }: EventView): boolean {
    return id <= (this.#start ?? 0);
  }

  /** The events that were not seen before. */
  *fresh(events: readonly EventView[]): Generator<EventView> {
    for (const event of events) {
      if (this.#ids.has(event.id)) continue;
      this.#ids.add(event.id);
      if (this.#ids.size > KNOWN_IDS) this.#ids.delete(this.#ids.values().next().value ?? 0);
      this.cursor = Math.max(this.cursor ?? 0, event.id);
      yield event;
    }
  }
}

interface StreamOptions extends Pick<WatchOptions, 'signal' | 'migration'> {
  readonly times: WatchTimes;
  readonly onMode: NonNullable<WatchOptions['onMode']>;
}

/** `held back`: something on the way keeps the stream's words for itself. */
async function* stream(
  request: Request,
  seen: SeenEvents,
  { signal, migration, times, onMode }: StreamOptions,
): AsyncGenerator<EventView, 'ended' | 'held back'> {
  const quiet = new Watchdog(times.openMs);
  const query = new URLSearchParams();
  if (seen.cursor !== undefined) query.set('after', String(seen.cursor));
  if (migration !== undefined) query.set('migration', migration);
  let isOpen = false;
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  try {
    const answer = await request(`${STREAM_PATH}?${query.toString()}`, {
      signal: AbortSignal.any([signal, quiet.signal]),
    });
    if (answer.body === null) return 'held back';
    reader = answer.body.getReader();
    const decoder = new TextDecoder();
    const parser = new StreamParser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return isOpen ? 'ended' : 'held back';
      if (isOpen) quiet.again(times.silenceMs);
      for (const { event, data } of parser.push(decoder.decode(value, { stream: true }))) {
        const said = JSON.parse(data) as unknown;
        if (event === 'ready') {
          isOpen = true;
          quiet.again(times.silenceMs);
          seen.begin((said as { after: number }).after);
          onMode('stream');
        } else if (event === 'event') {
          // An event of before the cursor is one that was committed late, or one that is known.
          yield* seen.fresh([said as EventView]);
        }
      }
    }
  } catch (error) {
    if (quiet.signal.aborted && !signal.aborted) return isOpen ? 'ended' : 'held back';
    throw error;
  } finally {
    quiet.stop();
    await reader?.cancel().catch(() => undefined);
  }
}

async function* poll(
  call: GetEvents,
  seen: SeenEvents,
  migration: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<EventView> {
  const filter = migration === undefined ? {} : { migration };
  let after = Math.max(0, (seen.cursor ?? 0) - LOOK_BACK);
  for (;;) {
    const events = await call('getEvents', { ...filter, after, limit: PAGE }, { signal });
    yield* seen.fresh(events.filter(event => !seen.isOld(event)));
    const last = events.at(-1);
    if (events.length < PAGE || last === undefined) return;
    after = last.id;
  }
}

/** Without a stream nobody says where now is: page through to the end. */
async function newestId(call: GetEvents, signal: AbortSignal): Promise<number> {
  let after = 0;
  for (;;) {
    const events = await call('getEvents', { after, limit: PAGE }, { signal });
    const last = events.at(-1);
    if (last === undefined) return after;
    after = last.id;
    if (events.length < PAGE) return after;
  }
}

/** Aborts when nothing was heard for a time. */
class Watchdog {
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout>;

  constructor(ms: number) {
    this.#timer = setTimeout(() => this.#controller.abort(), ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  again(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}
