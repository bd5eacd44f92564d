/** Which migrations are shown: by a text, by the owner of the VM, by the source. */
import { Combobox, SearchField, Select } from '@backstage/ui';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useWords } from '../../parts/use-words';
import type { ListChange } from './use-list-state';
import styles from './migrations.module.css';

export interface ListFiltersProps extends ListChange {
  readonly sources: readonly string[];
  /** Owners to offer; any other can be typed. */
  readonly owners: readonly string[];
}

/** Key of the entry that chooses none: a name of a source is never empty. */
const ANY = '';

export function ListFilters({ state, change, sources, owners }: ListFiltersProps) {
  const { t } = useWords();
  const offered = useMemo(
    () => [...new Set([...sources, ...(state.source === undefined ? [] : [state.source])])].sort(),
    [sources, state.source],
  );
  return (
    <div className={styles['filters']} role="search" aria-label={t('migrations.filters')}>
      <Find
        text={state.text}
        onChange={text => change({ text }, { replace: state.text !== undefined })}
      />
      <Select
        aria-label={t('migrations.source')}
        className={styles['filter'] ?? ''}
        options={[
          { value: ANY, label: t('migrations.anySource') },
          ...offered.map(name => ({ value: name, label: name })),
        ]}
        value={state.source ?? ANY}
        onChange={key => change({ source: key === ANY || key === null ? undefined : String(key) })}
      />
      <OwnerFilter owner={state.owner} owners={owners} onChange={owner => change({ owner })} />
    </div>
  );
}

/** So long after the last key the list is asked for. */
const TYPING_MS = 300;

function Find({
  text,
  onChange,
}: {
  readonly text: string | undefined;
  readonly onChange: (text: string | undefined) => void;
}) {
  const { t } = useWords();
  const [typed, setTyped] = useState(text ?? '');
  const said = useRef(text);
  // The address changed by itself: a link, or the browser's way back.
  useEffect(() => {
    if (said.current === text) return;
    said.current = text;
    setTyped(text ?? '');
  }, [text]);
  useEffect(() => {
    const trimmed = typed.trim();
    const next = trimmed === '' ? undefined : trimmed;
    if (next === said.current) return undefined;
    const timer = setTimeout(() => {
      said.current = next;
      onChange(next);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, onChange]);
  return (
    <SearchField
      aria-label={t('migrations.find')}
      placeholder={t('migrations.findWhat')}
      className={styles['find'] ?? ''}
      value={typed}
      maxLength={200}
      onChange={setTyped}
    />
  );
}

function OwnerFilter({
  owner,
  owners,
  onChange,
}: {
  readonly owner: string | undefined;
  readonly owners: readonly string[];
  readonly onChange: (owner: string | undefined) => void;
}) {
  const { t } = useWords();
  const options = [...new Set([...owners, ...(owner === undefined ? [] : [owner])])].sort();
  return (
    <Combobox
      aria-label={t('migrations.owner')}
      placeholder={t('migrations.anyOwner')}
      className={styles['filter'] ?? ''}
      allowsCustomValue
      menuTrigger="focus"
      key={owner}
      options={options.map(ref => ({ value: ref, label: shortRef(ref) }))}
      defaultValue={owner ?? null}
      onChange={key => onChange(key === null || key === '' ? undefined : String(key))}
    />
  );
}

/** `group:default/ops` as people say it. */
export function shortRef(ref: string): string {
  return ref.replace(/^(group|user):(default\/)?/, '');
}
