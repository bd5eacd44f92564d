/** Our pages as an app of the new frontend system shows them, at an address below their root. */
import { renderTestApp } from '@backstage/frontend-test-utils';
import { permissionApiRef } from '@backstage/plugin-permission-react';
import type { ApiClient } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { vmMigratePlugin } from '../plugin';
import { vmMigrateApiRef } from '../surface/api-ref';
import vmMigrateTranslations from '../translations';
import { permissionsOf, type Allows } from './permissions';

export interface RenderHow {
  /** Whether the person may do that; everything when absent. */
  readonly allows?: Allows;
  /** Of the app; English when absent. */
  readonly language?: 'en' | 'de';
}

export function renderPages(
  client: ApiClient,
  path = '/vm-migrate',
  { allows = () => true, language = 'en' }: RenderHow = {},
) {
  // Where the app keeps what a person chose.
  localStorage.setItem('language', language);
  return renderTestApp({
    features: [vmMigratePlugin, vmMigrateTranslations],
    config: {
      app: {
        extensions: [
          {
            'api:app/app-language': {
              config: { availableLanguages: ['en', 'de'] },
            },
          },
        ],
      },
    },
    initialRouteEntries: [path],
    apis: [
      [vmMigrateApiRef, client],
      [permissionApiRef, permissionsOf(allows)],
    ],
  });
}
