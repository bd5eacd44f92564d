/** Our pages as an app of the new frontend system shows them, at an address below their root. */
import { renderTestApp } from '@backstage/frontend-test-utils';
import { permissionApiRef, type PermissionApi } from '@backstage/plugin-permission-react';
import type { ApiClient } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { vmMigratePlugin } from '../plugin';
import { vmMigrateApiRef } from '../surface/api-ref';

type Asked = Parameters<PermissionApi['authorize']>[0];

export interface RenderHow {
  /** Whether the person may do that; everything when absent. */
  readonly allows?: (asked: Asked) => boolean;
}

export function renderPages(
  client: ApiClient,
  path = '/vm-migrate',
  { allows = () => true }: RenderHow = {},
) {
  const permissions: PermissionApi = {
    authorize: asked =>
      Promise.resolve({ result: allows(asked) ? 'ALLOW' : 'DENY' } as Awaited<
        ReturnType<PermissionApi['authorize']>
      >),
  };
  return renderTestApp({
    features: [vmMigratePlugin],
    initialRouteEntries: [path],
    apis: [
      [vmMigrateApiRef, client],
      [permissionApiRef, permissions],
    ],
  });
}
