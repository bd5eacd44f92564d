/** A command that does the same at a terminal, to be copied. */
import { ButtonIcon } from '@backstage/ui';
import { RiCheckLine, RiFileCopyLine } from '@remixicon/react';
import { useEffect, useState } from 'react';
import styles from './parts.module.css';
import { useWords } from './use-words';

/** So long the mark says that it is copied. */
const COPIED_MS = 2_000;

export function CommandLine({ command }: { readonly command: string }) {
  const { t } = useWords();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), COPIED_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    await navigator.clipboard.writeText(command);
    setCopied(true);
  };
  return (
    <div className={styles['command']}>
      {/* A keyboard reaches it, to select a part of it. */}
      <code tabIndex={0} role="textbox" aria-readonly aria-label={t('command.label')}>
        {command}
      </code>
      <ButtonIcon
        size="small"
        variant="tertiary"
        icon={copied ? <RiCheckLine /> : <RiFileCopyLine />}
        aria-label={copied ? t('command.copied') : t('command.copy')}
        onPress={() => void copy()}
      />
    </div>
  );
}
