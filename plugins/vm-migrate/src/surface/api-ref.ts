/** Backstage's name for the client of our backend. */
import { createApiRef } from '@backstage/frontend-plugin-api';
import type { ApiClient } from '@vm-migrate/backstage-plugin-vm-migrate-common';

/** Every operation over HTTP, as the person who is signed in, and the events as they happen. @public */
export const vmMigrateApiRef = createApiRef<ApiClient>().with({
  id: 'plugin.vm-migrate.service',
  pluginId: 'vm-migrate',
});
