/**
 * Events of the migrations that a person may read, as server-sent events. His permissions are asked
 * again every minute, and the stream ends with his token: he comes back with a new one and the last
 * cursor. The engine says when there is something to read; what is sent comes from the tables.
 */
import type { BackstageCredentials } from '@backstage/backend-plugin-api';
import { STREAM_BEAT_MS, type EventView } from '@vm-migrate/api';
import type { CallerView, Engine } from '@vm-migrate/engine';
import type { Response } from 'express';

export interface StreamOptions {
  readonly engine: Engine;
  readonly response: Response;
  readonly credentials: BackstageCredentials;
  /** Asked again and again. @throws EngineError when he may not read (any more) */
  readonly reader: () => Promise<CallerView>;
  /** Ends when the backend does. */
  readonly signal: AbortSignal;
  readonly after: number | undefined;
  readonly migration: string | undefined;
  readonly times?: Partial<StreamTimes>;
}

export interface StreamTimes {
  readonly beatMs: number;
  /** A change is announced to every listener; this looks even if one was lost. */
  readonly lookMs: number;
  /** Permissions are asked again after so long. */
  readonly askAgainMs: number;
  /** A stream ends after so long, whatever the token says. */
  readonly longestMs: number;
}

const TIMES: StreamTimes = {
  beatMs: STREAM_BEAT_MS,
  lookMs: 5_000,
  askAgainMs: 60_000,
  longestMs: 3_600_000,
};
const PAGE = 500;
/** Ids of events that were sent and may still be looked at as late ones. */
const KNOWN_IDS = 10_000;

/** Returns when the stream is over. @throws EngineError before the first byte is sent */
export async function streamEvents(options: StreamOptions): Promise<void> {
  const { engine, response, credentials, signal, migration } = options;
  const times = { ...TIMES, ...options.times };
  let reader = await options.reader();
  let cursor = options.after ?? (await engine.lastEventId());
  const sent = new SentIds();
  const ended = endOf(response, signal, endsAt(credentials, times));
  let wake = (): void => undefined;
  const unlisten = await engine.onChange(() => wake());
  try {
    const filter = migration === undefined ? {} : { migration };
    // From now on: what was committed before is known or not asked for, also where it looks late.
    if (options.after === undefined) {
      const { late } = await reader.eventsSince({ ...filter, after: cursor, limit: PAGE });
      late.forEach(({ id }) => sent.add(id));
    }
    open(response);
    write(response, 'ready', { after: cursor });
    let askedAt = performance.now();
    let wroteAt = performance.now();
    while (!ended.aborted) {
      const changed = new Promise<void>(resolve => (wake = resolve));
      if (performance.now() - askedAt > times.askAgainMs) {
        reader = await options.reader();
        askedAt = performance.now();
      }
      const { late, events } = await reader.eventsSince({ ...filter, after: cursor, limit: PAGE });
      for (const event of [...late, ...events]) {
        if (!sent.add(event.id)) continue;
        write(response, 'event', event);
        wroteAt = performance.now();
      }
      cursor = events.at(-1)?.id ?? cursor;
      if (response.writableNeedDrain) await drained(response, ended);
      if (events.length === PAGE) continue;
      if (performance.now() - wroteAt >= times.beatMs) {
        response.write(': beat\n\n');
        wroteAt = performance.now();
      }
      await firstOf(changed, Math.min(times.lookMs, times.beatMs), ended);
    }
  } catch (error) {
    if (!response.headersSent) throw error;
    // Whoever may not read any more, or a database that went away: he comes back and is told.
  } finally {
    await unlisten().catch(() => undefined);
    if (response.headersSent) response.end();
  }
}

function open(response: Response): void {
  response.status(200).set({
    'content-type': 'text/event-stream; charset=utf-8',
    // no-transform: what compresses answers would hold the events back until a block is full.
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
}

function write(response: Response, event: string, data: EventView | { after: number }): void {
  response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

function endsAt({ expiresAt }: BackstageCredentials, { longestMs }: StreamTimes): number {
  const ofToken = expiresAt === undefined ? Infinity : expiresAt.getTime() - Date.now();
  return Math.max(0, Math.min(ofToken, longestMs));
}

/** The other side left, the backend stops, or the token ends. */
function endOf(response: Response, signal: AbortSignal, ms: number): AbortSignal {
  const left = new AbortController();
  response.on('close', () => left.abort());
  // He may have left while it was found out what he may read; nothing tells that a second time.
  if (response.destroyed) left.abort();
  return AbortSignal.any([left.signal, signal, AbortSignal.timeout(ms)]);
}

function drained(response: Response, ended: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    response.once('drain', resolve);
    ended.addEventListener('abort', () => resolve(), { once: true });
  });
}

function firstOf(change: Promise<void>, ms: number, ended: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const end = (): void => {
      clearTimeout(timer);
      ended.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    ended.addEventListener('abort', end, { once: true });
    void change.then(end);
  });
}

class SentIds {
  readonly #ids = new Set<number>();

  /** False when it was there. */
  add(id: number): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    if (this.#ids.size > KNOWN_IDS) this.#ids.delete(this.#ids.values().next().value ?? id);
    return true;
  }
}
