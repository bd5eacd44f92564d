/** The VM's history as a list: what each snapshot is, whether it is kept, what that costs. */
import { Checkbox } from '@backstage/ui';
import {
  firstLine,
  printable,
  type PlanView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { RiCheckLine, RiGitMergeLine, RiHourglassLine } from '@remixicon/react';
import { useMemo } from 'react';
import { RailCell, railSize } from './rail-cell';
import { railRows, type HistoryPoint } from './rails';
import { bytesText, dateText, durationText } from '../parts/format';
import { useWords } from '../parts/use-words';
import styles from './snapshot-list.module.css';

type Snapshot = PlanView['snapshots'][number];

export interface SnapshotListProps {
  readonly plan: Pick<PlanView, 'snapshots' | 'current'>;
  readonly kept: ReadonlySet<string>;
  /** What is kept is not what the plan is of: what becomes of the others is not known yet, nor what each costs. */
  readonly isPending?: boolean;
  /** Absent: a rule decides, nobody chooses here. */
  readonly onChange?: (kept: ReadonlySet<string>) => void;
}

interface Point extends HistoryPoint {
  /** Undefined: the present state. */
  readonly snapshot: Snapshot | undefined;
}

const CURRENT = 'current';
/** Beside the name. */
const MARK_PX = 22;

export function SnapshotList({ plan, kept, isPending = false, onChange }: SnapshotListProps) {
  const { t } = useWords();
  const { snapshots } = plan;
  const current = currentParent(plan);
  const rows = useMemo(() => {
    const points: Point[] = snapshots.map(snapshot => ({
      id: snapshot.id,
      parentId: snapshot.parentId ?? null,
      snapshot,
    }));
    points.push({ id: CURRENT, parentId: current ?? null, snapshot: undefined });
    return railRows(points, CURRENT);
  }, [snapshots, current]);
  const size = railSize(1 + rows.reduce((most, { lane }) => Math.max(most, lane), 0));
  const names = useMemo(() => new Map(snapshots.map(({ id, name }) => [id, name])), [snapshots]);
  const toggle = (id: string) => {
    const next = new Set(kept);
    if (!next.delete(id)) next.add(id);
    onChange?.(next);
  };
  return (
    // Long ones scroll, and by a rule they hold nothing that takes the focus.
    <ol className={styles['history']} aria-label={t('newMigration.keep.history')} tabIndex={0}>
      {rows.map(row => {
        const { snapshot } = row.point;
        const isKept = snapshot === undefined || kept.has(snapshot.id);
        return (
          <li key={row.point.id} data-kept={isKept}>
            <RailCell
              rail={row}
              size={size}
              mark={snapshot === undefined ? 'current' : isKept ? 'done' : 'merged'}
              markPx={MARK_PX}
            />
            {snapshot === undefined ? (
              <span className={styles['point']}>
                <b>{t('newMigration.keep.current')}</b>
                <span className={styles['quiet']}>{t('newMigration.keep.currentWords')}</span>
              </span>
            ) : (
              <>
                {onChange !== undefined && (
                  <Checkbox
                    aria-label={t('newMigration.keep.keepIt', { name: printable(snapshot.name) })}
                    isSelected={isKept}
                    onChange={() => toggle(snapshot.id)}
                  />
                )}
                <PointWords snapshot={snapshot} />
                <Cost
                  snapshot={snapshot}
                  isKept={isKept}
                  isPending={isPending}
                  into={
                    snapshot.mergedInto === CURRENT
                      ? t('newMigration.keep.presentState')
                      : names.get(snapshot.mergedInto ?? '')
                  }
                />
              </>
            )}
          </li>
        );
      })}
    </ol>
  );
}

/** The snapshot that the present state grew from. */
function currentParent({ current }: SnapshotListProps['plan']): string | undefined {
  const id = (current as { readonly snapshotId?: unknown } | undefined)?.snapshotId;
  return typeof id === 'string' ? id : undefined;
}

function PointWords({ snapshot }: { readonly snapshot: Snapshot }) {
  const { t, language } = useWords();
  const { name, description, createdAtUs } = snapshot;
  const at =
    createdAtUs === undefined
      ? t('newMigration.keep.noTime')
      : dateText(new Date(createdAtUs / 1000).toISOString(), language);
  return (
    <span className={styles['point']}>
      <b>{printable(name)}</b>
      <span className={styles['quiet']}>
        {at}
        {description !== '' && ` · ${firstLine(description)}`}
      </span>
    </span>
  );
}

function Cost({
  snapshot,
  isKept,
  isPending,
  into,
}: {
  readonly snapshot: Snapshot;
  readonly isKept: boolean;
  readonly isPending: boolean;
  readonly into: string | undefined;
}) {
  const { t, language } = useWords();
  const { costBytes, costMs } = snapshot;
  const figures = [
    costBytes === undefined ? undefined : bytesText(costBytes, language),
    costMs === undefined
      ? undefined
      : // What takes no second takes time all the same.
        costMs < 1000
        ? t('newMigration.keep.underSecond')
        : t('newMigration.keep.upToTime', { time: durationText(costMs) }),
  ];
  const fate = (): string => {
    if (isKept) return t('newMigration.keep.kept');
    if (isPending) return t('newMigration.keep.pending');
    if (into === undefined) return t('newMigration.keep.dropped');
    return t('newMigration.keep.mergedInto', { name: printable(into) });
  };
  return (
    <span className={styles['cost']}>
      <span>{isPending ? '…' : figures.filter(figure => figure !== undefined).join(' · ')}</span>
      <span className={styles['fate']}>
        {isKept ? (
          <RiCheckLine aria-hidden />
        ) : isPending ? (
          <RiHourglassLine aria-hidden />
        ) : (
          <RiGitMergeLine aria-hidden />
        )}
        {fate()}
      </span>
    </span>
  );
}
