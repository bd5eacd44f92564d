/** From a VM, and from what it became, to entities of the catalog. Pure: the same VM is the same entity. */
import {
  ANNOTATION_LOCATION,
  ANNOTATION_ORIGIN_LOCATION,
  stringifyEntityRef,
  type Entity,
} from '@backstage/catalog-model';
import {
  ANNOTATION_ERROR,
  ANNOTATION_MIGRATED_FROM,
  ANNOTATION_MIGRATION,
  ANNOTATION_NAMESPACE,
  ANNOTATION_SNAPSHOTS,
  ANNOTATION_SOURCE,
  ANNOTATION_SOURCE_ERROR,
  ANNOTATION_STATE,
  ANNOTATION_TARGET,
  ANNOTATION_VM_ID,
  ANNOTATION_VOLUMES,
  MIGRATED_VIRTUAL_MACHINE_TYPE,
  VIRTUAL_MACHINE_TYPE,
  VM_LOCATION_TYPE,
  type MigrationView,
  type VmView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { entityName } from './entity-name';
import { ownershipOf, type OwnerRules } from './owner-rules';

export interface EntityOptions {
  readonly owners: OwnerRules;
  /** Of the app, for links; absent: none are made. */
  readonly appUrl?: string | undefined;
}

/** A migration that is done, and where its volumes are. */
export interface MigratedVm {
  readonly migration: Pick<MigrationView, 'id' | 'source' | 'vm' | 'vmId' | 'target' | 'createdAt'>;
  readonly namespace: string | null;
  readonly volumes: readonly { readonly disk: string; readonly name: string }[];
}

/** The catalog shows names on one line. */
const LONGEST_TITLE = 200;

export function vmEntityRef(vm: { readonly source: string; readonly id: string }): string {
  return stringifyEntityRef({ kind: 'Resource', name: entityName(vm.source, vm.id) });
}

export function vmEntity(vm: VmView, options: EntityOptions): Entity {
  const { owner, system } = ownershipOf(options.owners, vm);
  return {
    apiVersion: 'backstage.io/v1beta1',
    kind: 'Resource',
    metadata: {
      name: entityName(vm.source, vm.id),
      title: titleOf(vm.name, vm.id),
      annotations: {
        ...locatedIn(vm.source),
        [ANNOTATION_SOURCE]: vm.source,
        [ANNOTATION_VM_ID]: vm.id,
        ...(vm.snapshots === null ? {} : { [ANNOTATION_SNAPSHOTS]: String(vm.snapshots) }),
        ...annotationsOf(vm.migration),
        ...(vm.error === null ? {} : { [ANNOTATION_ERROR]: vm.error }),
      },
      ...linksTo(vm.migration?.id, options),
    },
    spec: {
      type: VIRTUAL_MACHINE_TYPE,
      owner,
      ...(system === undefined ? {} : { system }),
    },
  };
}

/** What a migrated VM is on its target; `isThere`: the VM has an entity of its own. */
export function migratedVmEntity(
  { migration, namespace, volumes }: MigratedVm,
  { isThere, ...options }: EntityOptions & { readonly isThere: boolean },
): Entity {
  const { source, vm, vmId, target } = migration;
  const { owner, system } = ownershipOf(options.owners, { source, name: vm });
  const from = vmEntityRef({ source, id: vmId });
  return {
    apiVersion: 'backstage.io/v1beta1',
    kind: 'Resource',
    metadata: {
      name: entityName(source, vmId, target),
      title: titleOf(`${vm} on ${target}`, vmId),
      annotations: {
        ...locatedIn(source),
        [ANNOTATION_MIGRATED_FROM]: from,
        [ANNOTATION_MIGRATION]: migration.id,
        [ANNOTATION_TARGET]: target,
        ...(namespace === null ? {} : { [ANNOTATION_NAMESPACE]: namespace }),
        [ANNOTATION_VOLUMES]: JSON.stringify(
          Object.fromEntries(volumes.map(({ disk, name }) => [disk, name])),
        ),
      },
      ...linksTo(migration.id, options),
    },
    spec: {
      type: MIGRATED_VIRTUAL_MACHINE_TYPE,
      owner,
      ...(system === undefined ? {} : { system }),
      ...(isThere ? { dependsOn: [from] } : {}),
    },
  };
}

/** As the catalog has it, back to what a provider says of it. */
export function asProvided({ apiVersion, kind, metadata, spec }: Entity): Entity {
  const { uid: _uid, etag: _etag, ...said } = metadata;
  return { apiVersion, kind, metadata: said, ...(spec === undefined ? {} : { spec }) };
}

/** A migrated VM as it was said, and whether its VM is still there. */
export function stillMigratedVm(entity: Entity, there: { has(ref: string): boolean }): Entity {
  const { dependsOn: _before, ...spec } = entity.spec ?? {};
  const from = entity.metadata.annotations?.[ANNOTATION_MIGRATED_FROM] ?? '';
  return { ...entity, spec: { ...spec, ...(there.has(from) ? { dependsOn: [from] } : {}) } };
}

export function withSourceError(entity: Entity, error: string): Entity {
  const annotations = { ...entity.metadata.annotations, [ANNOTATION_SOURCE_ERROR]: error };
  return { ...entity, metadata: { ...entity.metadata, annotations } };
}

/** A VM as it was said, with what is its newest migration now: that is known also while its source is not. */
export function withMigration(
  entity: Entity,
  migration: VmView['migration'],
  options: EntityOptions,
): Entity {
  const { links: _before, annotations = {}, ...metadata } = entity.metadata;
  const { [ANNOTATION_MIGRATION]: _migration, [ANNOTATION_STATE]: _state, ...others } = annotations;
  return {
    ...entity,
    metadata: {
      ...metadata,
      annotations: { ...others, ...annotationsOf(migration) },
      ...linksTo(migration?.id, options),
    },
  };
}

function annotationsOf(migration: VmView['migration']): Record<string, string> {
  return migration === null
    ? {}
    : { [ANNOTATION_MIGRATION]: migration.id, [ANNOTATION_STATE]: migration.state };
}

/** A location has a type and a target; this one is no address, and says nothing of the source but its name. */
function locatedIn(source: string): Record<string, string> {
  const location = `${VM_LOCATION_TYPE}:${source}`;
  return { [ANNOTATION_LOCATION]: location, [ANNOTATION_ORIGIN_LOCATION]: location };
}

/** The source that an entity of this provider is from; undefined: somebody else's entity. */
export function sourceOf({ metadata }: Entity): string | undefined {
  const location = metadata.annotations?.[ANNOTATION_ORIGIN_LOCATION] ?? '';
  return location.startsWith(`${VM_LOCATION_TYPE}:`)
    ? location.slice(VM_LOCATION_TYPE.length + 1)
    : undefined;
}

function linksTo(
  migration: string | undefined,
  { appUrl }: EntityOptions,
): { links?: { url: string; title: string }[] } {
  if (migration === undefined || appUrl === undefined) return {};
  const url = `${appUrl.replace(/\/+$/, '')}/vm-migrate/migrations/${migration}`;
  return { links: [{ url, title: 'Migration' }] };
}

function titleOf(name: string, id: string): string {
  // Control characters, and what steers the direction of text: a name is whatever somebody typed.
  const shown = name.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim();
  return shown === '' ? id : [...shown].slice(0, LONGEST_TITLE).join('');
}
