// An app on the new frontend system. The plugin is found by its package: `app.packages: all`.
import '@backstage/ui/css/styles.css';
import { createApp } from '@backstage/frontend-defaults';
import vmMigrateTranslations from '@vm-migrate/backstage-plugin-vm-migrate/translations';
import { createRoot } from 'react-dom/client';

const app = createApp({ features: [vmMigrateTranslations] });

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(app.createRoot());
