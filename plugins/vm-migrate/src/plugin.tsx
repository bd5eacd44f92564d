/** The plugin for Backstage's new frontend system: wiring only. */
import {
  ApiBlueprint,
  createFrontendPlugin,
  discoveryApiRef,
  fetchApiRef,
  PageBlueprint,
} from '@backstage/frontend-plugin-api';
import { createFormField, FormFieldBlueprint } from '@backstage/plugin-scaffolder-react/alpha';
import { RiHistoryLine } from '@remixicon/react';
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

/** Pages and API; found by an app where `app.packages` says so, else added to its features. @public */
export const vmMigratePlugin = createFrontendPlugin({
  pluginId: 'vm-migrate',
  title: 'VM migrations',
  icon: <RiHistoryLine />,
  routes: { root: rootRouteRef },
  extensions: [api, page, vmPicker],
});
