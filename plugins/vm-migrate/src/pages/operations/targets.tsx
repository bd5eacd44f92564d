/** Where volumes are made: whether each target answers, and what is known of its storage classes. */
import { ClassProof } from '../../parts/class-proof';
import { Empty } from '../../parts/empty';
import { Failure } from '../../parts/failure';
import { Section } from '../../parts/section';
import { useWords } from '../../parts/use-words';
import { Waiting } from '../../parts/waiting';
import { useOperation } from '../../surface/queries';
import { Health } from './health';
import styles from './operations.module.css';
import { PLACES_MS } from './sources';

export function Targets() {
  const { t } = useWords();
  const { data, error } = useOperation('getTargets', {}, { of: 'places', refetchMs: PLACES_MS });
  return (
    <Section title={t('operations.targets.title')}>
      {error !== null && <Failure error={error.data} />}
      {data === undefined && error === null && <Waiting lines={3} />}
      {data?.length === 0 && (
        <Empty title={t('operations.targets.none')}>{t('operations.targets.noneWords')}</Empty>
      )}
      <ul className={styles['cards']}>
        {data?.map(target => (
          <li key={target.name} className={styles['card']}>
            <div className={styles['cardHead']}>
              <b>{target.name}</b>
              <Health state={target.error === null ? 'ok' : 'failed'} />
            </div>
            <span className={styles['quiet']}>
              {[
                target.kind,
                target.location,
                target.isDefault ? t('operations.targets.default') : '',
                target.namespaces.length === 0
                  ? ''
                  : t('operations.targets.namespaces', { names: target.namespaces.join(', ') }),
              ]
                .filter(word => word !== '')
                .join(' · ')}
            </span>
            {target.error !== null && <Failure error={target.error} />}
            {target.classes.map(each => (
              <ClassProof key={each.name} storageClass={each} />
            ))}
          </li>
        ))}
      </ul>
    </Section>
  );
}
