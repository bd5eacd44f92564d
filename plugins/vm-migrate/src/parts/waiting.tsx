/** The shape of what is on its way. */
import { Skeleton, VisuallyHidden } from '@backstage/ui';
import styles from './parts.module.css';
import { useWords } from './use-words';

export function Waiting({ lines = 3 }: { readonly lines?: number }) {
  const { t } = useWords();
  return (
    <div className={styles['waiting']} role="status">
      <VisuallyHidden>{t('waiting')}</VisuallyHidden>
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height={16} width={`${90 - ((line * 23) % 50)}%`} />
      ))}
    </div>
  );
}
