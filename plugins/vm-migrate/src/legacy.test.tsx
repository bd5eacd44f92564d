import { permissionApiRef } from '@backstage/plugin-permission-react';
import {
  ScaffolderFieldExtensions,
  useCustomFieldExtensions,
} from '@backstage/plugin-scaffolder-react';
import { renderInTestApp, TestApiProvider } from '@backstage/test-utils';
import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { Route, Routes } from 'react-router-dom';
import { EntityProvider } from '@backstage/plugin-catalog-react';
import {
  EntityVmHistoryContent,
  EntityVmMigrationCard,
  VmMigratePage,
  vmMigrateApiRef,
  vmMigratePlugin,
  VmPickerFieldExtension,
  VmPlacePickerFieldExtension,
  VmPlanReviewFieldExtension,
} from './legacy';
import { rootRouteRef } from './routes-legacy';
import { TREES } from './gallery/fixtures/trees';
import { FakeBackend } from './testing/fake-backend';
import { giveLayout } from './testing/layout';
import { permissionsOf } from './testing/permissions';
import { migrationOf } from './testing/views';

giveLayout();
const backend = new FakeBackend();
const user = userEvent.setup();

describe('the old frontend system', () => {
  it('mounts the pages where the app wants them', async () => {
    const byState = { running: 1, paused: 0, failed: 0, migrated: 0, canceled: 0 };
    backend.answer('getMigrations', () => [migrationOf({ id: 'm-1', vm: 'web-1' })]);
    backend.answer('countMigrations', () => ({ total: 1, byState }));
    backend.answer('getPlace', () => FakeBackend.failure(403, 'ACCESS_DENIED', 'no'));
    backend.answer('getVms', () => []);
    backend.answer('getSources', () => []);
    await renderInTestApp(
      <TestApiProvider
        apis={[
          [vmMigrateApiRef, backend.client],
          [permissionApiRef, permissionsOf(() => true)],
        ]}
      >
        <Routes>
          <Route path="/tools/migrate/*" element={<VmMigratePage />} />
        </Routes>
      </TestApiProvider>,
      {
        mountedRoutes: { '/tools/migrate': rootRouteRef },
        routeEntries: ['/tools/migrate'],
      },
    );
    expect(await screen.findByRole('link', { name: 'web-1' })).toHaveAttribute(
      'href',
      '/tools/migrate/migrations/m-1',
    );
    const nav = within(screen.getByRole('navigation', { name: 'VM migrations' }));
    await user.click(nav.getByRole('link', { name: 'New migration' }));
    expect(await screen.findByText('Which VM?')).toBeInTheDocument();
  });

  it("has the parts of a VM's entity", async () => {
    backend.answer('getMigrations', () => []);
    backend.answer('getTree', () => TREES.before);
    const entity = {
      apiVersion: 'backstage.io/v1alpha1',
      kind: 'Resource',
      metadata: {
        name: 'vm-1',
        annotations: { 'vm-migrate.io/source': 'lab', 'vm-migrate.io/vm-id': 'vm-1' },
      },
    };
    await renderInTestApp(
      <TestApiProvider
        apis={[
          [vmMigrateApiRef, backend.client],
          [permissionApiRef, permissionsOf(() => true)],
        ]}
      >
        <EntityProvider entity={entity}>
          <EntityVmHistoryContent />
          <EntityVmMigrationCard />
        </EntityProvider>
      </TestApiProvider>,
      { mountedRoutes: { '/tools/migrate': rootRouteRef } },
    );
    expect(await screen.findByRole('treegrid')).toBeInTheDocument();
    expect(await screen.findByRole('heading', { name: 'Migration' })).toBeInTheDocument();
  });

  it('makes the client itself, and has the fields of templates', async () => {
    expect([...vmMigratePlugin.getApis()].map(({ api }) => api.id)).toEqual([vmMigrateApiRef.id]);
    function Fields() {
      const fields = useCustomFieldExtensions<{ name: string }>(
        <ScaffolderFieldExtensions>
          <VmPickerFieldExtension />
          <VmPlacePickerFieldExtension />
          <VmPlanReviewFieldExtension />
        </ScaffolderFieldExtensions>,
      );
      return <>{fields.map(({ name }) => name).join()}</>;
    }
    await renderInTestApp(<Fields />);
    expect(await screen.findByText('VmPicker,VmPlacePicker,VmPlanReview')).toBeInTheDocument();
  });
});
