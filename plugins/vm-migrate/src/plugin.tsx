/** The plugin for Backstage's new frontend system: wiring only. */
import {
  ApiBlueprint,
  createFrontendPlugin,
  discoveryApiRef,
  fetchApiRef,
  PageBlueprint,
} from '@backstage/frontend-plugin-api';
import {
  EntityCardBlueprint,
  EntityContentBlueprint,
  EntityContextMenuItemBlueprint,
} from '@backstage/plugin-catalog-react/alpha';
import { createFormField, FormFieldBlueprint } from '@backstage/plugin-scaffolder-react/alpha';
import { RiHistoryLine } from '@remixicon/react';
import { isVirtualMachine, vmOf } from './entity/entity-vm';
import { useMigrateItem } from './entity/use-migrate-item';
import { rootRouteRef } from './routes';
import { vmMigrateApiRef } from './surface/api-ref';
import { backstageClient } from './surface/backstage-client';

const api = ApiBlueprint.make({
  params: define =>
    define({
      api: vmMigrateApiRef,
      deps: { discovery: discoveryApiRef, fetch: fetchApiRef },
      factory: ({ discovery, fetch }) => backstageClient({ discovery, fetch }),
    }),
});

const page = PageBlueprint.make({
  params: {
    path: '/vm-migrate',
    routeRef: rootRouteRef,
    title: 'VM migrations',
    icon: <RiHistoryLine />,
    noHeader: true,
    loader: async () => {
      const { PluginPage } = await import('./pages/plugin-page');
      return <PluginPage />;
    },
  },
});

const vmPicker = FormFieldBlueprint.make({
  name: 'vm-picker',
  params: {
    field: async () => {
      const { vmPickerField } = await import('./picker/vm-picker-field');
      return createFormField(vmPickerField);
    },
  },
});

const vmPlacePicker = FormFieldBlueprint.make({
  name: 'vm-place-picker',
  params: {
    field: async () => {
      const { vmPlacePickerField } = await import('./picker/vm-place-picker-field');
      return createFormField(vmPlacePickerField);
    },
  },
});

const vmPlanReview = FormFieldBlueprint.make({
  name: 'vm-plan-review',
  params: {
    field: async () => {
      const { vmPlanReviewField } = await import('./picker/vm-plan-review-field');
      return createFormField(vmPlanReviewField);
    },
  },
});

const entityHistory = EntityContentBlueprint.make({
  params: {
    path: '/snapshot-history',
    title: 'Snapshot history',
    icon: 'history',
    filter: isVirtualMachine,
    loader: async () => {
      const { PluginEntityHistory } = await import('./entity/plugin-parts');
      return <PluginEntityHistory />;
    },
  },
});

const entityCard = EntityCardBlueprint.make({
  params: {
    type: 'content',
    filter: isVirtualMachine,
    loader: async () => {
      const { PluginEntityCard } = await import('./entity/plugin-parts');
      return <PluginEntityCard />;
    },
  },
});

const migrateItem = EntityContextMenuItemBlueprint.make({
  params: {
    icon: <RiHistoryLine />,
    useProps: useMigrateItem,
    filter: entity => vmOf(entity) !== undefined,
  },
});

/** Pages, entity parts and API; found by an app where `app.packages` says so, else added to its features. @public */
export const vmMigratePlugin = createFrontendPlugin({
  pluginId: 'vm-migrate',
  title: 'VM migrations',
  icon: <RiHistoryLine />,
  routes: { root: rootRouteRef },
  extensions: [
    api,
    page,
    vmPicker,
    vmPlacePicker,
    vmPlanReview,
    entityHistory,
    entityCard,
    migrateItem,
  ],
});
