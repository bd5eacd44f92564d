/** The time that a migration's page tells: from when to when, and what it is the time of. Pure. */
import type { DescriptionView } from '@vm-migrate/backstage-plugin-vm-migrate-common';

export interface Elapsed {
  /**
   *  - `sinceStart`: it runs, and this is the time since it was started, with whatever it was paused for
   *  - `paused`, `failed`: since it is
   *  - `took`: from its start to the end of its last step; a later verification is no part of it
   */
  readonly of: 'sinceStart' | 'paused' | 'failed' | 'took';
  readonly fromAt: string;
  /** Null: it goes on. */
  readonly toAt: string | null;
}

type Described = Pick<DescriptionView, 'migration' | 'steps' | 'events'>;

/** Undefined: nothing that is known says since when. */
export function elapsedOf({ migration, steps, events }: Described): Elapsed | undefined {
  const { state, createdAt, finishedAt, beginsAt } = migration;
  const took = (toAt: string): Elapsed => ({ of: 'took', fromAt: createdAt, toAt });
  switch (state) {
    case 'migrated':
    case 'canceled': {
      const end = endOf(steps) ?? finishedAt;
      return end === null ? undefined : took(end);
    }
    case 'running': {
      // Only read again, whole: what was migrated is.
      const end = isVerifying(steps) ? endOf(steps) : undefined;
      return end === undefined ? { of: 'sinceStart', fromAt: createdAt, toAt: null } : took(end);
    }
    case 'paused':
    case 'failed': {
      // One that begins later is no work that was stopped.
      if (beginsAt !== null) return undefined;
      const fromAt =
        stateSince(state, events) ?? (state === 'failed' ? failedAt(steps) : undefined);
      return fromAt === undefined ? undefined : { of: state, fromAt, toAt: null };
    }
  }
}

/** Whether VolumeSnapshots are read whole, or wait for that. */
export function isVerifying(steps: Described['steps']): boolean {
  return steps.some(
    ({ kind, state }) =>
      kind === 'verifySnapshot' && state !== 'done' && state !== 'canceled' && state !== 'failed',
  );
}

/** Only the newest events are known: undefined when the change of the state is no longer among them. */
function stateSince(state: string, events: Described['events']): string | undefined {
  const last = events
    .filter(({ kind }) => kind.startsWith('migration-'))
    .reduce<Described['events'][number] | undefined>(
      (latest, event) => (latest !== undefined && latest.id > event.id ? latest : event),
      undefined,
    );
  return last?.kind === `migration-${state}` ? last.at : undefined;
}

function failedAt(steps: Described['steps']): string | undefined {
  return latestOf(steps.filter(({ state }) => state === 'failed'));
}

/** When the last step that migrates ended; undefined while one is open. */
function endOf(steps: Described['steps']): string | undefined {
  const migrating = steps.filter(({ kind }) => kind !== 'verifySnapshot');
  const isOpen = migrating.some(({ state }) => state !== 'done' && state !== 'canceled');
  return isOpen ? undefined : latestOf(migrating);
}

function latestOf(steps: Described['steps']): string | undefined {
  const ends = steps.flatMap(({ finishedAt }) => (finishedAt === null ? [] : [finishedAt]));
  return ends.toSorted((a, b) => Date.parse(a) - Date.parse(b)).at(-1);
}
