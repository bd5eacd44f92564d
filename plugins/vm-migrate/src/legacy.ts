/**
 * vm-migrate in Backstage's old frontend system: wiring only, the pages are those of the new one.
 *
 * @packageDocumentation
 */
import {
  createApiFactory,
  createPlugin,
  createRoutableExtension,
  discoveryApiRef,
  fetchApiRef,
} from '@backstage/core-plugin-api';
import {
  createScaffolderFieldExtension,
  type FieldExtensionComponent,
} from '@backstage/plugin-scaffolder-react';
import type { ReactElement } from 'react';
import { rootRouteRef } from './routes-legacy';
import { vmPickerField } from './picker/vm-picker-field';
import { vmMigrateApiRef } from './surface/api-ref';
import { backstageClient } from './surface/backstage-client';

export { vmMigrateApiRef } from './surface/api-ref';
export { vmMigrateTranslations } from './translations';
export { vmMigrateTranslationRef } from './translations/ref';

/** The plugin; an app finds it through what it provides. @public */
export const vmMigratePlugin = createPlugin({
  id: 'vm-migrate',
  apis: [
    createApiFactory({
      api: vmMigrateApiRef,
      deps: { discovery: discoveryApiRef, fetch: fetchApiRef },
      factory: ({ discovery, fetch }) => backstageClient({ discovery, fetch }),
    }),
  ],
  routes: { root: rootRouteRef },
});

/** All pages, below the route that it is mounted at, as `/vm-migrate`. @public */
export const VmMigratePage = vmMigratePlugin.provide(
  createRoutableExtension({
    name: 'VmMigratePage',
    component: async (): Promise<() => ReactElement> =>
      (await import('./pages/legacy-page')).LegacyPage,
    mountPoint: rootRouteRef,
  }),
);

/** `ui:field: VmPicker`, inside `<ScaffolderFieldExtensions>`. @public */
export const VmPickerFieldExtension: FieldExtensionComponent<string, unknown> =
  vmMigratePlugin.provide(
    createScaffolderFieldExtension({ ...vmPickerField, schema: vmPickerField.schema.schema }),
  );
