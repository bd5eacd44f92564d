/** Where VMs come from, and whether each source answers. */
import { Empty } from '../../parts/empty';
import { Failure } from '../../parts/failure';
import { Section } from '../../parts/section';
import { useWords } from '../../parts/use-words';
import { Waiting } from '../../parts/waiting';
import { useOperation } from '../../surface/queries';
import { Health } from './health';
import styles from './operations.module.css';

/** To ask a source is work for it. */
export const PLACES_MS = 30_000;

export function Sources() {
  const { t } = useWords();
  const { data, error } = useOperation('getSources', {}, { of: 'places', refetchMs: PLACES_MS });
  return (
    <Section title={t('operations.sources.title')}>
      {error !== null && <Failure error={error.data} />}
      {data === undefined && error === null && <Waiting lines={2} />}
      {data?.length === 0 && (
        <Empty title={t('operations.sources.none')}>{t('operations.sources.noneWords')}</Empty>
      )}
      <ul className={styles['cards']}>
        {data?.map(({ name, kind, location, vms, error: failure }) => (
          <li key={name} className={styles['card']}>
            <div className={styles['cardHead']}>
              <b>{name}</b>
              <Health state={failure === null ? 'ok' : 'failed'} />
            </div>
            <span className={styles['quiet']}>
              {kind}
              {location !== '' && ` · ${location}`}
            </span>
            {vms !== null && <span>{t('newMigration.vms', { count: vms })}</span>}
            {failure !== null && <Failure error={failure} />}
          </li>
        ))}
      </ul>
    </Section>
  );
}
