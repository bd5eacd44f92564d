/**
 * vm-migrate in Backstage's old frontend system: wiring only, the pages are those of the new one.
 *
 * @packageDocumentation
 */
import {
  createApiFactory,
  createComponentExtension,
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
import { vmPlacePickerField } from './picker/vm-place-picker-field';
import { vmPlanReviewField } from './picker/vm-plan-review-field';
import { vmMigrateApiRef } from './surface/api-ref';
import { backstageClient } from './surface/backstage-client';

export { isVirtualMachine } from './entity/entity-vm';
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

/** History of a VM's entity, for a tab of its page: `<EntityLayout.Route if={isVirtualMachine}>`. @public */
export const EntityVmHistoryContent = vmMigratePlugin.provide(
  createComponentExtension({
    name: 'EntityVmHistoryContent',
    component: {
      lazy: async (): Promise<() => ReactElement> =>
        (await import('./entity/legacy-parts')).LegacyEntityHistory,
    },
  }),
);

/** State and progress of a VM's migration, for the overview of its entity. @public */
export const EntityVmMigrationCard = vmMigratePlugin.provide(
  createComponentExtension({
    name: 'EntityVmMigrationCard',
    component: {
      lazy: async (): Promise<() => ReactElement> =>
        (await import('./entity/legacy-parts')).LegacyEntityCard,
    },
  }),
);

/** `ui:field: VmPicker`, inside `<ScaffolderFieldExtensions>`. @public */
export const VmPickerFieldExtension: FieldExtensionComponent<string, unknown> =
  vmMigratePlugin.provide(
    createScaffolderFieldExtension({ ...vmPickerField, schema: vmPickerField.schema.schema }),
  );

/** `ui:field: VmPlacePicker`, inside `<ScaffolderFieldExtensions>`. @public */
export const VmPlacePickerFieldExtension: FieldExtensionComponent<object, unknown> =
  vmMigratePlugin.provide(
    createScaffolderFieldExtension({
      ...vmPlacePickerField,
      schema: vmPlacePickerField.schema.schema,
    }),
  );

/** `ui:field: VmPlanReview`, inside `<ScaffolderFieldExtensions>`. @public */
export const VmPlanReviewFieldExtension: FieldExtensionComponent<object, unknown> =
  vmMigratePlugin.provide(
    createScaffolderFieldExtension({
      ...vmPlanReviewField,
      schema: vmPlanReviewField.schema.schema,
    }),
  );
