/** From what a person types to a migration: its id, or a VM, whose newest migration is meant. */
import type { MigrationView } from '@vm-migrate/api';
import type { Engine } from '@vm-migrate/engine';
import { loadEngine } from './engine-library';
import { PROGRAM } from './version';

/** @throws EngineError NOT_FOUND */
export async function findMigration(engine: Engine, reference: string): Promise<MigrationView> {
  const found = await migrationsOf(engine, reference);
  const [newest] = [...found].sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  if (newest !== undefined) return newest;
  const { EngineError } = await loadEngine();
  throw new EngineError('NOT_FOUND', {
    where: { object: reference },
    expected: 'the id of a migration, or a VM that has one',
    found: 'no migration',
    hint: `List them with: ${PROGRAM} get migrations. Start one with: ${PROGRAM} start VM`,
  });
}

export async function migrationsOf(
  engine: Engine,
  reference: string,
): Promise<readonly MigrationView[]> {
  if (isMigrationId(reference)) {
    const byId = await engine.call('getMigrations', { migration: reference });
    if (byId.length > 0) return byId;
  }
  return engine.call('getMigrations', { vm: reference });
}

/** A filter for the queries that take one: a migration's id, a group's, or a VM. */
export async function filterOf(
  engine: Engine,
  reference: string | undefined,
): Promise<{ migration?: string; group?: string; vm?: string }> {
  if (reference === undefined) return {};
  if (/^g-[a-z0-9]+$/.test(reference)) {
    const ofGroup = await engine.call('getMigrations', { group: reference });
    if (ofGroup.length > 0) return { group: reference };
  }
  return { migration: (await findMigration(engine, reference)).id };
}

/** Where an operation wants a VM: the id of a migration means its VM. */
export async function vmOf(engine: Engine, reference: string): Promise<string> {
  if (!isMigrationId(reference)) return reference;
  const [migration] = await engine.call('getMigrations', { migration: reference });
  return migration === undefined ? reference : `${migration.source}/${migration.vmId}`;
}

export function isMigrationId(text: string): boolean {
  return /^m-[a-z0-9]+$/.test(text);
}
