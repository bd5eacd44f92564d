/** One migration: what it is, how far it is, what it waits for, and everything that is known about it. */
import { Header, Link } from '@backstage/ui';
import {
  printable,
  type DescriptionView,
  type StatusView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useParams } from 'react-router-dom';
import { History } from '../../history/history';
import { Answer } from '../../parts/answer';
import { CopyButton } from '../../parts/copy-button';
import { useNow } from '../../parts/age';
import { Findings } from '../../parts/findings';
import { dateText, durationText } from '../../parts/format';
import { ProgressBar } from '../../parts/progress-bar';
import { SourceText } from '../../parts/source-text';
import { StateTag } from '../../parts/state-tag';
import { useIsNarrowWindow } from '../../parts/use-size';
import { useWords } from '../../parts/use-words';
import { useOperation } from '../../surface/queries';
import { useSurface } from '../../surface/surface';
import { PageFrame } from '../page-frame';
import { AtATerminal } from './at-a-terminal';
import { elapsedOf } from './elapsed';
import { EventsTab } from './events-tab';
import { Failures } from './failures';
import { ActButtons, ActOutcome, useMigrationActs, type MigrationActs } from './migration-acts';
import styles from './migration.module.css';
import { NoSuchMigration } from './no-such-migration';
import { ReportTab } from './report-tab';
import { TimelineTab } from './timeline-tab';
import { Verification } from './verification';
import { Waits } from './waits';

export const MIGRATION_TABS = ['history', 'timeline', 'events', 'findings', 'report'] as const;
type MigrationTab = (typeof MIGRATION_TABS)[number];

/** Progress within a layer makes no event. */
const PROGRESS_MS = 2_000;
/** A history with so many points is large, and asked for less often. */
const LARGE = 500;
const LARGE_MS = 15_000;

export function MigrationPage() {
  const { id = '', tab } = useParams();
  return (
    <MigrationView key={id} id={id} tab={MIGRATION_TABS.find(each => each === tab) ?? 'history'} />
  );
}

function MigrationView({ id, tab }: { readonly id: string; readonly tab: MigrationTab }) {
  const { data, error, refetch } = useOperation(
    'describe',
    { migration: id },
    { refetchMs: described => refetchMsOf(described.migration, described.steps.length) },
  );
  const acts = useMigrationActs(id, data);
  if (data === undefined) {
    const code = error?.data?.code;
    return (
      <PageFrame title={id}>
        {code === 'NOT_FOUND' || code === 'USAGE' ? (
          <NoSuchMigration id={id} />
        ) : (
          <Answer query={{ data, error, refetch }} lines={10}>
            {() => null}
          </Answer>
        )}
      </PageFrame>
    );
  }
  return (
    <PageFrame
      title={printable(data.migration.vm)}
      header={<MigrationHeader description={data} tab={tab} acts={acts} />}
    >
      <Answer query={{ data, error, refetch }}>
        {description => (
          <div className={styles['stack']}>
            <Overview description={description} acts={acts} />
            <Tab description={description} tab={tab} />
            <AtATerminal description={description} />
          </div>
        )}
      </Answer>
    </PageFrame>
  );
}

function refetchMsOf({ finishedAt }: StatusView, steps: number): number | undefined {
  if (finishedAt !== null) return undefined;
  return steps < LARGE ? PROGRESS_MS : LARGE_MS;
}

function MigrationHeader({
  description,
  tab,
  acts,
}: {
  readonly description: DescriptionView;
  readonly tab: MigrationTab;
  readonly acts: MigrationActs;
}) {
  const { t } = useWords();
  const { links } = useSurface();
  const { migration, findings } = description;
  // Beside the title they would leave it no room.
  const isNarrow = useIsNarrowWindow();
  const countOf = (each: MigrationTab): string =>
    each === 'findings' && findings.length > 0 ? ` (${findings.length})` : '';
  return (
    <div className={styles['header']}>
      <Header
        title={printable(migration.vm)}
        activeTabId={tab}
        tabs={MIGRATION_TABS.map(each => ({
          id: each,
          label: `${t(`migration.tab.${each}`)}${countOf(each)}`,
          href: links.migration(migration.id, each),
        }))}
        metadata={useFacts(description)}
        customActions={isNarrow ? undefined : <ActButtons migration={migration} acts={acts} />}
      />
    </div>
  );
}

/** What is the same whatever tab is open. */
function Overview({
  description,
  acts,
}: {
  readonly description: DescriptionView;
  readonly acts: MigrationActs;
}) {
  const { t } = useWords();
  const isNarrow = useIsNarrowWindow();
  const { migration, steps } = description;
  return (
    <>
      {isNarrow && <ActButtons migration={migration} acts={acts} />}
      <ActOutcome acts={acts} />
      <ProgressBar label={t('migration.progress')} progress={migration.progress} />
      <Verification steps={steps} />
      <Failures description={description} />
      <Waits migration={migration} />
    </>
  );
}

function Tab({
  description,
  tab,
}: {
  readonly description: DescriptionView;
  readonly tab: MigrationTab;
}) {
  const { id } = description.migration;
  switch (tab) {
    case 'history':
      return <HistoryTab description={description} />;
    case 'timeline':
      return <TimelineTab description={description} />;
    case 'events':
      return <EventsTab migration={id} />;
    case 'findings':
      return <Findings findings={description.findings} />;
    case 'report':
      return <ReportTab migration={id} />;
  }
}

function HistoryTab({
  description: { migration, steps },
}: {
  readonly description: DescriptionView;
}) {
  const query = useOperation(
    'getTree',
    { vm: migration.id },
    { refetchMs: () => refetchMsOf(migration, steps.length) },
  );
  return <Answer query={query}>{tree => <History tree={tree} />}</Answer>;
}

function useFacts(description: DescriptionView) {
  const { t, language } = useWords();
  const { links } = useSurface();
  const now = useNow();
  const { migration } = description;
  const { entity, createdAt, layers, snapshots } = migration;
  const elapsed = elapsedOf(description);
  const text = (value: string) => <SourceText>{value}</SourceText>;
  return [
    {
      label: t('migration.fact.state'),
      value: (
        <span className={styles['inline']}>
          <StateTag state={migration.state} />
          {migration.state === 'running' && migration.wanted !== 'run' && (
            <span className={styles['quiet']}>{t(`migration.wanted.${migration.wanted}`)}</span>
          )}
          {migration.beginsAt !== null && (
            <time className={styles['quiet']} dateTime={migration.beginsAt}>
              {t('migration.begins', { at: dateText(migration.beginsAt, language) })}
            </time>
          )}
        </span>
      ),
    },
    {
      label: t('migration.fact.id'),
      value: (
        <span className={styles['inline']}>
          <code>{migration.id}</code>
          <CopyButton text={migration.id} what={migration.id} />
        </span>
      ),
    },
    {
      label: t('migration.fact.way'),
      value: (
        <span>
          {text(migration.source)} → {text(migration.target)}
        </span>
      ),
    },
    {
      label: t('migration.fact.snapshots'),
      value: t('migration.ready', {
        ready: String(snapshots.ready),
        total: String(snapshots.total),
      }),
    },
    {
      label: t('migration.fact.layers'),
      value: t('migration.migrated', {
        migrated: String(layers.migrated),
        total: String(layers.total - layers.notWanted),
      }),
    },
    {
      label: t('migration.fact.started'),
      value: (
        <span>
          <time dateTime={createdAt} title={createdAt}>
            {dateText(createdAt, language)}
          </time>{' '}
          {t('migration.by')} {text(migration.startedBy)}
        </span>
      ),
    },
    ...(elapsed === undefined
      ? []
      : [
          {
            label: t(`migration.fact.${elapsed.of}`),
            value: durationText(
              (elapsed.toAt === null ? now : Date.parse(elapsed.toAt)) - Date.parse(elapsed.fromAt),
            ),
          },
        ]),
    ...(entity === null || links.entity === undefined
      ? []
      : [
          {
            label: t('migration.fact.entity'),
            value: <Link href={links.entity(entity)}>{entity}</Link>,
          },
        ]),
    ...(migration.group === null
      ? []
      : [{ label: t('migration.fact.group'), value: text(migration.group) }]),
  ];
}
