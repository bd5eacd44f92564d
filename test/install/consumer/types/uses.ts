// What others write against our packages: each wrong use must be seen, or the types are not there.
import { apiClient, OPERATIONS, type VmView } from '@vm-migrate/api';
import vmMigrateBackend, {
  migrationConditions,
} from '@vm-migrate/backstage-plugin-vm-migrate-backend';
import {
  ANNOTATION_VM_ID,
  migrationReadPermission,
  type ApiClient,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { vmMigrateKindsExtensionPoint } from '@vm-migrate/backstage-plugin-vm-migrate-node';
import { EngineError, openEngine, type Source } from '@vm-migrate/engine';
import { describeTarget } from '@vm-migrate/engine/testing';
import { MOVER_VERSION } from '@vm-migrate/engine/mover';

export const client: ApiClient = apiClient({ baseUrl: () => 'http://localhost' });
export const vms = async (): Promise<readonly VmView[]> => client.call('getVms', {});
// @ts-expect-error there is no such operation
void client.call('getNothing', {});
// @ts-expect-error an id is a string
void client.call('pause', { migration: 1 });

export const names: readonly string[] = Object.keys(OPERATIONS);
export const isId: 'vm-migrate.io/vm-id' = ANNOTATION_VM_ID;
export const resource: string = migrationReadPermission.resourceType;
export const owned = migrationConditions.isOwner({ claims: ['group:default/a'] });
// @ts-expect-error claims are wanted
migrationConditions.isOwner({});
// @ts-expect-error a feature is no text
export const feature: string = vmMigrateBackend;
// @ts-expect-error an extension point is no text
export const point: string = vmMigrateKindsExtensionPoint;
// @ts-expect-error there is no such code
export const error = new EngineError('NO_SUCH_CODE', { found: 'x' });
// @ts-expect-error an engine is opened with options
void openEngine();
export const list = (source: Source) => source.listVms();
export const version: string = MOVER_VERSION;
// @ts-expect-error a suite has a name
describeTarget();
