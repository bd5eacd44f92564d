/** The gallery's app: Backstage's own, without a backend. `npm run gallery` builds and serves it. */
import '@backstage/ui/css/styles.css';
import { createApp } from '@backstage/frontend-defaults';
import { ApiBlueprint, createFrontendModule } from '@backstage/frontend-plugin-api';
import { permissionApiRef } from '@backstage/plugin-permission-react';
import { createRoot } from 'react-dom/client';
import vmMigrateTranslations from '../translations';
import { ENTRIES } from './entries';
import { galleryPlugin } from './gallery';

/** Who may do what is told by the entry that is looked at. */
const permissions = ApiBlueprint.make({
  name: 'permission',
  params: define =>
    define({
      api: permissionApiRef,
      deps: {},
      factory: () => ({
        authorize: () => {
          const shown = ENTRIES.find(({ id }) => location.pathname.split('/').includes(id));
          const result = shown?.refuses === 'everything' ? 'DENY' : 'ALLOW';
          return Promise.resolve({ result } as never);
        },
      }),
    }),
});

const app = createApp({
  features: [
    galleryPlugin,
    vmMigrateTranslations,
    createFrontendModule({ pluginId: 'app', extensions: [permissions] }),
  ],
});

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(app.createRoot());
