/** What a person had to know before a migration began, the gravest first, and who accepted it. */
import type { FindingView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { RiErrorWarningLine, RiInformationLine, RiProhibitedLine } from '@remixicon/react';
import type { ReactElement } from 'react';
import styles from './findings.module.css';
import { SourceText } from './source-text';
import { useWords } from './use-words';

const ORDER = ['blocks', 'warns', 'informs'] as const;

const MARKS: Readonly<Record<FindingView['severity'], ReactElement>> = {
  blocks: <RiProhibitedLine aria-hidden />,
  warns: <RiErrorWarningLine aria-hidden />,
  informs: <RiInformationLine aria-hidden />,
};

export function Findings({ findings }: { readonly findings: readonly FindingView[] }) {
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
            <p className={styles['remedy']}>
              <SourceText>{finding.remedy}</SourceText>
            </p>
            {finding.acceptedBy !== undefined && (
              <p className={styles['remedy']}>
                {t('migrationFindings.acceptedBy', { who: finding.acceptedBy })}
              </p>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}
