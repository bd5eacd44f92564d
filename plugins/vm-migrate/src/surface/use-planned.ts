/** The plan of what is chosen now: asked for again a moment after the last choice. */
import type {
  ApiError,
  MigrationOptions,
  PlanView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useState } from 'react';
import { useSettled } from '../parts/use-settled';
import { useOperation } from './queries';

export interface Planned {
  /** The newest that came, also while the next one is on its way or failed. */
  readonly plan: PlanView | undefined;
  /** What is chosen now. */
  readonly options: MigrationOptions;
  /** It is the plan of what is chosen now, as new as the page. */
  readonly isCurrent: boolean;
  /** It is the plan of what is chosen now, maybe of a while ago: it is being asked for again. */
  readonly isOfChosen: boolean;
  readonly error: ApiError | null;
  readonly again: () => Promise<unknown>;
}

/**
 * `vm` stays the same as long as the component lives: give it a key.
 * `choose` says what is chosen, in terms of the last plan where that matters; it is pure.
 */
export function usePlanned(
  vm: string,
  choose: (last: PlanView | undefined) => MigrationOptions,
): Planned {
  const [last, setLast] = useState<PlanView>();
  const options = choose(last);
  const wanted = JSON.stringify(options);
  const asked = useSettled(wanted);
  const { data, error, isPlaceholderData, isFetching, refetch } = useOperation(
    'plan',
    { vm, options: JSON.parse(asked) as MigrationOptions },
    { of: 'places' },
  );
  // What is chosen may have other words in terms of this plan.
  if (data !== undefined && data !== last) setLast(data);
  const isOfChosen = data !== undefined && error === null && wanted === asked && !isPlaceholderData;
  return {
    plan: data ?? last,
    options,
    isCurrent: isOfChosen && !isFetching,
    isOfChosen,
    error: isFetching ? null : error,
    again: refetch,
  };
}
