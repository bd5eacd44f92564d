/** Copies a text that a person needs elsewhere, and says that it did. */
import { RiCheckLine, RiFileCopyLine } from '@remixicon/react';
import { useEffect, useState } from 'react';
import styles from './copy-button.module.css';
import { copyText } from './copy-text';
import { useWords } from './use-words';

export interface CopyButtonProps {
  readonly text: string;
  /** What is copied, for a screen reader: `VolumeSnapshot x`. */
  readonly what: string;
  /** -1 in a grid, for rows that have not the focus. */
  readonly tabIndex?: number;
}

const SAID_MS = 2_000;

export function CopyButton({ text, what, tabIndex }: CopyButtonProps) {
  const { t } = useWords();
  const [outcome, setOutcome] = useState<'copied' | 'failed'>();
  useEffect(() => {
    if (outcome === undefined) return undefined;
    const timer = setTimeout(() => setOutcome(undefined), SAID_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = (): void =>
    void copyText(text).then(
      () => setOutcome('copied'),
      () => setOutcome('failed'),
    );
  return (
    <>
      <button
        type="button"
        className={styles['copy']}
        data-outcome={outcome}
        tabIndex={tabIndex}
        title={t('copy.label', { what })}
        aria-label={t('copy.label', { what })}
        onClick={copy}
      >
        {outcome === 'copied' ? <RiCheckLine aria-hidden /> : <RiFileCopyLine aria-hidden />}
      </button>
      <span role="status" className={outcome === 'failed' ? undefined : styles['hidden']}>
        {outcome !== undefined && t(`copy.${outcome}`)}
      </span>
    </>
  );
}
