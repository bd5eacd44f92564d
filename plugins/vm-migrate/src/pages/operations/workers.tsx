/** Who works: where each worker is, what it can reach, and whether it is heard. */
import { Cell, CellText, Table, useBreakpoint, type ColumnConfig } from '@backstage/ui';
import type { WorkerView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useMemo } from 'react';
import { Age } from '../../parts/age';
import { CommandLine } from '../../parts/command-line';
import { Empty } from '../../parts/empty';
import { Failure } from '../../parts/failure';
import { durationText } from '../../parts/format';
import { Section } from '../../parts/section';
import { useWords } from '../../parts/use-words';
import { Waiting } from '../../parts/waiting';
import { useOperation } from '../../surface/queries';
import { Health } from './health';
import styles from './operations.module.css';

const ASK_MS = 5_000;
/** A worker beats every few seconds; one that is not heard for so long loses what it had in hand soon. */
const SILENT_MS = 30_000;

export function Workers() {
  const { t } = useWords();
  const { data, error } = useOperation('getWorkers', {}, { refetchMs: ASK_MS });
  const columns = useColumns();
  return (
    <Section title={t('operations.workers.title')}>
      {error !== null && <Failure error={error.data} />}
      {data === undefined && error === null && <Waiting lines={2} />}
      {data?.length === 0 && (
        <Empty
          title={t('operations.workers.none')}
          next={<CommandLine command="kubectl vm-migrate worker" />}
        >
          {t('operations.workers.noneWords')}
        </Empty>
      )}
      {data !== undefined && data.length > 0 && (
        <Table
          className={styles['table'] ?? ''}
          columnConfig={columns}
          data={data}
          pagination={{ type: 'none' }}
        />
      )}
    </Section>
  );
}

function useColumns(): readonly ColumnConfig<WorkerView>[] {
  const { t } = useWords();
  const isWide = useBreakpoint().up('md');
  return useMemo(
    () => [
      {
        id: 'id',
        label: t('operations.workers.worker'),
        isRowHeader: true,
        minWidth: isWide ? 180 : 0,
        defaultWidth: '2fr',
        cell: worker => (
          <Cell>
            <div className={styles['lines']}>
              <span>{worker.id}</span>
              <span className={styles['quiet']}>
                {[worker.surface, worker.host, worker.pid, worker.version].join(' · ')}
              </span>
              {!isWide && (
                <>
                  <Serves worker={worker} />
                  <span className={styles['quiet']}>
                    {t('operations.workers.inHand', { count: worker.steps })} ·{' '}
                    {t('operations.workers.started')} <Age at={worker.startedAt} />
                  </span>
                </>
              )}
            </div>
          </Cell>
        ),
      },
      {
        id: 'health',
        label: t('operations.workers.health'),
        width: isWide ? 150 : 120,
        cell: ({ silentMs }) => (
          <Cell>
            <div className={styles['lines']}>
              <Health state={silentMs > SILENT_MS ? 'silent' : 'ok'} />
              <span className={styles['quiet']}>
                {t('operations.workers.heard', { time: durationText(silentMs) })}
              </span>
            </div>
          </Cell>
        ),
      },
      {
        id: 'steps',
        label: t('operations.workers.steps'),
        width: 110,
        isHidden: !isWide,
        cell: ({ steps }) => <CellText title={t('operations.workers.inHand', { count: steps })} />,
      },
      {
        id: 'serves',
        label: t('operations.workers.serves'),
        minWidth: 160,
        defaultWidth: '2fr',
        isHidden: !isWide,
        cell: worker => (
          <Cell>
            <div className={styles['lines']}>
              <Serves worker={worker} />
            </div>
          </Cell>
        ),
      },
      {
        id: 'started',
        label: t('operations.workers.started'),
        width: 130,
        isHidden: !isWide,
        cell: ({ startedAt }) => (
          <Cell>
            <Age at={startedAt} />
          </Cell>
        ),
      },
    ],
    [t, isWide],
  );
}

function Serves({ worker: { sources, targets } }: { readonly worker: WorkerView }) {
  return (
    <>
      <span>{sources.join(', ') || '–'}</span>
      <span className={styles['quiet']}>→ {targets.join(', ') || '–'}</span>
    </>
  );
}
