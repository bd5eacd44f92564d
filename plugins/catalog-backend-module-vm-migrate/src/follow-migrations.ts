/**
 * Listens to vm-migrate's events for as long as this backend lives, and brings what a migration
 * changes into the catalog at once. After every time that it could not listen everything is looked
 * at again, so nothing that happened meanwhile is missed. Every process of a backend listens: the
 * same change twice is one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  ApiClient,
  EventView,
  MigrationView,
  WatchTimes,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import type { EntityOwners } from './entity-owners';
import type { Inventory } from './inventory';
import type { Troubles } from './troubles';
import type { VmEntityProvider } from './vm-entity-provider';

export interface FollowOptions {
  readonly client: ApiClient;
  readonly inventory: Inventory;
  readonly provider: Pick<VmEntityProvider, 'refresh' | 'refreshMigrations'>;
  readonly owners: Pick<EntityOwners, 'tellAll' | 'tellAgain'>;
  readonly troubles: Troubles;
  readonly signal: AbortSignal;
  readonly times?: Partial<WatchTimes>;
}

/** Events of one moment are one change. */
const TOGETHER_MS = 200;
/** After an error that waiting does not mend by itself. */
const AGAIN_MS = 30_000;

/** Returns when the signal says so. */
export async function followMigrations(options: FollowOptions): Promise<void> {
  const { client, signal, times, troubles } = options;
  const changes = new Changes(options);
  while (!signal.aborted) {
    let listens = false;
    const onMode = (mode: 'stream' | 'polling' | 'lost'): void => {
      const before = listens;
      listens = mode !== 'lost';
      if (listens && !before) changes.lookAtAll();
    };
    await troubles.attend('the stream of events', async () => {
      for await (const event of client.events({ signal, onMode, ...(times ? { times } : {}) }))
        if (isOfMigration(event)) changes.add(event);
    });
    if (!signal.aborted) await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
  await changes.done();
}

type MigrationEvent = EventView & { readonly migration: string };

/** Steps begin and end by the thousand; what an entity shows changes with the migration itself. */
function isOfMigration(event: EventView): event is MigrationEvent {
  return event.migration !== null && event.step === null;
}

/** What is to be looked at, and whoever looks: one at a time, and what comes meanwhile is one more look. */
class Changes {
  #all = false;
  readonly #migrations = new Set<string>();
  readonly #started = new Set<string>();
  #working: Promise<void> | undefined;

  constructor(private readonly options: FollowOptions) {}

  lookAtAll(): void {
    this.#all = true;
    this.begin();
  }

  add({ kind, migration }: MigrationEvent): void {
    this.#migrations.add(migration);
    if (kind === 'started' || kind === 'recovered') this.#started.add(migration);
    this.begin();
  }

  async done(): Promise<void> {
    await this.#working;
  }

  private begin(): void {
    this.#working ??= this.work().finally(() => (this.#working = undefined));
  }

  private async work(): Promise<void> {
    const { signal } = this.options;
    while (!signal.aborted && (this.#all || this.#migrations.size > 0)) {
      await sleep(TOGETHER_MS, undefined, { signal }).catch(() => undefined);
      const [all, ids, started] = [this.#all, [...this.#migrations], new Set(this.#started)];
      this.#all = false;
      this.#migrations.clear();
      this.#started.clear();
      // What fails is made good by the schedule, and by the stream when it comes back.
      await this.options.troubles.attend('the backend plugin', () =>
        all ? this.everything() : this.some(ids, started),
      );
    }
  }

  private async everything(): Promise<void> {
    const { provider, owners, signal } = this.options;
    await provider.refresh(signal);
    await owners.tellAll(signal);
  }

  private async some(ids: readonly string[], started: ReadonlySet<string>): Promise<void> {
    const { inventory, provider, owners, signal } = this.options;
    const changed: MigrationView[] = [];
    for (const id of ids) {
      const view = await inventory.migration(id, signal);
      if (view !== undefined) changed.push(view);
    }
    // Who may see a new migration comes first: a person may be waiting for it.
    for (const view of changed) if (started.has(view.id)) await owners.tellAgain(view, signal);
    await provider.refreshMigrations(changed, signal);
  }
}
