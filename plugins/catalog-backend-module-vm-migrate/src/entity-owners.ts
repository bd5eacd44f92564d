/**
 * Tells vm-migrate which entity a VM is and who owns it, as the catalog has it: whoever brought the
 * entity, and whatever processors made of it. Permissions on migrations are decided by that.
 *
 * A VM whose entity is gone is not told: its migrations keep the owner that they had. Sources are
 * emptied once their VMs have moved, and their owners still have to see what became of them.
 */
import { RELATION_OWNED_BY, stringifyEntityRef, type Entity } from '@backstage/catalog-model';
import {
  ANNOTATION_SOURCE,
  ANNOTATION_VM_ID,
  MAX_VM_ENTITIES,
  setVmEntities,
  validClaims,
  type ClientOptions,
  type VmEntityOwner,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import type { CatalogEntities } from './catalog-entities';

export class EntityOwners {
  /** What was told, so that only changes are. */
  readonly #told = new Map<string, string>();

  constructor(
    private readonly deps: {
      readonly entities: CatalogEntities;
      readonly client: ClientOptions;
    },
  ) {}

  /** Of all VMs. @throws ApiError */
  async tellAll(signal: AbortSignal): Promise<void> {
    await this.tell(await this.deps.entities.all(), signal);
  }

  /** Of a VM that has a new migration, which nobody told yet. @throws ApiError */
  async tellAgain(
    vm: { readonly source: string; readonly vmId: string },
    signal: AbortSignal,
  ): Promise<void> {
    this.#told.delete(keyOf({ source: vm.source, id: vm.vmId }));
    await this.tell(await this.deps.entities.ofVm(vm), signal);
  }

  private async tell(entities: readonly Entity[], signal: AbortSignal): Promise<void> {
    const changed = vmsOf(entities).filter(vm => this.#told.get(keyOf(vm)) !== said(vm));
    for (let at = 0; at < changed.length; at += MAX_VM_ENTITIES) {
      const vms = changed.slice(at, at + MAX_VM_ENTITIES);
      await setVmEntities(this.deps.client, { vms }, { signal });
      for (const vm of vms) this.#told.set(keyOf(vm), said(vm));
    }
  }
}

/** One entity a VM. Of a VM that several claim to be, nobody is told. */
function vmsOf(entities: readonly Entity[]): VmEntityOwner[] {
  const claims = new Map<string, Entity[]>();
  for (const entity of entities) {
    const vm = vmOf(entity);
    if (vm !== undefined) claims.set(keyOf(vm), [...(claims.get(keyOf(vm)) ?? []), entity]);
  }
  return [...claims.values()].flatMap(claim => {
    const [entity, ...others] = validClaims(claim);
    const vm = entity && vmOf(entity);
    if (entity === undefined || vm === undefined || others.length > 0) return [];
    const owner = entity.relations?.find(({ type }) => type === RELATION_OWNED_BY)?.targetRef;
    return [{ ...vm, entity: stringifyEntityRef(entity), owner: owner ?? null }];
  });
}

function vmOf({ metadata: { annotations = {} } }: Entity) {
  const { [ANNOTATION_SOURCE]: source, [ANNOTATION_VM_ID]: id } = annotations;
  return source === undefined || id === undefined ? undefined : { source, id };
}

function keyOf({ source, id }: Pick<VmEntityOwner, 'source' | 'id'>): string {
  return JSON.stringify([source, id]);
}

function said({ entity, owner }: VmEntityOwner): string {
  return JSON.stringify([entity, owner]);
}
