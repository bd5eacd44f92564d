/** Which snapshots become VolumeSnapshots, by one of four rules, with what each costs. */
import { NumberField, Radio, RadioGroup, Slider } from '@backstage/ui';
import type { PlanView, TargetView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useMemo } from 'react';
import { SnapshotList } from '../../history/snapshot-list';
import { useNow } from '../../parts/age';
import { bytesText, durationText } from '../../parts/format';
import { Section } from '../../parts/section';
import { useWords } from '../../parts/use-words';
import { CostStrip } from './cost-strip';
import type { Draft, KeepRuleName } from './draft';
import {
  costOfNewest,
  costOfOthers,
  costOfPlan,
  isTimeAssumed,
  keptIds,
  newestFirst,
  type KeepCost,
} from './keep-preview';
import styles from './new-migration.module.css';

const RULES: readonly KeepRuleName[] = ['all', 'newest', 'names', 'age'];
const MOST_DAYS = 3_650;

export interface KeepChoiceProps {
  readonly plan: PlanView;
  /** It is the plan of what is chosen now. */
  readonly isCurrent: boolean;
  readonly draft: Draft;
  readonly onChange: (change: Partial<Draft>) => void;
  /** Where it goes to, for the rate that its proof measured. */
  readonly target: TargetView | undefined;
}

export function KeepChoice({ plan, isCurrent, draft, onChange, target }: KeepChoiceProps) {
  const { t } = useWords();
  const now = useNow();
  const { snapshots } = plan;
  // Of the plan that is chosen the plan itself says it: an age is counted from when it was made.
  const kept = useMemo(
    () => (isCurrent ? keptOf(snapshots) : keptIds(snapshots, draft, now)),
    [isCurrent, snapshots, draft, now],
  );
  const isPending = snapshots.some(({ id, kept: wasKept }) => wasKept !== kept.has(id));
  const ordered = useMemo(() => newestFirst(snapshots), [snapshots]);
  const count = draft.newest ?? snapshots.length;
  const cost =
    (draft.rule === 'newest' ? costOfNewest(plan, count) : undefined) ??
    (isCurrent ? costOfPlan(plan) : undefined);
  if (snapshots.length === 0)
    return (
      <Section title={t('newMigration.keep.title')}>
        <p className={styles['words']}>{t('newMigration.keep.noSnapshots')}</p>
      </Section>
    );
  return (
    <Section title={t('newMigration.keep.title')}>
      <RadioGroup
        aria-label={t('newMigration.keep.rule')}
        orientation="horizontal"
        value={draft.rule}
        onChange={rule => onChange({ rule: rule as KeepRuleName })}
      >
        {RULES.map(rule => (
          <Radio key={rule} value={rule}>
            {t(`newMigration.keep.${rule}`)}
          </Radio>
        ))}
      </RadioGroup>
      <p className={styles['words']}>{t(`newMigration.keep.${draft.rule}Words`)}</p>
      <div className={styles['slider']}>
        <CostStrip snapshots={ordered} kept={kept} />
        {draft.rule === 'newest' && (
          <Slider
            aria-label={t('newMigration.keep.count')}
            minValue={0}
            maxValue={snapshots.length}
            value={count}
            onChange={value => onChange({ newest: value })}
          />
        )}
        <div className={styles['ends']}>
          <span>{t('newMigration.keep.newestEnd')}</span>
          <span>{t('newMigration.keep.oldestEnd')}</span>
        </div>
      </div>
      {draft.rule === 'age' && (
        <NumberField
          label={t('newMigration.keep.days')}
          className={styles['narrow'] ?? ''}
          minValue={1}
          maxValue={MOST_DAYS}
          value={draft.days}
          onChange={days => Number.isFinite(days) && onChange({ days })}
        />
      )}
      <KeepWords
        kept={kept.size}
        total={snapshots.length}
        othersBytes={costOfOthers(plan, cost)}
        cost={cost}
      />
      <CostWords plan={plan} target={target} />
      <SnapshotList
        plan={plan}
        kept={kept}
        isPending={isPending}
        {...(draft.rule === 'names'
          ? { onChange: (keptIds: ReadonlySet<string>) => onChange({ keptIds }) }
          : {})}
      />
    </Section>
  );
}

function KeepWords({
  kept,
  total,
  othersBytes,
  cost,
}: {
  readonly kept: number;
  readonly total: number;
  /** Undefined: not known, or not yet. */
  readonly othersBytes: number | undefined;
  /** Undefined while it is being planned. */
  readonly cost: KeepCost | undefined;
}) {
  const { t, language } = useWords();
  const words = [
    t('newMigration.keep.sum', { kept: String(kept), total: String(total) }),
    cost === undefined
      ? t('plan.refusal.planning')
      : t('newMigration.keep.needs', { bytes: bytesText(cost.neededBytes, language) }),
    cost?.estimateMs === undefined
      ? undefined
      : t('newMigration.keep.takes', {
          low: durationText(cost.estimateMs.low),
          high: durationText(cost.estimateMs.high),
        }),
  ];
  return (
    <p role="status" className={styles['words']}>
      <b>{words.filter(word => word !== undefined).join(' · ')}</b>
      <br />
      {kept < total &&
        othersBytes !== undefined &&
        (othersBytes === 0
          ? t('newMigration.keep.restFree', { count: total - kept })
          : t('newMigration.keep.rest', {
              count: total - kept,
              bytes: bytesText(othersBytes, language),
            }))}
    </p>
  );
}

/** What the figures of the list mean. */
function CostWords({ plan, target }: Pick<KeepChoiceProps, 'plan' | 'target'>) {
  const { t } = useWords();
  const { snapshots } = plan;
  if (snapshots.every(({ costBytes }) => costBytes === undefined)) return null;
  const isTimed = snapshots.some(({ costMs }) => costMs !== undefined);
  return (
    <p className={styles['figureWords']}>
      {isTimed ? t('newMigration.keep.each') : t('newMigration.keep.eachBytes')}
      {isTimed && isTimeAssumed(plan, target) && ` ${t('newMigration.keep.notMeasured')}`}
    </p>
  );
}

function keptOf(snapshots: PlanView['snapshots']): ReadonlySet<string> {
  return new Set(snapshots.filter(({ kept }) => kept).map(({ id }) => id));
}
