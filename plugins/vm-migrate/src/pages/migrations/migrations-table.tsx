/** One page of migrations: how far each is, and which are selected. */
import { Cell, Link, Table, useBreakpoint, type ColumnConfig } from '@backstage/ui';
import { printable, type MigrationView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useMemo, type ReactNode } from 'react';
import { Age } from '../../parts/age';
import { EngineText } from '../../parts/engine-text';
import { dateText } from '../../parts/format';
import { LongWait } from '../../parts/long-wait';
import { ProgressBar } from '../../parts/progress-bar';
import { StateTag } from '../../parts/state-tag';
import { useWords } from '../../parts/use-words';
import { useSurface } from '../../surface/surface';
import { shortRef } from './list-filters';
import { PAGE_SIZES, type Sort } from './list-state';
import styles from './migrations.module.css';
import type { ListChange } from './use-list-state';

export interface MigrationsTableProps extends ListChange {
  /** Undefined while they are on their way. */
  readonly migrations: readonly MigrationView[] | undefined;
  /** Shown are those of an earlier question. */
  readonly isStale: boolean;
  /** Of all pages. */
  readonly total: number | undefined;
  readonly selected: ReadonlySet<string>;
  readonly onSelect: (ids: ReadonlySet<string>) => void;
}

export function MigrationsTable({
  state,
  change,
  migrations,
  isStale,
  total,
  selected,
  onSelect,
}: MigrationsTableProps) {
  const { t } = useWords();
  const columns = useColumns();
  const { page, pageSize, sort } = state;
  return (
    <Table
      className={styles['table'] ?? ''}
      columnConfig={columns}
      data={migrations === undefined ? undefined : [...migrations]}
      isPending={migrations === undefined}
      isStale={isStale}
      sort={{
        descriptor: {
          column: sort.by,
          direction: sort.order === 'asc' ? 'ascending' : 'descending',
        },
        onSortChange: ({ column, direction }) =>
          change({
            sort: {
              by: column as Sort['by'],
              order: direction === 'ascending' ? 'asc' : 'desc',
            },
          }),
      }}
      selection={{
        mode: 'multiple',
        behavior: 'toggle',
        selected,
        onSelectionChange: keys =>
          onSelect(
            keys === 'all'
              ? new Set((migrations ?? []).map(({ id }) => id))
              : new Set([...keys].map(String)),
          ),
      }}
      pagination={{
        type: 'page',
        pageSize,
        pageSizeOptions: PAGE_SIZES.map(value => ({
          value,
          label: t('migrations.pageSize', { count: value }),
        })),
        offset: page * pageSize,
        totalCount: total ?? 0,
        hasPreviousPage: page > 0,
        hasNextPage: (page + 1) * pageSize < (total ?? 0),
        onPreviousPage: () => change({ page: page - 1 }),
        onNextPage: () => change({ page: page + 1 }),
        onPageSizeChange: size => change({ pageSize: size }),
        getLabel: () => rangeWords(),
      }}
    />
  );

  function rangeWords(): string {
    const all = total ?? 0;
    if (all === 0) return t('migrations.none');
    return t('migrations.range', {
      from: String(page * pageSize + 1),
      to: String(Math.min(all, (page + 1) * pageSize)),
      total: String(all),
    });
  }
}

function useColumns(): readonly ColumnConfig<MigrationView>[] {
  const { t } = useWords();
  const { up } = useBreakpoint();
  const isSmall = up('xs');
  const isMedium = up('md');
  const isWide = up('lg');
  return useMemo(
    () => [
      {
        id: 'vm',
        label: t('migrations.column.vm'),
        isRowHeader: true,
        isSortable: true,
        // Source, id and the link to the catalog in one line.
        minWidth: isMedium ? 204 : isSmall ? 110 : 96,
        // Where there is no column for the state it stands below the name.
        defaultWidth: isSmall ? '2fr' : '5fr',
        cell: migration => (
          <VmCell migration={migration}>
            {!isSmall && (
              <span className={styles['narrowState']}>
                <StateTag state={migration.state} />
              </span>
            )}
          </VmCell>
        ),
      },
      {
        id: 'state',
        label: t('migrations.column.state'),
        isSortable: true,
        width: isMedium ? 132 : 122,
        isHidden: !isSmall,
        cell: ({ state }) => (
          <Cell>
            <StateTag state={state} />
          </Cell>
        ),
      },
      {
        id: 'progress',
        label: t('migrations.column.progress'),
        isSortable: true,
        minWidth: isMedium ? 150 : isSmall ? 110 : 96,
        defaultWidth: isSmall ? '3fr' : '6fr',
        cell: migration => <ProgressCell migration={migration} />,
      },
      {
        id: 'snapshots',
        label: t('migrations.column.snapshots'),
        width: 116,
        isHidden: !isMedium,
        cell: migration => <HistoryCell migration={migration} />,
      },
      {
        id: 'target',
        label: t('migrations.column.target'),
        width: 136,
        isHidden: !isWide,
        cell: ({ target, owner }) => (
          <Cell>
            <Lines>
              <span title={target}>{target}</span>
              <span className={styles['quiet']} title={owner ?? undefined}>
                {owner === null ? t('migrations.noOwner') : shortRef(owner)}
              </span>
            </Lines>
          </Cell>
        ),
      },
      {
        id: 'created',
        label: t('migrations.column.started'),
        isSortable: true,
        width: 136,
        isHidden: !isMedium,
        cell: ({ createdAt, startedBy }) => (
          <Cell>
            <Lines>
              <Age at={createdAt} />
              <span className={styles['quiet']} title={startedBy}>
                {shortRef(startedBy)}
              </span>
            </Lines>
          </Cell>
        ),
      },
    ],
    [t, isSmall, isMedium, isWide],
  );
}

function Lines({ children }: { readonly children: ReactNode }) {
  return <div className={styles['lines']}>{children}</div>;
}

function VmCell({
  migration,
  children,
}: {
  readonly migration: MigrationView;
  /** Below its name. */
  readonly children: ReactNode;
}) {
  const { t } = useWords();
  const { links } = useSurface();
  const { id, source, entity } = migration;
  const vm = printable(migration.vm);
  return (
    <Cell>
      <Lines>
        <Link href={links.migration(id)} weight="bold" title={vm} truncate>
          <bdi>{vm}</bdi>
        </Link>
        {children}
        <span className={styles['quiet']}>
          <span title={source}>{source}</span> · <code>{id}</code>
          {entity !== null && links.entity !== undefined && (
            <>
              {' · '}
              <Link
                href={links.entity(entity)}
                variant="body-small"
                aria-label={t('migrations.entityOf', { vm })}
              >
                {t('migrations.entity')}
              </Link>
            </>
          )}
        </span>
      </Lines>
    </Cell>
  );
}

function ProgressCell({ migration }: { readonly migration: MigrationView }) {
  const { t, language } = useWords();
  const { progress, error, state, beginsAt, waits } = migration;
  const vm = printable(migration.vm);
  const hasEnded = state === 'migrated' || state === 'canceled';
  return (
    <Cell>
      <Lines>
        <ProgressBar
          label={t('migrations.progressOf', { vm })}
          details="under"
          // What has ended does not move, whatever its last rate was.
          progress={hasEnded ? { ...progress, bytesPerSecond: 0, etaMs: null } : progress}
        />
        {waits !== null && <LongWait wait={waits} />}
        {beginsAt !== null && (
          <time className={styles['quiet']} dateTime={beginsAt}>
            {t('migration.begins', { at: dateText(beginsAt, language) })}
          </time>
        )}
        {error !== null && state !== 'migrated' && (
          <span className={styles['error']} title={printable(error.message)}>
            <code>{error.code}</code> <EngineText>{error.message}</EngineText>
          </span>
        )}
      </Lines>
    </Cell>
  );
}

function HistoryCell({ migration }: { readonly migration: MigrationView }) {
  const { t } = useWords();
  const { snapshots, layers } = migration;
  return (
    <Cell>
      <Lines>
        <span className={styles['number']}>
          {t('migrations.ratio', {
            done: String(snapshots.ready),
            total: String(snapshots.total),
          })}
        </span>
        <span className={styles['quiet']}>
          {t('migrations.layers', {
            done: String(layers.migrated),
            total: String(layers.total - layers.notWanted),
          })}
        </span>
      </Lines>
    </Cell>
  );
}
