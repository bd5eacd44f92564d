/** Other languages: a feature of its own, which an app adds beside the plugin. */
import { createFrontendModule, createTranslationResource } from '@backstage/frontend-plugin-api';
import { TranslationBlueprint } from '@backstage/plugin-app-react';
import { vmMigrateTranslationRef } from './ref';

/** For an app on the old frontend system. @public */
export const vmMigrateTranslations = createTranslationResource({
  ref: vmMigrateTranslationRef,
  translations: { de: () => import('./de') },
});

/** @public */
export default createFrontendModule({
  pluginId: 'app',
  extensions: [
    TranslationBlueprint.make({ name: 'vm-migrate', params: { resource: vmMigrateTranslations } }),
  ],
});
