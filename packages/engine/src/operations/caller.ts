/**
 * Who asks, over a surface that knows persons. Whoever has the database's URL is an administrator
 * and needs none of this; the operations themselves decide by it, so that no surface can forget to.
 *
 * The rule: a migration that the caller may not read does not exist for him. It is in no list, count
 * or event, and naming it answers NOT_FOUND in the very words of an id that nobody has. One that he
 * may read but not steer answers ACCESS_DENIED.
 */
import type { OperationName } from '@vm-migrate/api';
import { EngineError } from '../errors';
import type { Tx } from '../store/database';
import { getMigration, migrations, noSuchMigration } from '../store/migrations';
import type { MigrationScope } from '../store/migration-scope';

export interface Access {
  readonly read: MigrationScope;
  /** What may be paused, resumed, retried, canceled, verified; counts only within `read`. */
  readonly control: MigrationScope;
}

/** The catalog's words for a VM, as entity refs. */
export interface VmEntity {
  readonly entityRef: string;
  readonly ownerRef: string | null;
}

export interface Caller {
  /** For events: a user's entity ref, a service's name. */
  readonly actor: string;
  readonly access: Access;
  /**
   * The VM in the catalog, asked for when a migration of it is to begin; undefined: the catalog has none.
   * @throws EngineError ACCESS_DENIED, VM_NOT_FOUND when this person may not use it
   */
  readonly entityOf?: (vm: {
    readonly source: string;
    readonly id: string;
  }) => Promise<VmEntity | undefined>;
}

export const FULL_ACCESS: Access = { read: 'all', control: 'all' };

/** Operations that list, and so answer less instead of refusing. */
const LISTS: ReadonlySet<OperationName> = new Set([
  'getMigrations',
  'countMigrations',
  'getLayers',
  'getSnapshots',
  'getObjects',
  'getStatus',
  'getQueue',
  'getEvents',
]);
/** They look at objects and records of all migrations. */
const OF_ALL: ReadonlySet<OperationName> = new Set(['recover', 'cleanup']);

/**
 * Looked at before anything of the operation is done.
 * @throws EngineError NOT_FOUND, ACCESS_DENIED
 */
export async function assertMay(
  tx: Tx,
  { read, control }: Access,
  name: OperationName,
  kind: 'query' | 'command',
  input: unknown,
): Promise<void> {
  if (OF_ALL.has(name) && (read !== 'all' || control !== 'all'))
    throw denied(name, 'a person who may read and steer every migration');
  const id = migrationOf(input);
  if (id === undefined || LISTS.has(name)) return;
  if (read !== 'all' && (await migrations(tx, { id, scope: read })).length === 0)
    throw noSuchMigration(id);
  if (kind === 'query' || control === 'all') return;
  await assertControl(tx, control, id, name);
}

/** @throws EngineError ACCESS_DENIED, NOT_FOUND */
export async function assertControl(
  tx: Tx,
  control: MigrationScope,
  id: string,
  name: OperationName,
): Promise<void> {
  await getMigration(tx, id);
  if ((await migrations(tx, { id, scope: control })).length === 0)
    throw denied(`${name} of migration ${id}`, 'a person who may steer this migration');
}

function denied(object: string, expected: string): EngineError {
  return new EngineError('ACCESS_DENIED', {
    where: { object },
    expected,
    hint: 'Ask its owner, or whoever decides about permissions in Backstage.',
  });
}

function migrationOf(input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null || !('migration' in input)) return undefined;
  return typeof input.migration === 'string' ? input.migration : undefined;
}
