/** Says above a page that what it shows may be old, and why; nothing while it is live. */
import { Alert, Button } from '@backstage/ui';
import { useWords } from '../parts/use-words';
import { useLiveMode } from './surface';
import styles from './live-banner.module.css';

export function LiveBanner() {
  const { t } = useWords();
  const mode = useLiveMode();
  return (
    // There before its words are, or a screen reader does not say them.
    <div role="status" className={styles['banner']}>
      {mode === 'lost' && (
        <Alert
          status="warning"
          icon
          title={t('live.lost.title')}
          description={t('live.lost.words')}
        />
      )}
      {mode === 'signed-out' && (
        <Alert
          status="warning"
          icon
          title={t('live.signed-out.title')}
          description={t('live.signed-out.words')}
          customActions={
            <Button size="small" variant="secondary" onPress={() => globalThis.location.reload()}>
              {t('live.signed-out.reload')}
            </Button>
          }
        />
      )}
    </div>
  );
}
