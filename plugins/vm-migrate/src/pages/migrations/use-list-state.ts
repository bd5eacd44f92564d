import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router-dom';
import { listStateOf, queryOf, type ListState } from './list-state';

export interface ListChange {
  readonly state: ListState;
  /** Any change but one of the page itself leads back to the first page. */
  readonly change: (change: Partial<ListState>, how?: { readonly replace: boolean }) => void;
}

/** What the list shows, kept in the page's address. */
export function useListState(): ListChange {
  const [query, setQuery] = useSearchParams();
  const state = useMemo(() => listStateOf(query), [query]);
  const change = useCallback<ListChange['change']>(
    (changed, how) =>
      setQuery(before => queryOf({ ...listStateOf(before), page: 0, ...changed }), how),
    [setQuery],
  );
  return { state, change };
}
