/** The gallery as a page of an app: a list of every state, and each of them at an address of its own. */
import {
  appLanguageApiRef,
  appThemeApiRef,
  createFrontendPlugin,
  PageBlueprint,
  createRouteRef,
  useApi,
} from '@backstage/frontend-plugin-api';
import { Button, Container, Link } from '@backstage/ui';
import { RiGalleryLine } from '@remixicon/react';
import { useMemo, useSyncExternalStore } from 'react';
import { Route, Routes, useParams } from 'react-router-dom';
import { Pages } from '../pages/pages';
import { linksUnder } from '../surface/links';
import { ENTRIES } from './entries';
import type { GalleryEntry } from './entry';
import { fixtureClient } from './fixture-client';
import styles from './gallery.module.css';

const BASE = '/gallery';

function GalleryPage() {
  return (
    <Routes>
      <Route path="/" element={<List />} />
      <Route path="/:entry/*" element={<One />} />
    </Routes>
  );
}

function List() {
  const views = [...new Set(ENTRIES.map(({ view }) => view))];
  return (
    <Container>
      <h1>vm-migrate</h1>
      <Switches />
      {views.map(view => (
        <section key={view}>
          <h2>{view}</h2>
          <ul className={styles['list']}>
            {ENTRIES.filter(entry => entry.view === view).map(entry => (
              <li key={entry.id}>
                <Link href={addressOf(entry)}>{entry.state}</Link>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </Container>
  );
}

function One() {
  const { entry: id } = useParams();
  const at = ENTRIES.findIndex(entry => entry.id === id);
  const entry = ENTRIES[at];
  const surface = useMemo(
    () =>
      entry === undefined
        ? undefined
        : {
            api: fixtureClient(entry.answers, entry.stream),
            links: linksUnder(`${BASE}/${entry.id}`, ref => `/catalog/${ref}`),
          },
    [entry],
  );
  if (entry === undefined || surface === undefined) return <List />;
  const beside = [ENTRIES[at - 1], ENTRIES[at + 1]];
  return (
    <>
      <div className={styles['bar']}>
        <Link href={BASE}>All</Link>
        {beside.map(
          (other, side) =>
            other !== undefined && (
              <Link key={other.id} href={addressOf(other)}>
                {side === 0 ? '← ' : ''}
                {other.view}: {other.state}
                {side === 1 ? ' →' : ''}
              </Link>
            ),
        )}
        <Switches />
      </div>
      {/* Anew for each: a query stays with the client that it was first asked of. */}
      <div key={entry.id} data-entry={entry.id}>
        {'path' in entry.shows ? (
          <Pages {...surface} />
        ) : (
          <main className={styles['part']}>{entry.shows.part(surface)}</main>
        )}
      </div>
    </>
  );
}

function addressOf({ id, shows }: GalleryEntry): string {
  return `${BASE}/${id}${'path' in shows ? shows.path : ''}`;
}

function Switches() {
  const themes = useApi(appThemeApiRef);
  const languages = useApi(appLanguageApiRef);
  const theme = useSyncExternalStore(
    changed => {
      const subscription = themes.activeThemeId$().subscribe(changed);
      return () => subscription.unsubscribe();
    },
    () => themes.getActiveThemeId(),
  );
  return (
    <span className={styles['switches']}>
      <Button
        size="small"
        variant="secondary"
        onPress={() => themes.setActiveThemeId(theme === 'dark' ? 'light' : 'dark')}
      >
        {theme === 'dark' ? 'Light' : 'Dark'}
      </Button>
      {languages.getAvailableLanguages().languages.map(language => (
        <Button
          key={language}
          size="small"
          variant="secondary"
          onPress={() => languages.setLanguage(language)}
        >
          {language}
        </Button>
      ))}
    </span>
  );
}

const rootRouteRef = createRouteRef();

export const galleryPlugin = createFrontendPlugin({
  pluginId: 'vm-migrate-gallery',
  routes: { root: rootRouteRef },
  extensions: [
    PageBlueprint.make({
      params: {
        path: BASE,
        routeRef: rootRouteRef,
        title: 'Gallery',
        icon: <RiGalleryLine />,
        noHeader: true,
        loader: () => Promise.resolve(<GalleryPage />),
      },
    }),
  ],
});
