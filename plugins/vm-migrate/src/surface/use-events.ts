/** The events of a migration: the newest at once, older ones when they are asked for, new ones as they happen. */
import type { ApiError } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useCallback, useEffect, useRef, useState } from 'react';
import { EMPTY_LOG, withEvents, withOlder, type EventLog } from './event-log';
import { useLiveMode, useSurface } from './surface';

const PAGE = 200;
/** Events that were committed late have ids a little below those that are known. */
const LOOK_BACK = 200;
const CATCH_UP_PAGE = 1_000;

export interface Events extends EventLog {
  readonly isLoading: boolean;
  readonly error: ApiError | null;
  /** Also after an error, to ask again. */
  readonly loadOlder: () => void;
}

/** `migration` stays the same as long as the component lives: give it a key. */
export function useEvents(migration: string): Events {
  const { api, hub } = useSurface();
  const mode = useLiveMode();
  const [log, setLog] = useState(EMPTY_LOG);
  const [isLoading, setLoading] = useState(false);
  const [hasFirst, setHasFirst] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const known = useRef(log);
  known.current = log;
  const isBusy = useRef(false);

  useEffect(
    () =>
      hub.subscribeEvents(event => {
        if (event.migration === migration) setLog(before => withEvents(before, [event]));
      }),
    [hub, migration],
  );

  const loadOlder = useCallback(() => {
    if (isBusy.current || known.current.isComplete) return;
    isBusy.current = true;
    setLoading(true);
    const before = known.current.events.at(-1)?.id ?? Number.MAX_SAFE_INTEGER;
    api
      .call('getEvents', { migration, before, limit: PAGE })
      .then(page => {
        setLog(current => withOlder(current, page, PAGE));
        setError(null);
        setHasFirst(true);
      })
      .catch((reason: unknown) => setError(reason as ApiError))
      .finally(() => {
        isBusy.current = false;
        setLoading(false);
      });
  }, [api, migration]);

  useEffect(loadOlder, [loadOlder]);

  // A stream that begins, or begins anew, says nothing of what happened before it stood, and the first
  // page may be older than that.
  useEffect(() => {
    if (mode !== 'stream' && mode !== 'polling') return undefined;
    if (!hasFirst) {
      // It failed while the backend did not answer.
      loadOlder();
      return undefined;
    }
    const stop = new AbortController();
    const newest = known.current.events[0]?.id ?? 0;
    const catchUp = async (): Promise<void> => {
      let after = Math.max(0, newest - LOOK_BACK);
      for (;;) {
        const page = await api.call(
          'getEvents',
          { migration, after, limit: CATCH_UP_PAGE },
          { signal: stop.signal },
        );
        const oldest = known.current.events.at(-1)?.id ?? 0;
        // What is older than all that is known comes by its own page, or a gap would look whole.
        setLog(before =>
          withEvents(
            before,
            page.filter(({ id }) => id > oldest),
          ),
        );
        const last = page.at(-1);
        if (page.length < CATCH_UP_PAGE || last === undefined) return;
        after = last.id;
      }
    };
    // What goes wrong here the page shows: the stream is lost again, or the older page has the error.
    catchUp().then(
      () => setError(null),
      () => undefined,
    );
    return () => stop.abort();
  }, [api, migration, mode, hasFirst, loadOlder]);

  return { ...log, isLoading, error, loadOlder };
}
