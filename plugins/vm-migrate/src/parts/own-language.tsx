/**
 * Says which language our words are in: Backstage says of the whole page that it is English. Around
 * everything of ours, and once more in a dialog, which stands elsewhere in the page.
 */
import type { ReactNode } from 'react';
import styles from './parts.module.css';
import { useWords } from './use-words';

export function OwnLanguage({ children }: { readonly children: ReactNode }) {
  const { t } = useWords();
  return (
    <div lang={t('language')} className={styles['own']}>
      {children}
    </div>
  );
}
