/** What vm-migrate says of its VMs: sources with their errors, and what was migrated. */
import {
  ApiError,
  type ApiClient,
  type MigrationView,
  type VmView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import type { MigratedVm } from './vm-entity';

/** The VMs of a source, or why it does not say. */
export type SourceRead = { readonly vms: readonly VmView[] } | { readonly error: string };

/** Sources that are read at a time. */
const SOURCES_AT_ONCE = 4;

/** Errors of the backend, and not of a source: nothing is known then of any. */
const OF_THE_BACKEND: ReadonlySet<string> = new Set([
  'ACCESS_DENIED',
  'API_UNREACHABLE',
  'DATABASE_BUSY',
  'DATABASE_NEWER',
  'DATABASE_UNREACHABLE',
  'DATABASE_UNSUITABLE',
  'EMBEDDED_FAILED',
  'NOT_SIGNED_IN',
]);

export class Inventory {
  /** Reports are read once: what a migration made stays, unless it is taken up again and ends anew. */
  readonly #places = new Map<string, { finishedAt: string | null; place: MigratedPlace }>();

  constructor(private readonly client: ApiClient) {}

  /** Of every source. @throws ApiError when the backend does not answer */
  async sources(signal: AbortSignal): Promise<ReadonlyMap<string, SourceRead>> {
    const { sources } = await this.client.call('getPlace', {}, { signal });
    const found = new Map<string, SourceRead>();
    for (let at = 0; at < sources.length; at += SOURCES_AT_ONCE)
      for (const [name, read] of await Promise.all(
        sources
          .slice(at, at + SOURCES_AT_ONCE)
          .map(async source => [source, await this.source(source, signal)] as const),
      ))
        found.set(name, read);
    return found;
  }

  /** @throws ApiError when the backend does not answer */
  async source(name: string, signal: AbortSignal): Promise<SourceRead> {
    try {
      const input = { source: name, with: ['snapshots' as const] };
      return { vms: await this.client.call('getVms', input, { signal }) };
    } catch (error) {
      if (!(error instanceof ApiError) || OF_THE_BACKEND.has(error.code)) throw error;
      return { error: `${error.code}: ${error.message}` };
    }
  }

  /** Undefined: there is none. */
  async migration(id: string, signal: AbortSignal): Promise<MigrationView | undefined> {
    const [view] = await this.client.call('getMigrations', { migration: id }, { signal });
    return view;
  }

  /** The newest migration of each VM of a source, by the VM's id: known also while the source does not answer. */
  async newestOf(source: string, signal: AbortSignal): Promise<ReadonlyMap<string, MigrationView>> {
    const newest = new Map<string, MigrationView>();
    // The newest comes first.
    for (const view of await this.client.call('getMigrations', { source }, { signal }))
      if (!newest.has(view.vmId)) newest.set(view.vmId, view);
    return newest;
  }

  /** Of every VM and target the newest migration that is done. */
  async migrated(signal: AbortSignal): Promise<readonly MigratedVm[]> {
    const done = await this.client.call('getMigrations', { states: ['migrated'] }, { signal });
    const newest = new Map<string, MigrationView>();
    for (const view of done) {
      const known = newest.get(keyOf(view));
      if (known === undefined || known.createdAt < view.createdAt) newest.set(keyOf(view), view);
    }
    const found: MigratedVm[] = [];
    for (const view of newest.values()) found.push(await this.migratedVm(view, signal));
    return found;
  }

  async migratedVm(migration: MigrationView, signal: AbortSignal): Promise<MigratedVm> {
    const known = this.#places.get(migration.id);
    if (known !== undefined && known.finishedAt === migration.finishedAt)
      return { migration, ...known.place };
    const { namespace, current } = await this.client.call(
      'getReport',
      { migration: migration.id },
      { signal },
    );
    const volumes = current.flatMap(({ disk, volume }) =>
      volume === null ? [] : [{ disk, name: volume }],
    );
    const place = { namespace, volumes };
    this.#places.set(migration.id, { finishedAt: migration.finishedAt, place });
    return { migration, ...place };
  }
}

type MigratedPlace = Pick<MigratedVm, 'namespace' | 'volumes'>;

/** A VM and the target it went to. */
export function keyOf({ source, vmId, target }: MigratedVm['migration']): string {
  return JSON.stringify([source, vmId, target]);
}
