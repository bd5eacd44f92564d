/** The frame of each page of ours: title, the way to the others, and whether what it shows is live. */
import { Container, PluginHeader } from '@backstage/ui';
import { RiHistoryLine } from '@remixicon/react';
import { useEffect, type ReactNode } from 'react';
import { useWords } from '../parts/use-words';
import { LiveBanner } from '../surface/live-banner';
import { useLiveMode, useSurface } from '../surface/surface';
import { PageNav, useNavLabel } from './page-nav';
import styles from './page-nav.module.css';

export interface PageFrameProps {
  /** What the browser's tab calls the page, before the plugin's name; the name in the navigation when absent. */
  readonly title?: string;
  /** Of what the page is about, below the plugin's own. */
  readonly header?: ReactNode;
  readonly children: ReactNode;
}

export function PageFrame({ title: own, header, children }: PageFrameProps) {
  const { t } = useWords();
  const { links } = useSurface();
  const mode = useLiveMode();
  const plugin = t('plugin.title');
  const name = useNavLabel();
  const title = [own ?? name, plugin].filter(word => word !== undefined).join(' · ');
  // The app names no tab for a page without its header, and leaves ours alone on the way out.
  useEffect(() => {
    const before = document.title;
    document.title = title;
    return () => void (document.title = before);
  }, [title]);
  return (
    <>
      <PluginHeader
        className={styles['head'] ?? ''}
        title={plugin}
        icon={<RiHistoryLine />}
        titleLink={links.migrations()}
        customActions={
          <span role="status">{mode !== 'lost' && mode !== 'signed-out' && t(`live.${mode}`)}</span>
        }
      />
      <PageNav />
      <LiveBanner />
      <main>
        {header}
        <Container>{children}</Container>
      </main>
    </>
  );
}
