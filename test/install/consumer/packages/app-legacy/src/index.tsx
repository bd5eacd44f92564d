// An app on the old frontend system.
import '@backstage/ui/css/styles.css';
import { createApp } from '@backstage/app-defaults';
import { AppRouter, FlatRoutes } from '@backstage/core-app-api';
import { AlertDisplay, OAuthRequestDialog, SignInPage } from '@backstage/core-components';
import {
  CatalogEntityPage,
  CatalogIndexPage,
  catalogPlugin,
  EntityLayout,
} from '@backstage/plugin-catalog';
import {
  EntityVmHistoryContent,
  EntityVmMigrationCard,
  isVirtualMachine,
  VmMigratePage,
} from '@vm-migrate/backstage-plugin-vm-migrate/legacy';
import { createRoot } from 'react-dom/client';
import { Route } from 'react-router-dom';

const app = createApp({
  plugins: [catalogPlugin],
  components: { SignInPage: props => <SignInPage {...props} providers={['guest']} /> },
});

const entityPage = (
  <EntityLayout>
    <EntityLayout.Route path="/" title="Overview">
      <EntityVmMigrationCard />
    </EntityLayout.Route>
    <EntityLayout.Route if={isVirtualMachine} path="/snapshot-history" title="Snapshot history">
      <EntityVmHistoryContent />
    </EntityLayout.Route>
  </EntityLayout>
);

const App = app.createRoot(
  <>
    <AlertDisplay />
    <OAuthRequestDialog />
    <AppRouter>
      <FlatRoutes>
        <Route path="/catalog" element={<CatalogIndexPage />} />
        <Route path="/catalog/:namespace/:kind/:name" element={<CatalogEntityPage />}>
          {entityPage}
        </Route>
        <Route path="/vm-migrate" element={<VmMigratePage />} />
      </FlatRoutes>
    </AppRouter>
  </>,
);

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<App />);
