/** All that happened, as `kubectl vm-migrate logs` prints it: for a file, or for whoever is asked for help. */
import { useAnalytics } from '@backstage/frontend-plugin-api';
import { Button } from '@backstage/ui';
import { RiDownloadLine, RiFileCopyLine } from '@remixicon/react';
import { ApiError, eventLog, everyEvent } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useState } from 'react';
import { copyText } from '../../parts/copy-text';
import { download } from '../../parts/download';
import { useWords } from '../../parts/use-words';
import { useSurface } from '../../surface/surface';
import styles from './migration.module.css';

export function LogActs({ migration }: { readonly migration: string }) {
  const { t } = useWords();
  const { api } = useSurface();
  const analytics = useAnalytics();
  const [isReading, setReading] = useState(false);
  const [outcome, setOutcome] = useState('');
  const withLog = async (done: string, take: (log: string) => Promise<void> | void) => {
    setReading(true);
    setOutcome('');
    try {
      await take(eventLog(await everyEvent(input => api.call('getEvents', input), { migration })));
      setOutcome(done);
    } catch (error) {
      setOutcome(error instanceof ApiError ? error.message : t('copy.failed'));
    } finally {
      setReading(false);
    }
  };
  return (
    <div className={styles['acts']}>
      <Button
        variant="secondary"
        size="small"
        iconStart={<RiDownloadLine aria-hidden />}
        isDisabled={isReading}
        onPress={() =>
          void withLog('', log => {
            analytics.captureEvent('download log', migration);
            download(`vm-migrate-${migration}.log`, 'text/plain', log);
          })
        }
      >
        {t('events.download')}
      </Button>
      <Button
        variant="secondary"
        size="small"
        iconStart={<RiFileCopyLine aria-hidden />}
        isDisabled={isReading}
        onPress={() => void withLog(t('copy.copied'), copyText)}
      >
        {t('events.copy')}
      </Button>
      <span className={styles['quiet']} role="status">
        {outcome}
      </span>
    </div>
  );
}
