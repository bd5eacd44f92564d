/** What the plan found: what blocks it and how that is mended, what is accepted by id, what is good to know. */
import { Checkbox } from '@backstage/ui';
import type { FindingView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { RiAlertLine, RiErrorWarningLine, RiInformationLine } from '@remixicon/react';
import { Section } from '../../parts/section';
import { useWords } from '../../parts/use-words';
import styles from './findings.module.css';

const SEVERITIES = ['blocks', 'warns', 'informs'] as const;

const MARKS = {
  blocks: <RiErrorWarningLine aria-hidden />,
  warns: <RiAlertLine aria-hidden />,
  informs: <RiInformationLine aria-hidden />,
} as const;

export interface FindingsReviewProps {
  readonly findings: readonly FindingView[];
  /** Ids of those that are accepted. */
  readonly accepted: ReadonlySet<string>;
  readonly onChange: (accepted: ReadonlySet<string>) => void;
}

export function FindingsReview({ findings, accepted, onChange }: FindingsReviewProps) {
  const { t } = useWords();
  const sorted = SEVERITIES.flatMap(severity =>
    findings.filter(finding => finding.severity === severity),
  );
  const toggle = (id: string) => {
    const next = new Set(accepted);
    if (!next.delete(id)) next.add(id);
    onChange(next);
  };
  return (
    <Section title={t('review.title', { count: findings.length })}>
      {sorted.length === 0 && <p className={styles['none']}>{t('review.none')}</p>}
      <ul className={styles['findings']}>
        {sorted.map(({ id, severity, object, cause, remedy, acceptable }) => (
          <li key={id} data-severity={severity}>
            {MARKS[severity]}
            <div className={styles['body']}>
              <span>
                <b>{t(`review.${severity}`)}</b> <span className={styles['object']}>{object}</span>
              </span>
              <span>{cause}</span>
              {remedy !== '' && <span className={styles['remedy']}>{remedy}</span>}
              {acceptable ? (
                <Checkbox isSelected={accepted.has(id)} onChange={() => toggle(id)}>
                  {t('review.accept')} <code>{id}</code>
                </Checkbox>
              ) : (
                <code className={styles['id']}>{id}</code>
              )}
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}
