/** Copies a text that a person needs elsewhere, and says that it did. */
import { RiCheckLine, RiFileCopyLine } from '@remixicon/react';
import { useEffect, useState } from 'react';
import styles from './copy-button.module.css';
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

/** @throws Error when neither the browser's clipboard nor its older command takes it */
async function copyText(text: string): Promise<void> {
  // There is no clipboard on a page that came over plain HTTP from elsewhere.
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const field = document.createElement('textarea');
  field.value = text;
  field.style.position = 'fixed';
  field.style.opacity = '0';
  document.body.append(field);
  const focused = document.activeElement;
  field.select();
  const copied = document.execCommand('copy');
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  if (!copied) throw new Error('the browser does not copy');
}
