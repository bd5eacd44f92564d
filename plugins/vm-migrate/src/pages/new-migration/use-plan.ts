/** The plan of what is chosen now: asked for again a moment after the last choice. */
import type {
  ApiError,
  MigrationOptions,
  PlanView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useEffect, useRef, useState } from 'react';
import { useOperation } from '../../surface/queries';
import { optionsOf, type Draft } from './draft';

/** So long after the last choice: a slider is moved through many. */
const SETTLE_MS = 350;

export interface PlannedDraft {
  /** The newest that came, also while the next one is on its way or failed. */
  readonly plan: PlanView | undefined;
  /** What it is the plan of. */
  readonly options: MigrationOptions;
  /** It is the plan of what is chosen now. */
  readonly isCurrent: boolean;
  readonly error: ApiError | null;
  readonly again: () => Promise<unknown>;
}

export function usePlan(vm: string, draft: Draft): PlannedDraft {
  const last = useRef<PlanView>();
  const options = optionsOf(draft, last.current?.snapshots ?? []);
  const wanted = JSON.stringify(options);
  const [asked, setAsked] = useState(wanted);
  useEffect(() => {
    if (wanted === asked) return undefined;
    const timer = setTimeout(() => setAsked(wanted), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [wanted, asked]);
  const { data, error, isPlaceholderData, isFetching, refetch } = useOperation(
    'plan',
    { vm, options: JSON.parse(asked) as MigrationOptions },
    { of: 'places' },
  );
  if (data !== undefined) last.current = data;
  return {
    plan: data ?? last.current,
    options,
    isCurrent:
      data !== undefined && error === null && wanted === asked && !isPlaceholderData && !isFetching,
    error: isFetching ? null : error,
    again: refetch,
  };
}
