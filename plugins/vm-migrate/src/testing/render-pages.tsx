/** Our pages as an app of the new frontend system shows them, at an address below their root. */
import { renderTestApp } from '@backstage/frontend-test-utils';
import type { ApiClient } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { vmMigratePlugin } from '../plugin';
import { vmMigrateApiRef } from '../surface/api-ref';

export function renderPages(client: ApiClient, path = '/vm-migrate') {
  return renderTestApp({
    features: [vmMigratePlugin],
    initialRouteEntries: [path],
    apis: [[vmMigrateApiRef, client]],
  });
}
