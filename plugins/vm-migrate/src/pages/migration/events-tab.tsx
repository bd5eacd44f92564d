/** What happened, newest first, as it happens. */
import { Button } from '@backstage/ui';
import type { EventView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useMemo, useState } from 'react';
import { EngineText } from '../../parts/engine-text';
import { Failure } from '../../parts/failure';
import { dayText, timeText } from '../../parts/format';
import { SourceText } from '../../parts/source-text';
import { useWords } from '../../parts/use-words';
import { VirtualTable, type TableColumn } from '../../parts/virtual-table';
import { Waiting } from '../../parts/waiting';
import { useEvents } from '../../surface/use-events';
import { LogActs } from './log-acts';
import styles from './migration.module.css';

/** So near to the end of what is loaded, the next page is asked for. */
const NEAR_PX = 400;

export function EventsTab({ migration }: { readonly migration: string }) {
  const { t, language } = useWords();
  const { events, isComplete, isLoading, error, loadOlder } = useEvents(migration);
  // While somebody reads further down, what is new waits: rows must not move under the eyes.
  const [heldAt, setHeldAt] = useState<number>();
  const shown = useMemo(
    () => (heldAt === undefined ? events : events.filter(({ id }) => id <= heldAt)),
    [events, heldAt],
  );
  const held = events.length - shown.length;
  const columns = useMemo(
    (): TableColumn<EventView>[] => [
      {
        id: 'at',
        heading: t('events.column.at'),
        width: '10.5rem',
        cell: ({ at }) => (
          <time dateTime={at} title={at} className={styles['quiet']}>
            {dayText(at, language)} {timeText(at, language)}
          </time>
        ),
      },
      {
        id: 'level',
        heading: t('events.column.level'),
        width: '6rem',
        cell: ({ level }) => t(`events.level.${level}`),
      },
      {
        id: 'message',
        heading: t('events.column.message'),
        width: 'minmax(0, 1fr)',
        cell: ({ message }) => <EngineText>{message}</EngineText>,
      },
      {
        id: 'actor',
        heading: t('events.column.actor'),
        width: '12rem',
        cell: ({ actor }) => (
          <span className={styles['quiet']}>
            <SourceText>{actor}</SourceText>
          </span>
        ),
      },
    ],
    [t, language],
  );
  if (events.length === 0 && error === null)
    return isComplete ? (
      <p className={styles['empty']}>{t('events.empty')}</p>
    ) : (
      <Waiting lines={8} />
    );
  return (
    <div className={styles['stack']}>
      {error !== null && (
        <Failure error={error.data ?? { code: 'INTERNAL', message: error.message }} />
      )}
      <LogActs migration={migration} />
      <div className={styles['held']} role="status">
        {held > 0 && (
          <Button variant="secondary" size="small" onPress={() => setHeldAt(undefined)}>
            {t('events.held', { count: held })}
          </Button>
        )}
      </div>
      {shown.length > 0 && (
        <VirtualTable
          label={t('events.label')}
          rows={shown}
          columns={columns}
          keyOf={idOf}
          toneOf={({ level }) => (level === 'info' ? undefined : level)}
          onScroll={({ topPx, leftPx }) => {
            setHeldAt(before => (topPx < 1 ? undefined : (before ?? events[0]?.id)));
            if (leftPx < NEAR_PX) loadOlder();
          }}
        />
      )}
      <div className={styles['footer']}>
        {isComplete ? (
          <span className={styles['quiet']}>{t('events.first')}</span>
        ) : (
          <Button variant="tertiary" size="small" isPending={isLoading} onPress={() => loadOlder()}>
            {t('events.older')}
          </Button>
        )}
      </div>
    </div>
  );
}

function idOf<Id>({ id }: { readonly id: Id }): Id {
  return id;
}
