/** Rules by which a policy decides about one migration; each is a question to its row, and SQL in a list. */
import {
  createConditionExports,
  createPermissionResourceRef,
  createPermissionRule,
} from '@backstage/plugin-permission-node';
import { inScope, type MigrationScope, type ScopedRow } from '@vm-migrate/engine';
import { MIGRATION_RESOURCE_TYPE } from '@vm-migrate/backstage-plugin-vm-migrate-common';
// Version 4: these parameters are published as JSON Schema by Backstage, which reads that form here.
import { z } from 'zod';

/** What a rule looks at. @public */
export type MigrationResource = ScopedRow;

/** By this Backstage knows a migration when a policy decides about one. @public */
export const migrationResourceRef = createPermissionResourceRef<
  MigrationResource,
  MigrationScope
>().with({ pluginId: 'vm-migrate', resourceType: MIGRATION_RESOURCE_TYPE });

const isOwner = createPermissionRule({
  name: 'IS_OWNER',
  description: "The owner of the VM's entity is one of these",
  resourceRef: migrationResourceRef,
  paramsSchema: z.object({
    claims: z.array(z.string()).describe('Entity refs: of a user, and of the groups he is in'),
  }),
  apply: (row, { claims }) => inScope({ owners: claims }, row),
  toQuery: ({ claims }) => ({ owners: claims }),
});

const isFromSource = createPermissionRule({
  name: 'IS_FROM_SOURCE',
  description: 'The VM comes from one of these configured sources',
  resourceRef: migrationResourceRef,
  paramsSchema: z.object({ sources: z.array(z.string()).describe('Names of sources') }),
  apply: (row, { sources }) => inScope({ sources }, row),
  toQuery: ({ sources }) => ({ sources }),
});

const isInNamespace = createPermissionRule({
  name: 'IS_IN_NAMESPACE',
  description: 'The volumes are in one of these namespaces of the target',
  resourceRef: migrationResourceRef,
  paramsSchema: z.object({ namespaces: z.array(z.string()).describe('Namespaces') }),
  apply: (row, { namespaces }) => inScope({ targetNamespaces: namespaces }, row),
  toQuery: ({ namespaces }) => ({ targetNamespaces: namespaces }),
});

export const migrationRules = { isOwner, isFromSource, isInNamespace };

const exported = createConditionExports({
  resourceRef: migrationResourceRef,
  rules: migrationRules,
});

/** The rules, for a permission policy. @public */
export const migrationConditions = exported.conditions;

/** For a permission policy: `createMigrationConditionalDecision(request.permission, migrationConditions.isOwner({ claims }))`. @public */
export const createMigrationConditionalDecision = exported.createConditionalDecision;
