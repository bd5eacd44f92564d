/** What Backstage's permission backend asks about one migration: its row, by its id. */
import type { PermissionsRegistryService } from '@backstage/backend-plugin-api';
import {
  migrationControlPermission,
  migrationReadPermission,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import type { Engine } from '@vm-migrate/engine';
import { migrationResourceRef, migrationRules } from './rules';

type ResourceType = Parameters<PermissionsRegistryService['addResourceType']>[0];

export function migrationResources(engine: () => Engine): ResourceType {
  return {
    resourceRef: migrationResourceRef,
    permissions: [migrationReadPermission, migrationControlPermission],
    rules: Object.values(migrationRules),
    getResources: (ids: string[]) => engine().scopedRows(ids),
  } as unknown as ResourceType;
}
