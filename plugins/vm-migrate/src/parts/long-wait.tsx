/** That a migration only waits, for what and how long by now; what to do about it stands on its own page. */
import {
  printable,
  withoutCommands,
  type WaitView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { RiTimeLine } from '@remixicon/react';
import { useNow } from './age';
import { Awaited } from './awaited';
import { durationText } from './format';
import styles from './parts.module.css';
import { useControlWords } from './use-control-words';
import { useWords } from './use-words';

/** Between two steps every migration waits some seconds for a worker or a driver: told at once, its row would flicker. */
const LONG_WAIT_MS = 30_000;

export function LongWait({ wait }: { readonly wait: WaitView }) {
  const { t } = useWords();
  const inOurWords = useControlWords();
  const now = useNow();
  const waitedMs = wait.since === null ? undefined : now - Date.parse(wait.since);
  // Since when is not known of what was asked for later, as checks are: it is told.
  if (waitedMs !== undefined && waitedMs < LONG_WAIT_MS) return null;
  return (
    <span className={styles['wait']} title={printable(inOurWords(wait.for))}>
      <RiTimeLine aria-hidden /> {t('wait.for')} <Awaited>{withoutCommands(wait.for)}</Awaited>
      {waitedMs !== undefined && `, ${t('wait.time', { time: durationText(waitedMs) })}`}
    </span>
  );
}
