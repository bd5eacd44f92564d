/** From Backstage's decisions to what the engine lets this person see and do. */
import type {
  BackstageCredentials,
  PermissionsRegistryService,
  PermissionsService,
} from '@backstage/backend-plugin-api';
import {
  AuthorizeResult,
  isResourcePermission,
  type Permission,
  type PolicyDecision,
} from '@backstage/plugin-permission-common';
import { createConditionTransformer } from '@backstage/plugin-permission-node';
import {
  migrationControlPermission,
  migrationReadPermission,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { EngineError, type Access, type MigrationScope } from '@vm-migrate/engine';
import { migrationResourceRef } from './rules';

export interface AccessDeps {
  readonly permissions: PermissionsService;
  readonly permissionsRegistry: PermissionsRegistryService;
}

/**
 * A condition becomes a scope, which the database evaluates: lists and counts hold what may be read.
 * The shapes of criteria (allOf, anyOf, not) are the scope's own.
 */
export async function decideAccess(
  { permissions, permissionsRegistry }: AccessDeps,
  credentials: BackstageCredentials,
): Promise<Access> {
  const toScope = createConditionTransformer(
    permissionsRegistry.getPermissionRuleset(migrationResourceRef),
  );
  const scopeOf = (decision: PolicyDecision | undefined): MigrationScope => {
    switch (decision?.result) {
      case AuthorizeResult.ALLOW:
        return 'all';
      case AuthorizeResult.CONDITIONAL:
        return toScope(decision.conditions) as MigrationScope;
      default:
        return 'none';
    }
  };
  const [read, control] = await permissions.authorizeConditional(
    [{ permission: migrationReadPermission }, { permission: migrationControlPermission }],
    { credentials },
  );
  return { read: scopeOf(read), control: scopeOf(control) };
}

/**
 * A permission as such. One over migrations is held when there may be any that it fits: the engine
 * then looks at each.
 * @throws EngineError ACCESS_DENIED
 */
export async function assertHolds(
  { permissions }: Pick<AccessDeps, 'permissions'>,
  credentials: BackstageCredentials,
  permission: Permission,
  { read, control }: Access,
): Promise<void> {
  if (await holds()) return;
  throw new EngineError('ACCESS_DENIED', {
    expected: `the permission ${permission.name}`,
    hint: 'Ask whoever decides about permissions in Backstage.',
  });

  async function holds(): Promise<boolean> {
    if (isResourcePermission(permission)) {
      // One that may be read and not steered is refused by the engine, and one that may not be read is not found.
      const scope = permission.name === migrationReadPermission.name ? read : anyOf(read, control);
      return scope !== 'none';
    }
    const [decision] = await permissions.authorize([{ permission }], { credentials });
    return decision?.result === AuthorizeResult.ALLOW;
  }
}

function anyOf(read: MigrationScope, control: MigrationScope): MigrationScope {
  return read === 'none' ? control : read;
}
