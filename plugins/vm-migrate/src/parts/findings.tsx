/** What a person has to know before a migration begins, the gravest first, and who accepted it. */
import type { FindingView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { RiErrorWarningLine, RiInformationLine, RiProhibitedLine } from '@remixicon/react';
import type { ReactElement, ReactNode } from 'react';
import { findingWords } from '../translations/en/finding-words';
import styles from './findings.module.css';
import { EngineText } from './engine-text';
import { SourceText } from './source-text';
import { useControlWords } from './use-control-words';
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
              <FindingTitle finding={finding} />
              <span className={styles['severity']}>
                {t(`migrationFindings.severity.${finding.severity}`)}
              </span>
              <code className={styles['id']}>{finding.id}</code>
            </div>
            <p>
              <EngineText>{finding.cause}</EngineText>
            </p>
            <Remedy finding={finding} />
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

type Words = ReturnType<typeof useWords>['t'];
type WordKey = Parameters<Words>[0];

/** What we say ourselves of findings of that kind; undefined: nothing, or a newer engine has that kind. */
function wordsOf(of: 'findingKinds' | 'findingRemedies', kind: string): WordKey | undefined {
  const known: Readonly<Record<string, string>> = findingWords[of];
  return Object.hasOwn(known, kind) ? (`${of}.${kind}` as WordKey) : undefined;
}

function FindingTitle({ finding: { kind, object } }: { readonly finding: FindingView }) {
  const { t } = useWords();
  const title = wordsOf('findingKinds', kind);
  return (
    <>
      {title !== undefined && <strong>{t(title as 'findingKinds.disk-twice')}</strong>}
      <span className={styles['object']}>
        <SourceText>{object}</SourceText>
      </span>
    </>
  );
}

/** Where the engine knows better than its kind says, as for a delta that no kept state stands on, its words stay. */
function Remedy({ finding: { kind, severity, remedy } }: { readonly finding: FindingView }) {
  const { t } = useWords();
  const inOurWords = useControlWords();
  const own =
    severity === 'informs' && kind === 'leftover-delta'
      ? undefined
      : wordsOf('findingRemedies', kind);
  if (own !== undefined)
    return <p className={styles['remedy']}>{t(own as 'findingRemedies.disk-twice')}</p>;
  if (remedy === '') return null;
  return (
    <p className={styles['remedy']}>
      <EngineText>{inOurWords(remedy)}</EngineText>
    </p>
  );
}
