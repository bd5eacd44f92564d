/**
 * Who may do what, as Backstage's permissions. Reading and steering a migration are decided for each
 * one, by rules over its row; everything else is decided as such.
 */
import { createPermission, type Permission } from '@backstage/plugin-permission-common';
import type { OperationName } from '@vm-migrate/api';

/** What the permissions of a migration are about. @public */
export const MIGRATION_RESOURCE_TYPE = 'vm-migrate-migration';

/** To see that a migration is there, and everything about it. @public */
export const migrationReadPermission = createPermission({
  name: 'vm-migrate.migration.read',
  attributes: { action: 'read' },
  resourceType: MIGRATION_RESOURCE_TYPE,
});

/** Pause, resume, retry, cancel, verify. Counts only for migrations that may be read. @public */
export const migrationControlPermission = createPermission({
  name: 'vm-migrate.migration.control',
  attributes: { action: 'update' },
  resourceType: MIGRATION_RESOURCE_TYPE,
});

/** Sources and their VMs with their histories, targets, workers, limits. Says nothing of migrations. @public */
export const inventoryReadPermission = createPermission({
  name: 'vm-migrate.inventory.read',
  attributes: { action: 'read' },
});

/** To have a plan made. @public */
export const planPermission = createPermission({
  name: 'vm-migrate.plan',
  attributes: { action: 'read' },
});

/** To start; the person must also be able to read the VM's entity, where the catalog has one. @public */
export const startPermission = createPermission({
  name: 'vm-migrate.start',
  attributes: { action: 'create' },
});

/** To change limits. @public */
export const limitsPermission = createPermission({
  name: 'vm-migrate.limits',
  attributes: { action: 'update' },
});

/** `recover` and `cleanup`, which look at everything: it takes reading and steering all migrations as well. @public */
export const maintenancePermission = createPermission({
  name: 'vm-migrate.maintenance',
  attributes: { action: 'delete' },
});

/** All of them. @public */
export const vmMigratePermissions: readonly Permission[] = [
  migrationReadPermission,
  migrationControlPermission,
  inventoryReadPermission,
  planPermission,
  startPermission,
  limitsPermission,
  maintenancePermission,
];

/** What each operation takes. @public */
export const OPERATION_PERMISSIONS = {
  getSources: inventoryReadPermission,
  getTargets: inventoryReadPermission,
  getVms: inventoryReadPermission,
  getTree: inventoryReadPermission,
  getWorkers: inventoryReadPermission,
  getLimits: inventoryReadPermission,
  getPlace: inventoryReadPermission,
  getMigrations: migrationReadPermission,
  countMigrations: migrationReadPermission,
  getLayers: migrationReadPermission,
  getSnapshots: migrationReadPermission,
  getObjects: migrationReadPermission,
  getStatus: migrationReadPermission,
  getQueue: migrationReadPermission,
  getEvents: migrationReadPermission,
  getReport: migrationReadPermission,
  describe: migrationReadPermission,
  plan: planPermission,
  start: startPermission,
  pause: migrationControlPermission,
  resume: migrationControlPermission,
  retry: migrationControlPermission,
  cancel: migrationControlPermission,
  verify: migrationControlPermission,
  setLimit: limitsPermission,
  recover: maintenancePermission,
  cleanup: maintenancePermission,
} as const satisfies Readonly<Record<OperationName, Permission>>;
