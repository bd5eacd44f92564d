/** A migration that is not there, or that this person may not read: the two look the same on purpose. */
import { ButtonLink } from '@backstage/ui';
import { EmptyState } from '../../parts/empty-state';
import { useWords } from '../../parts/use-words';
import { useSurface } from '../../surface/surface';

export function NoSuchMigration({ id }: { readonly id: string }) {
  const { t } = useWords();
  const { links } = useSurface();
  return (
    <EmptyState
      title={t('migration.missing.title', { id })}
      action={
        <ButtonLink variant="primary" href={links.migrations()}>
          {t('migration.missing.list')}
        </ButtonLink>
      }
    >
      {t('migration.missing.words')}
    </EmptyState>
  );
}
