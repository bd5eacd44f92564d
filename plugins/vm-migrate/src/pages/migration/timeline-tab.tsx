/** When each step ran, as a picture and as a table. */
import {
  printable,
  type DescriptionView,
  type StepView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useMemo } from 'react';
import { bytesText, dateText, durationText, percentOf, timeText } from '../../parts/format';
import { useNow } from '../../parts/age';
import { Awaited } from '../../parts/awaited';
import { EngineText } from '../../parts/engine-text';
import { SourceText } from '../../parts/source-text';
import { useWords } from '../../parts/use-words';
import { VirtualTable, type TableColumn } from '../../parts/virtual-table';
import styles from './migration.module.css';
import { StepStateTag } from './step-state-tag';
import {
  shownStateOf,
  ticksOf,
  timelineOf,
  type DiskLabels,
  type Timeline,
  type TimelineBar,
} from './timeline';

const TICKS = 6;

export function TimelineTab({ description }: { readonly description: DescriptionView }) {
  const { t } = useWords();
  const { steps, migration } = description;
  const isOver = migration.finishedAt !== null;
  const tick = useNow();
  const now = isOver ? Date.parse(migration.finishedAt ?? '') : tick;
  const labels = useMemo(
    () => new Map(migration.disks.map(({ diskId, label }) => [diskId, label])),
    [migration.disks],
  );
  const timeline = useMemo(() => timelineOf(steps, now, labels), [steps, now, labels]);
  if (timeline === undefined) return <p className={styles['empty']}>{t('timeline.empty')}</p>;
  return (
    <div className={styles['stack']}>
      <Picture timeline={timeline} labels={labels} />
      <StepTable steps={steps} labels={labels} />
    </div>
  );
}

function Picture({
  timeline,
  labels,
}: {
  readonly timeline: Timeline;
  readonly labels: DiskLabels;
}) {
  const { t, language } = useWords();
  const { fromMs, toMs, tracks } = timeline;
  const lengthMs = toMs - fromMs;
  const share = (ms: number): string => `${(ms * 100) / lengthMs}%`;
  return (
    <figure className={styles['timeline']} aria-label={t('timeline.picture')}>
      <div aria-hidden="true" className={styles['axis']}>
        <span />
        <div className={styles['ticks']}>
          {ticksOf(lengthMs, TICKS).map(ms => (
            <span key={ms} className={styles['tick']} style={{ insetInlineStart: share(ms) }}>
              +{durationText(ms)}
            </span>
          ))}
        </div>
      </div>
      {tracks.map(({ diskId, rows }) => (
        <div key={diskId ?? ''} aria-hidden="true" className={styles['track']}>
          <span className={styles['trackName']}>
            {diskId === null ? (
              t('timeline.noDisk')
            ) : (
              <SourceText>{labels.get(diskId) ?? diskId}</SourceText>
            )}
          </span>
          <div className={styles['trackRows']}>
            {rows.map((row, index) => (
              <div key={index} className={styles['trackRow']}>
                {row.map(bar => (
                  <span
                    key={bar.key}
                    className={styles['span']}
                    data-look={bar.look}
                    data-kind={bar.kind}
                    title={titleOf(bar, t('timeline.steps', { count: bar.count }))}
                    style={{
                      insetInlineStart: share(bar.fromMs - fromMs),
                      inlineSize: share(bar.toMs - bar.fromMs),
                    }}
                  />
                ))}
              </div>
            ))}
          </div>
        </div>
      ))}
      <figcaption className={styles['caption']}>
        <span>
          {t('timeline.from', {
            from: dateText(new Date(fromMs).toISOString(), language),
            length: durationText(lengthMs),
          })}
        </span>
        {(['applyLayer', 'takeSnapshot', 'other'] as const).map(kind => (
          <span key={kind} className={styles['legend']}>
            <span className={styles['swatch']} data-kind={kind} data-look="done" />
            {t(`timeline.kind.${kind}`)}
          </span>
        ))}
        {(['waiting', 'failed'] as const).map(look => (
          <span key={look} className={styles['legend']}>
            <span className={styles['swatch']} data-look={look} />
            {t(`timeline.look.${look}`)}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

/** What has not begun comes last, in the plan's order. */
function beganAt({ startedAt }: StepView): number {
  return startedAt === null ? Number.MAX_SAFE_INTEGER : Date.parse(startedAt);
}

function titleOf({ step, fromMs, toMs, count }: TimelineBar, many: string): string {
  const one = printable(step.words);
  const words = count === 1 ? one : `${many}: ${one} …`;
  return `${words}\n${durationText(toMs - fromMs)}`;
}

function StepTable({
  steps,
  labels,
}: {
  readonly steps: readonly StepView[];
  readonly labels: DiskLabels;
}) {
  const { t, language } = useWords();
  const rows = useMemo(() => steps.toSorted((a, b) => beganAt(a) - beganAt(b)), [steps]);
  const columns = useMemo(
    (): TableColumn<StepView>[] => [
      {
        id: 'words',
        heading: t('timeline.column.step'),
        width: 'minmax(0, 1fr)',
        cell: ({ words, attempts }) => (
          <>
            <EngineText>{words}</EngineText>
            {attempts > 1 && (
              <span className={styles['quiet']}>
                {' '}
                · {t('timeline.attempts', { count: attempts })}
              </span>
            )}
          </>
        ),
      },
      {
        id: 'disk',
        heading: t('timeline.column.disk'),
        width: '5rem',
        cell: ({ diskId }) =>
          diskId === null ? '–' : <SourceText>{labels.get(diskId) ?? diskId}</SourceText>,
      },
      {
        id: 'state',
        heading: t('timeline.column.state'),
        width: '9rem',
        cell: step => (
          <>
            <StepStateTag state={shownStateOf(step)} />
            {shownStateOf(step) === 'running' && step.progress !== null && (
              <span className={styles['quiet']}>
                {' '}
                {percentOf(step.progress.bytesDone, step.progress.bytesTotal)} %
              </span>
            )}
            {step.waitsFor !== null && (
              <div className={styles['quiet']}>
                <Awaited>{step.waitsFor}</Awaited>
              </div>
            )}
          </>
        ),
      },
      {
        id: 'bytes',
        heading: t('timeline.column.bytes'),
        width: '6rem',
        cell: ({ weightBytes }) => (weightBytes === 0 ? '–' : bytesText(weightBytes, language)),
      },
      {
        id: 'began',
        heading: t('timeline.column.began'),
        width: '7rem',
        cell: ({ startedAt }) =>
          startedAt === null ? (
            '–'
          ) : (
            <time dateTime={startedAt} title={dateText(startedAt, language)}>
              {timeText(startedAt, language)}
            </time>
          ),
      },
      {
        id: 'took',
        heading: t('timeline.column.took'),
        width: '5rem',
        cell: ({ startedAt, finishedAt }) =>
          startedAt === null || finishedAt === null
            ? '–'
            : durationText(Date.parse(finishedAt) - Date.parse(startedAt)),
      },
    ],
    [t, language, labels],
  );
  return (
    <VirtualTable
      label={t('timeline.table')}
      rows={rows}
      columns={columns}
      keyOf={idOf}
      toneOf={({ state }) => (state === 'failed' ? 'error' : undefined)}
      narrowRem={52}
    />
  );
}

function idOf<Id>({ id }: { readonly id: Id }): Id {
  return id;
}
