/** A migration that is not there, or that this person may not read: the two look the same on purpose. */
import { ButtonLink } from '@backstage/ui';
import { Empty } from '../../parts/empty';
import { useWords } from '../../parts/use-words';
import { useSurface } from '../../surface/surface';

export function NoSuchMigration({ id }: { readonly id: string }) {
  const { t } = useWords();
  const { links } = useSurface();
  return (
    <Empty
      title={t('migration.missing.title', { id })}
      next={
        <ButtonLink variant="primary" href={links.migrations()}>
          {t('migration.missing.list')}
        </ButtonLink>
      }
    >
      {t('migration.missing.words')}
    </Empty>
  );
}
