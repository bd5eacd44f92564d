/** What a person has to know before a migration begins, the gravest first, and who accepted it. */
import type { FindingView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { RiErrorWarningLine, RiInformationLine, RiProhibitedLine } from '@remixicon/react';
import type { ReactElement, ReactNode } from 'react';
import styles from './findings.module.css';
import { SourceText } from './source-text';
import { useWords } from './use-words';

const ORDER = ['blocks', 'warns', 'informs'] as const;

const MARKS: Readonly<Record<FindingView['severity'], ReactElement>> = {
  blocks: <RiProhibitedLine aria-hidden />,
  warns: <RiErrorWarningLine aria-hidden />,
  informs: <RiInformationLine aria-hidden />,
};

export interface FindingsProps {
  readonly findings: readonly FindingView[];
  /** What can be done about one, below it. */
  readonly action?: (finding: FindingView) => ReactNode;
}

export function Findings({ findings, action }: FindingsProps) {
  const { t } = useWords();
  if (findings.length === 0) return <p className={styles['none']}>{t('migrationFindings.none')}</p>;
  const sorted = findings.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
  return (
    <ul className={styles['findings']}>
      {sorted.map(finding => (
        <li key={finding.id} className={styles['finding']} data-severity={finding.severity}>
          <span className={styles['mark']}>{MARKS[finding.severity]}</span>
          <div>
            <div className={styles['head']}>
              <strong>
                <SourceText>{finding.object}</SourceText>
              </strong>
              <span className={styles['severity']}>
                {t(`migrationFindings.severity.${finding.severity}`)}
              </span>
              <code className={styles['id']}>{finding.id}</code>
            </div>
            <p>
              <SourceText>{finding.cause}</SourceText>
            </p>
            {finding.remedy !== '' && (
              <p className={styles['remedy']}>
                <SourceText>{finding.remedy}</SourceText>
              </p>
            )}
            {finding.acceptedBy !== undefined && (
              <p className={styles['remedy']}>
                {t('migrationFindings.acceptedBy', { who: finding.acceptedBy })}
              </p>
            )}
            <div className={styles['action']}>{action?.(finding)}</div>
          </div>
        </li>
      ))}
    </ul>
  );
}
