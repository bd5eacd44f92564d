/** List, then watch, for ever: what keeps a watch whole over cut connections, time-outs and 410. */
import type { IncomingMessage } from 'node:http';

import { EngineError } from '../../../errors';
import type { KubeList, WatchEvent } from './cluster-api';
import type { KubeObject } from './resources';
import { pauseMs, type RetryOptions, sleep } from './retry';
import { linesOf } from './transport';

export interface WatchSource<T> {
  list(): Promise<KubeList<T>>;
  /** @throws EngineError STORE_CONFLICT when the resourceVersion is too old (410) */
  open(resourceVersion: string, signal: AbortSignal): Promise<IncomingMessage>;
  readonly retry: RetryOptions;
}

interface WatchLine<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T & { readonly code?: number };
}

/**
 * Ends only when `signal` aborts, or with an error that trying again cannot mend (forbidden). While
 * the API server is away it goes on trying: a watcher has nothing better to do.
 */
export async function* watchObjects<T extends KubeObject>(
  { list, open, retry }: WatchSource<T>,
  signal: AbortSignal,
  since?: string,
): AsyncGenerator<WatchEvent<T>> {
  let from = since;
  let failures = 0;
  while (!signal.aborted) {
    const own = new AbortController();
    try {
      if (from === undefined) {
        const listed = await list();
        from = listed.resourceVersion;
        yield { type: 'synced', items: listed.items };
        if (signal.aborted) return;
      }
      const stream = await open(from, AbortSignal.any([signal, own.signal]));
      failures++; // until it has said something: what ends at once, again and again, is given pauses
      for await (const line of linesOf(stream)) {
        if (line === '') continue;
        const { type, object } = JSON.parse(line) as WatchLine<T>;
        if (type === 'ERROR') {
          if (object.code === 410) failures = 0;
          from = undefined; // whatever it was, the list tells the truth
          break;
        }
        failures = 0;
        from = object.metadata.resourceVersion ?? from;
        if (type === 'DELETED') yield { type: 'deleted', object };
        else if (type !== 'BOOKMARK') yield { type: 'changed', object };
      }
    } catch (thrown) {
      if (signal.aborted) return;
      if (isTooOld(thrown)) from = undefined;
      else if (isHopeless(thrown)) throw thrown;
      else failures++;
    } finally {
      own.abort();
    }
    if (failures > 0) await sleep(pauseMs(retry, Math.min(failures, 20), undefined), signal);
  }
}

function isTooOld(thrown: unknown): boolean {
  return thrown instanceof EngineError && thrown.code === 'STORE_CONFLICT';
}

/** A cut stream, a restarting server or a broken line pass; a refusal does not. */
function isHopeless(thrown: unknown): boolean {
  return thrown instanceof EngineError && thrown.code !== 'CLUSTER_UNREACHABLE';
}
