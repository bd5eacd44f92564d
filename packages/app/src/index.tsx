/** A Backstage app with vm-migrate, to try it on this machine: adds plugins, nothing of its own. */
import '@backstage/ui/css/styles.css';
import { createApp } from '@backstage/frontend-defaults';
import catalogPlugin from '@backstage/plugin-catalog/alpha';
import scaffolderPlugin from '@backstage/plugin-scaffolder/alpha';
import userSettingsPlugin from '@backstage/plugin-user-settings/alpha';
import vmMigratePlugin from '@vm-migrate/backstage-plugin-vm-migrate';
import vmMigrateTranslations from '@vm-migrate/backstage-plugin-vm-migrate/translations';
import { createRoot } from 'react-dom/client';

const app = createApp({
  features: [
    catalogPlugin,
    scaffolderPlugin,
    userSettingsPlugin,
    vmMigratePlugin,
    vmMigrateTranslations,
  ],
});

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(app.createRoot());
