/** An address below ours that leads to none of our pages. */
import { ButtonLink } from '@backstage/ui';
import { Empty } from '../parts/empty';
import { useWords } from '../parts/use-words';
import { useSurface } from '../surface/surface';
import { PageFrame } from './page-frame';

export function NoSuchPage() {
  const { t } = useWords();
  const { links } = useSurface();
  return (
    <PageFrame title={t('noSuchPage.title')}>
      <Empty
        title={t('noSuchPage.title')}
        next={
          <ButtonLink variant="primary" href={links.migrations()}>
            {t('noSuchPage.list')}
          </ButtonLink>
        }
      >
        {t('noSuchPage.words')}
      </Empty>
    </PageFrame>
  );
}
