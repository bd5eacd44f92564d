/** The VM has a migration already: how far that is, and what a start of this plan would do about it. */
import { Alert, Link } from '@backstage/ui';
import { StateTag } from '../../parts/state-tag';
import { useWords } from '../../parts/use-words';
import { useSurface } from '../../surface/surface';
import type { EarlierMigration } from './use-earlier-migration';
import styles from './new-migration.module.css';

export function EarlierNotice({ earlier }: { readonly earlier: EarlierMigration }) {
  const { t } = useWords();
  const { links } = useSurface();
  const { migration, start } = earlier;
  return (
    <Alert
      className={styles['notice'] ?? ''}
      status="info"
      icon
      title={
        <span className={styles['noticeHead']}>
          {t('newMigration.earlier.title', { target: migration.target })}
          <StateTag state={migration.state} />
          <Link href={links.migration(migration.id)}>
            {t('newMigration.seeMigration', { id: migration.id })}
          </Link>
        </span>
      }
      description={t(`newMigration.earlier.${start}`)}
    />
  );
}
