/** Who works on what, and why the next steps wait. */
import {
  Cell,
  CellText,
  Link,
  Table,
  ToggleButton,
  useBreakpoint,
  type ColumnConfig,
} from '@backstage/ui';
import {
  printable,
  type QueuedStateView,
  type QueuedStepView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { RiCheckDoubleLine } from '@remixicon/react';
import { useMemo, useState } from 'react';
import { useNow } from '../../parts/age';
import { Awaited } from '../../parts/awaited';
import { durationText } from '../../parts/format';
import { Empty } from '../../parts/empty';
import { EngineText } from '../../parts/engine-text';
import { Failure } from '../../parts/failure';
import { ProgressBar } from '../../parts/progress-bar';
import { Section } from '../../parts/section';
import { useWords } from '../../parts/use-words';
import { Waiting } from '../../parts/waiting';
import { useOperation } from '../../surface/queries';
import { useSurface } from '../../surface/surface';
import styles from './operations.module.css';

const STATES: readonly QueuedStateView[] = ['running', 'waiting', 'queued', 'ready', 'paused'];
const PAGE_SIZE = 20;
/** Progress and rates move without events. */
const ASK_MS = 2_000;

interface QueueRow extends QueuedStepView {
  /** Steps of two migrations may have the same id. */
  readonly key: string;
}

export function Queue() {
  const { t } = useWords();
  const [states, setStates] = useState<readonly QueuedStateView[]>([]);
  const [page, setPage] = useState(0);
  const { data, error, isPlaceholderData } = useOperation(
    'getQueue',
    {
      ...(states.length === 0 ? {} : { states: [...states] }),
      limit: PAGE_SIZE,
      offset: page * PAGE_SIZE,
    },
    { refetchMs: ASK_MS },
  );
  const columns = useColumns();
  const counts = data?.counts;
  const total = (states.length === 0 ? STATES : states).reduce(
    (sum, state) => sum + (counts?.[state] ?? 0),
    0,
  );
  const rows = useMemo(
    () => data?.steps.map(step => ({ ...step, id: `${step.migration}/${step.id}`, key: step.id })),
    [data],
  );
  const toggle = (state: QueuedStateView) => {
    setStates(STATES.filter(known => states.includes(known) !== (known === state)));
    setPage(0);
  };
  return (
    <Section
      title={t('operations.queue.title')}
      aside={
        <div className={styles['states']} role="group" aria-label={t('operations.queue.states')}>
          {STATES.map(state => (
            <ToggleButton
              key={state}
              isSelected={states.includes(state)}
              onChange={() => toggle(state)}
            >
              {t(`operations.queue.${state}`)} <b>{String(counts?.[state] ?? '–')}</b>
            </ToggleButton>
          ))}
        </div>
      }
    >
      {error !== null && <Failure error={error.data} />}
      {data === undefined && error === null && <Waiting lines={3} />}
      {rows?.length === 0 && (
        <Empty
          icon={<RiCheckDoubleLine aria-hidden />}
          title={states.length === 0 ? t('operations.queue.none') : t('operations.queue.noneOf')}
        >
          {states.length === 0 && t('operations.queue.noneWords')}
        </Empty>
      )}
      {rows !== undefined && rows.length > 0 && (
        <Table
          className={styles['table'] ?? ''}
          columnConfig={columns}
          data={rows}
          isStale={isPlaceholderData}
          pagination={
            total <= PAGE_SIZE
              ? { type: 'none' }
              : {
                  type: 'page',
                  pageSize: PAGE_SIZE,
                  pageSizeOptions: [],
                  offset: page * PAGE_SIZE,
                  totalCount: total,
                  hasPreviousPage: page > 0,
                  hasNextPage: (page + 1) * PAGE_SIZE < total,
                  onPreviousPage: () => setPage(page - 1),
                  onNextPage: () => setPage(page + 1),
                  getLabel: () =>
                    t('migrations.range', {
                      from: String(page * PAGE_SIZE + 1),
                      to: String(Math.min(total, (page + 1) * PAGE_SIZE)),
                      total: String(total),
                    }),
                }
          }
        />
      )}
    </Section>
  );
}

function useColumns(): readonly ColumnConfig<QueueRow>[] {
  const { t } = useWords();
  const isWide = useBreakpoint().up('md');
  return useMemo(
    () => [
      {
        id: 'step',
        label: t('operations.queue.step'),
        isRowHeader: true,
        minWidth: isWide ? 200 : 0,
        defaultWidth: '3fr',
        cell: step => (
          <Cell>
            <div className={styles['lines']}>
              <StepWords step={step} />
              {!isWide && (
                <>
                  <span>
                    <StepState step={step} />
                    {step.worker !== null && (
                      <span className={styles['quiet']}> · {step.worker}</span>
                    )}
                  </span>
                  <How step={step} />
                </>
              )}
            </div>
          </Cell>
        ),
      },
      {
        id: 'state',
        label: t('operations.queue.state'),
        width: 110,
        isHidden: !isWide,
        cell: step => (
          <Cell>
            <StepState step={step} />
          </Cell>
        ),
      },
      {
        id: 'how',
        label: t('operations.queue.how'),
        minWidth: 200,
        defaultWidth: '3fr',
        isHidden: !isWide,
        cell: step => (
          <Cell>
            <How step={step} />
          </Cell>
        ),
      },
      {
        id: 'worker',
        label: t('operations.queue.worker'),
        minWidth: 120,
        defaultWidth: '1fr',
        isHidden: !isWide,
        cell: ({ worker }) => <CellText title={worker ?? '–'} />,
      },
    ],
    [t, isWide],
  );
}

function StepWords({ step: { words, migration, vm } }: { readonly step: QueueRow }) {
  const { links } = useSurface();
  return (
    <>
      <span title={printable(words)}>
        <EngineText>{words}</EngineText>
      </span>
      <Link href={links.migration(migration)} variant="body-small">
        {printable(vm)} · {migration}
      </Link>
    </>
  );
}

function StepState({ step: { state } }: { readonly step: QueueRow }) {
  const { t } = useWords();
  return <>{t(`operations.queue.${state}`)}</>;
}

/** How far it is, or what it waits for and since when. */
function How({ step }: { readonly step: QueueRow }) {
  const { t } = useWords();
  const now = useNow();
  const { words, progress, waitsFor, waitsSince, error } = step;
  // Of what waits and has not begun a bar says nothing.
  const hasBegun = waitsFor === null || (progress?.bytesDone ?? 0) > 0;
  return (
    <div className={styles['lines']}>
      {progress !== null && progress.bytesTotal > 0 && hasBegun && (
        <ProgressBar
          label={t('operations.queue.progressOf', { step: printable(words) })}
          progress={progress}
          details="under"
        />
      )}
      {waitsFor !== null && (
        <span>
          {t('migration.waits.for')} <Awaited>{waitsFor}</Awaited>{' '}
          {waitsSince !== null && (
            <span className={styles['quiet']}>
              {t('history.since', { time: durationText(now - Date.parse(waitsSince)) })}
            </span>
          )}
        </span>
      )}
      {error !== null && (
        <span className={styles['error']}>
          <code>{error.code}</code> <EngineText>{error.message}</EngineText>
        </span>
      )}
    </div>
  );
}
