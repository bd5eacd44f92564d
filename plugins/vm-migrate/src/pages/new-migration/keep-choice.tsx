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
  const kept = useMemo(() => keptIds(snapshots, draft, now), [snapshots, draft, now]);
  const ordered = useMemo(() => newestFirst(snapshots), [snapshots]);
  const msOf = useMemo(() => costMs(plan, target), [plan, target]);
  const count = draft.newest ?? snapshots.length;
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
        othersBytes={costOfOthers(snapshots, kept)}
        cost={
          (draft.rule === 'newest' ? costOfNewest(plan, count) : undefined) ??
          (isCurrent ? costOfPlan(plan) : undefined)
        }
      />
      <SnapshotList
        plan={plan}
        kept={kept}
        msOf={msOf}
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
  readonly othersBytes: number;
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
        t('newMigration.keep.rest', {
          count: total - kept,
          bytes: bytesText(othersBytes, language),
        })}
    </p>
  );
}

/** Time that the bytes of a snapshot take at the rate that the proof of the class measured; null without one. */
function costMs(plan: PlanView, target: TargetView | undefined) {
  const rates = plan.disks.flatMap(({ storageClass }) => {
    const rate = target?.classes.find(({ name }) => name === storageClass)?.proof
      .writeBytesPerSecond;
    return rate === null || rate === undefined ? [] : [rate];
  });
  const rate = rates.length === 0 ? null : Math.min(...rates);
  return ({ costBytes }: { readonly costBytes: number }) =>
    rate === null ? null : (costBytes / rate) * 1000;
}
