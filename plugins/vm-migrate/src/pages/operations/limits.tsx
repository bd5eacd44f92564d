/** How much runs at once and how fast, and who said so last; changed while work goes on. */
import { Cell, Table, useBreakpoint, type ColumnConfig } from '@backstage/ui';
import { RiAddLine, RiPencilLine } from '@remixicon/react';
import { limitsPermission, type LimitView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useMemo, useState } from 'react';
import { Age } from '../../parts/age';
import { Failure } from '../../parts/failure';
import { rateText } from '../../parts/format';
import { ReasonButton } from '../../parts/reason-button';
import { Section } from '../../parts/section';
import { useWords } from '../../parts/use-words';
import { Waiting } from '../../parts/waiting';
import { useOperation } from '../../surface/queries';
import { useMay } from '../../surface/use-may';
import { LimitDialog } from './limit-dialog';
import { scopeWords } from './limit-scope';
import styles from './operations.module.css';

type LimitRow = LimitView & { readonly id: string };

export function Limits() {
  const { t } = useWords();
  const { data, error } = useOperation('getLimits', {});
  const mayChange = useMay(limitsPermission);
  const [edited, setEdited] = useState<LimitView | 'new'>();
  const refusal = mayChange !== false ? undefined : t('operations.limits.notAllowed');
  const columns = useColumns(refusal, setEdited);
  const rows = useMemo(() => data?.map(limit => ({ ...limit, id: limit.scope })), [data]);
  return (
    <Section
      title={t('operations.limits.title')}
      aside={
        <ReasonButton
          variant="secondary"
          iconStart={<RiAddLine aria-hidden />}
          refusal={refusal}
          onPress={() => setEdited('new')}
        >
          {t('operations.limits.add')}
        </ReasonButton>
      }
    >
      <p className={styles['words']}>{t('operations.limits.words')}</p>
      {error !== null && <Failure error={error.data} />}
      {data === undefined && error === null && <Waiting lines={2} />}
      {rows !== undefined && (
        <Table
          className={styles['table'] ?? ''}
          columnConfig={columns}
          data={rows}
          pagination={{ type: 'none' }}
          emptyState={t('operations.limits.none')}
        />
      )}
      {edited !== undefined && (
        <LimitDialog
          limit={edited === 'new' ? undefined : edited}
          taken={(data ?? []).map(({ scope }) => scope)}
          onClose={() => setEdited(undefined)}
        />
      )}
    </Section>
  );
}

function useColumns(
  refusal: string | undefined,
  onEdit: (limit: LimitView) => void,
): readonly ColumnConfig<LimitRow>[] {
  const { t } = useWords();
  const isWide = useBreakpoint().up('md');
  return useMemo(
    () => [
      {
        id: 'scope',
        label: t('operations.limits.scope'),
        isRowHeader: true,
        minWidth: isWide ? 160 : 0,
        defaultWidth: '2fr',
        cell: limit => (
          <Cell>
            <div className={styles['lines']}>
              <span>{scopeWords(limit.scope, t)}</span>
              <span className={styles['quiet']}>{limit.scope}</span>
              {!isWide && (
                <>
                  <span>
                    {t('operations.limits.running')}: <Running limit={limit} />
                  </span>
                  <span>
                    {t('operations.limits.rate')}: <Rate limit={limit} />
                  </span>
                  <span className={styles['quiet']}>
                    {t('operations.limits.changed')} <span>{limit.changedBy}</span>,{' '}
                    <Age at={limit.changedAt} />
                  </span>
                </>
              )}
            </div>
          </Cell>
        ),
      },
      {
        id: 'running',
        label: t('operations.limits.running'),
        minWidth: 110,
        isHidden: !isWide,
        cell: limit => (
          <Cell>
            <Running limit={limit} />
          </Cell>
        ),
      },
      {
        id: 'rate',
        label: t('operations.limits.rate'),
        minWidth: 110,
        isHidden: !isWide,
        cell: limit => (
          <Cell>
            <Rate limit={limit} />
          </Cell>
        ),
      },
      {
        id: 'changed',
        label: t('operations.limits.changed'),
        minWidth: 140,
        isHidden: !isWide,
        cell: ({ changedBy, changedAt }) => (
          <Cell>
            <div className={styles['lines']}>
              <span title={changedBy}>{changedBy}</span>
              <span className={styles['quiet']}>
                <Age at={changedAt} />
              </span>
            </div>
          </Cell>
        ),
      },
      {
        id: 'change',
        label: t('operations.limits.change'),
        width: 120,
        cell: limit => (
          <Cell>
            <ReasonButton
              size="small"
              variant="tertiary"
              iconStart={<RiPencilLine aria-hidden />}
              refusal={refusal}
              onPress={() => onEdit(limit)}
              aria-label={t('operations.limits.changeOf', { scope: scopeWords(limit.scope, t) })}
            >
              {t('operations.limits.change')}
            </ReasonButton>
          </Cell>
        ),
      },
    ],
    [t, isWide, refusal, onEdit],
  );
}

function Running({ limit: { maxRunning } }: { readonly limit: LimitView }) {
  const { t } = useWords();
  return <>{maxRunning === null ? t('operations.limits.free') : String(maxRunning)}</>;
}

function Rate({ limit: { bytesPerSecond } }: { readonly limit: LimitView }) {
  const { t, language } = useWords();
  return (
    <>
      {bytesPerSecond === null ? t('operations.limits.free') : rateText(bytesPerSecond, language)}
    </>
  );
}
