/** All migrations: how many in which state, a page of them at a time, and what can be done with several. */
import { Button, ButtonLink } from '@backstage/ui';
import { RiAddLine, RiSearchLine } from '@remixicon/react';
import { useMemo, useState } from 'react';
import { Empty } from '../../parts/empty';
import { Failure } from '../../parts/failure';
import { useWords } from '../../parts/use-words';
import { useOperation } from '../../surface/queries';
import { useSurface } from '../../surface/surface';
import { PageFrame } from '../page-frame';
import { BulkActs } from './bulk-acts';
import { ListFilters } from './list-filters';
import { countInput, isFiltered, pageInput } from './list-state';
import { MigrationsTable } from './migrations-table';
import styles from './migrations.module.css';
import { StateFilter } from './state-filter';
import { useListState } from './use-list-state';

/** Bytes of a layer that is being copied come by no event. */
const MOVING_MS = 2_000;

const NONE: readonly never[] = [];

export function MigrationsPage() {
  const { t } = useWords();
  const { state, change } = useListState();
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const counts = useOperation('countMigrations', countInput(state));
  const isMoving = (counts.data?.byState.running ?? 0) > 0;
  const list = useOperation('getMigrations', pageInput(state), {
    refetchMs: isMoving ? MOVING_MS : undefined,
  });
  const place = useOperation('getPlace', {});
  const shown = list.data ?? NONE;
  const selected = useMemo(() => shown.filter(({ id }) => ids.has(id)), [shown, ids]);
  const owners = useMemo(
    () => shown.flatMap(({ owner }) => (owner === null ? [] : [owner])),
    [shown],
  );
  const failure = list.error ?? counts.error;
  const total = totalOf(counts.data, state.states);

  const isEmpty = list.data?.length === 0 && !list.isPlaceholderData;
  const isUnused = isEmpty && counts.data?.total === 0 && !isFiltered(state);

  return (
    <PageFrame>
      {failure !== null && <Failure error={failure.data} />}
      {isUnused && (
        <Empty title={t('migrations.empty.title')} next={<NewButton />}>
          {t('migrations.empty.words')}
        </Empty>
      )}
      {!isUnused && (failure === null || list.data !== undefined) && (
        <>
          <div className={styles['head']}>
            <StateFilter
              counts={counts.data}
              chosen={state.states}
              onChange={states => change({ states })}
            />
            <NewButton />
          </div>
          <ListFilters
            state={state}
            change={change}
            sources={place.data?.sources ?? NONE}
            owners={owners}
          />
          <BulkActs selected={selected} onClear={() => setIds(new Set())} />
          {isEmpty ? (
            <NothingFits onClear={() => change(EVERYTHING)} />
          ) : (
            <MigrationsTable
              state={state}
              change={change}
              migrations={list.data}
              isStale={list.isPlaceholderData}
              total={total}
              selected={new Set(selected.map(({ id }) => id))}
              onSelect={setIds}
            />
          )}
        </>
      )}
    </PageFrame>
  );
}

const EVERYTHING = { states: [], text: undefined, owner: undefined, source: undefined } as const;

/** Of the states that are chosen; none: of all. */
function totalOf(
  counts: { total: number; byState: Readonly<Record<string, number>> } | undefined,
  states: readonly string[],
): number | undefined {
  if (counts === undefined || states.length === 0) return counts?.total;
  return states.reduce((sum, state) => sum + (counts.byState[state] ?? 0), 0);
}

function NewButton() {
  const { t } = useWords();
  const { links } = useSurface();
  return (
    <ButtonLink variant="primary" href={links.newMigration()} iconStart={<RiAddLine aria-hidden />}>
      {t('nav.new')}
    </ButtonLink>
  );
}

function NothingFits({ onClear }: { readonly onClear: () => void }) {
  const { t } = useWords();
  return (
    <Empty
      icon={<RiSearchLine aria-hidden />}
      title={t('migrations.nothingFits.title')}
      next={
        <Button variant="secondary" onPress={onClear}>
          {t('migrations.nothingFits.clear')}
        </Button>
      }
    >
      {t('migrations.nothingFits.words')}
    </Empty>
  );
}
