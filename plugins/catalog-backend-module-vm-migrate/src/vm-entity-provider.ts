/**
 * Each VM of each source as a Resource, and what became of it as another. A full refresh says all
 * there is; between two of them a migration that changes brings only its own VM.
 *
 * What is not known is not taken away: the VMs of a source that fails stay as they were last seen,
 * with its error and what their migrations are now, and while the backend does not answer nothing
 * changes at all.
 */
import { stringifyEntityRef, type Entity } from '@backstage/catalog-model';
import type { EntityProvider, EntityProviderConnection } from '@backstage/plugin-catalog-node';
import {
  ANNOTATION_MIGRATED_FROM,
  ANNOTATION_MIGRATION,
  ANNOTATION_VM_ID,
  type MigrationView,
  type VmView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import type { CatalogEntities } from './catalog-entities';
import { keyOf, type Inventory } from './inventory';
import type { Troubles } from './troubles';
import {
  asProvided,
  migratedVmEntity,
  sourceOf,
  stillMigratedVm,
  vmEntity,
  vmEntityRef,
  withMigration,
  withSourceError,
  type EntityOptions,
  type MigratedVm,
} from './vm-entity';

export interface VmEntityProviderOptions extends EntityOptions {
  readonly inventory: Inventory;
  readonly entities: CatalogEntities;
  readonly troubles: Troubles;
  /** The catalog takes mutations from now on. */
  readonly onConnect: () => void;
}

export const PROVIDER_NAME = 'vm-migrate';

/** VMs that were read longer ago are read again before one of them is told anew. */
const FRESH_MS = 60_000;

export class VmEntityProvider implements EntityProvider {
  #connection: EntityProviderConnection | undefined;
  /** One change of the catalog at a time, in the order in which they were asked for. */
  #last: Promise<void> = Promise.resolve();
  /** By entity ref, as this process told it. */
  readonly #told = new Map<string, string>();
  readonly #vms = new Map<string, { readonly vms: readonly VmView[]; readonly readAt: number }>();
  /** By VM and target. */
  readonly #migrated = new Map<string, MigratedVm>();

  constructor(private readonly options: VmEntityProviderOptions) {}

  getProviderName(): string {
    return PROVIDER_NAME;
  }

  async connect(connection: EntityProviderConnection): Promise<void> {
    this.#connection = connection;
    this.options.onConnect();
  }

  /** Everything. @throws ApiError when the backend does not answer; the catalog is as it was */
  refresh(signal: AbortSignal): Promise<void> {
    return this.next(async connection => {
      const { inventory, entities, troubles } = this.options;
      const reads = await inventory.sources(signal);
      const migrated = await inventory.migrated(signal);
      const known = (await entities.all()).filter(entity => sourceOf(entity) !== undefined);
      for (const [source, read] of reads)
        troubles.note(`source ${source}`, 'error' in read ? read.error : undefined);
      this.#migrated.clear();
      for (const vm of migrated) this.#migrated.set(keyOf(vm.migration), vm);
      this.#vms.clear();
      const vms: Entity[] = [];
      for (const [source, read] of reads)
        if ('error' in read) {
          const newest = await inventory.newestOf(source, signal);
          for (const entity of vmsOf(known, source))
            vms.push(withSourceError(this.withNewest(entity, newest), read.error));
        } else {
          this.#vms.set(source, { vms: read.vms, readAt: performance.now() });
          vms.push(...read.vms.map(vm => vmEntity(vm, this.options)));
        }
      const there = new Set(vms.map(entity => stringifyEntityRef(entity)));
      const results = migrated.map(vm => this.resultOf(vm, there));
      const named = new Set(results.map(entity => stringifyEntityRef(entity)));
      const others = known.filter(entity => !named.has(stringifyEntityRef(entity)));
      const all = [...vms, ...results, ...(await this.stillMigrated(others, there, signal))];
      await connection.applyMutation({ type: 'full', entities: all.map(deferred) });
      this.#told.clear();
      this.remember(all);
    });
  }

  /**
   * These migrations changed.
   * @throws ApiError when the backend does not answer
   */
  refreshMigrations(migrations: readonly MigrationView[], signal: AbortSignal): Promise<void> {
    return this.next(async connection => {
      const changed: Entity[] = [];
      for (const migration of migrations) {
        changed.push(...(await this.changedVms(migration, signal)));
        const result = await this.newResult(migration, signal);
        if (result !== undefined) changed.push(result);
      }
      const added = changed.filter(
        entity => this.#told.get(stringifyEntityRef(entity)) !== JSON.stringify(entity),
      );
      if (added.length === 0) return;
      await connection.applyMutation({ type: 'delta', added: added.map(deferred), removed: [] });
      this.remember(added);
    });
  }

  private next(work: (connection: EntityProviderConnection) => Promise<void>): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return Promise.resolve();
    const done = this.#last.then(() => work(connection));
    this.#last = done.catch(() => undefined);
    return done;
  }

  private remember(entities: readonly Entity[]): void {
    for (const entity of entities)
      this.#told.set(stringifyEntityRef(entity), JSON.stringify(entity));
  }

  /** What a VM became; `there`: refs of the VMs that have entities. */
  private resultOf(vm: MigratedVm, there: { has(ref: string): boolean }): Entity {
    const { source, vmId } = vm.migration;
    return migratedVmEntity(vm, {
      ...this.options,
      isThere: there.has(vmEntityRef({ source, id: vmId })),
    });
  }

  /** A migrated VM stays one while its migration is taken up again: checked whole, or extended. */
  private async stillMigrated(
    known: readonly Entity[],
    there: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<Entity[]> {
    const still: Entity[] = [];
    for (const entity of known) {
      const annotations = entity.metadata.annotations ?? {};
      const id = annotations[ANNOTATION_MIGRATION];
      if (annotations[ANNOTATION_MIGRATED_FROM] === undefined || id === undefined) continue;
      const migration = await this.options.inventory.migration(id, signal);
      if (migration !== undefined && migration.state !== 'canceled')
        still.push(stillMigratedVm(asProvided(entity), there));
    }
    return still;
  }

  /** The VM of a migration, with this one as its newest unless there is a newer; none: its source does not list it. */
  private async changedVms(
    { id, state, source, vmId }: MigrationView,
    signal: AbortSignal,
  ): Promise<readonly Entity[]> {
    const { inventory, entities } = this.options;
    const known = this.#vms.get(source);
    const fresh = known !== undefined && performance.now() - known.readAt < FRESH_MS;
    const vm = fresh ? known.vms.find(one => one.id === vmId) : undefined;
    if (fresh && vm !== undefined && vm.migration?.id === id) {
      const told = { ...vm, migration: { id, state } };
      this.#vms.set(source, {
        ...known,
        vms: known.vms.map(one => (one.id === vmId ? told : one)),
      });
      return [vmEntity(told, this.options)];
    }
    const read = await inventory.source(source, signal);
    if ('error' in read) {
      const newest = await inventory.newestOf(source, signal);
      const last = vmsOf(await entities.ofVm({ source, vmId }), source);
      return last.map(entity => this.withNewest(entity, newest));
    }
    this.#vms.set(source, { vms: read.vms, readAt: performance.now() });
    return read.vms.filter(one => one.id === vmId).map(one => vmEntity(one, this.options));
  }

  private withNewest(entity: Entity, newest: ReadonlyMap<string, MigrationView>): Entity {
    const migration = newest.get(entity.metadata.annotations?.[ANNOTATION_VM_ID] ?? '');
    return withMigration(entity, migration ?? null, this.options);
  }

  /** What the VM became, when this migration is done and no newer one is. */
  private async newResult(
    migration: MigrationView,
    signal: AbortSignal,
  ): Promise<Entity | undefined> {
    if (migration.state !== 'migrated') return undefined;
    const known = this.#migrated.get(keyOf(migration));
    if (known !== undefined && known.migration.createdAt > migration.createdAt) return undefined;
    const result = await this.options.inventory.migratedVm(migration, signal);
    this.#migrated.set(keyOf(migration), result);
    return this.resultOf(result, this.#told);
  }
}

/** Of this provider, as it said them. */
function vmsOf(known: readonly Entity[], source: string): Entity[] {
  return known
    .filter(
      entity =>
        sourceOf(entity) === source &&
        entity.metadata.annotations?.[ANNOTATION_MIGRATED_FROM] === undefined,
    )
    .map(asProvided);
}

function deferred(entity: Entity): { entity: Entity; locationKey: string } {
  return { entity, locationKey: PROVIDER_NAME };
}
