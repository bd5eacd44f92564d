/** The frame of each page of ours: title, the way to the others, and whether what it shows is live. */
import { Container, PluginHeader } from '@backstage/ui';
import { RiHistoryLine } from '@remixicon/react';
import type { ReactNode } from 'react';
import { useWords } from '../parts/use-words';
import { useLiveMode, useSurface } from '../surface/surface';

export function PageFrame({ children }: { readonly children: ReactNode }) {
  const { t } = useWords();
  const { links } = useSurface();
  const mode = useLiveMode();
  return (
    <>
      <PluginHeader
        title={t('plugin.title')}
        icon={<RiHistoryLine />}
        titleLink={links.migrations()}
        tabs={[
          { id: 'migrations', label: t('nav.migrations'), href: links.migrations() },
          { id: 'new', label: t('nav.new'), href: links.newMigration() },
          { id: 'operations', label: t('nav.operations'), href: links.operations() },
        ]}
        customActions={<span role="status">{t(`live.${mode}`)}</span>}
      />
      <main>
        <Container>{children}</Container>
      </main>
    </>
  );
}
