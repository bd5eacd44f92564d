import { useCallback, useMemo, useRef } from 'react';
import { useSearchParams } from 'react-router-dom';
import type { Draft } from './draft';
import { addressOfDraft, draftOfAddress } from './draft-address';

export interface DraftChange {
  readonly draft: Draft;
  readonly change: (changed: Partial<Draft>) => void;
}

/**
 * What is chosen, kept in the page's address. Changes of one choice after another, as by a slider or
 * letter by letter, are one step of the browser's way back.
 */
export function useDraft(vm: string): DraftChange {
  const [query, setQuery] = useSearchParams();
  const draft = useMemo(() => draftOfAddress(query), [query]);
  const last = useRef<{ readonly what: string; readonly address: string }>();
  const change = useCallback<DraftChange['change']>(
    changed => {
      const what = Object.keys(changed).sort().join();
      const next = addressOfDraft(vm, { ...draft, ...changed });
      const address = next.toString();
      if (address === query.toString()) return;
      // After the way back the next change is a step of its own again.
      const goesOn = last.current?.what === what && last.current.address === query.toString();
      last.current = { what, address };
      setQuery(next, { replace: goesOn });
    },
    [vm, draft, query, setQuery],
  );
  return { draft, change };
}
