/** One act on many migrations, and what came of each: some may fail and the others are done all the same. */
import { useAnalytics } from '@backstage/frontend-plugin-api';
import {
  ApiError,
  type CancelChoice,
  type MigrationView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useSurface } from '../../surface/surface';
import { perform, type Act } from './acts';

/** What is asked for at a time: a cancel waits for its migration's running steps. */
const AT_ONCE = 4;

export type Outcome =
  | { readonly state: 'asked' }
  | { readonly state: 'done' }
  | { readonly state: 'failed'; readonly error: ApiError };

export interface RunAct {
  /** By id of the migration, as they come. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly isRunning: boolean;
  readonly run: (migrations: readonly MigrationView[], objects: CancelChoice) => Promise<void>;
}

export function useRunAct(act: Act): RunAct {
  const { api, hub } = useSurface();
  const analytics = useAnalytics();
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, Outcome>>(new Map());
  const [isRunning, setRunning] = useState(false);
  const isShown = useRef(true);
  useEffect(() => {
    isShown.current = true;
    return () => void (isShown.current = false);
  }, []);

  const run = useCallback<RunAct['run']>(
    async (migrations, objects) => {
      const say = (id: string, outcome: Outcome) => {
        if (isShown.current) setOutcomes(known => new Map(known).set(id, outcome));
      };
      setRunning(true);
      const queue = [...migrations];
      const next = async (): Promise<void> => {
        for (;;) {
          const migration = queue.shift();
          if (migration === undefined) return;
          say(migration.id, { state: 'asked' });
          analytics.captureEvent(act, migration.id, {
            attributes: act === 'cancel' ? { objects } : {},
          });
          try {
            await perform(api, act, migration.id, objects);
            say(migration.id, { state: 'done' });
          } catch (error) {
            say(migration.id, { state: 'failed', error: apiErrorOf(error) });
          }
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, next));
      if (isShown.current) setRunning(false);
      await hub.refresh();
    },
    [act, analytics, api, hub],
  );
  return { outcomes, isRunning, run };
}

function apiErrorOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError({ code: 'INTERNAL', message: String(error) });
}
