/**
 * Installs and updates the schema `vm_migrate`: numbered SQL files, each applied once, in one
 * transaction, under a lock of the database. Any number of processes may start at once.
 *
 * A file whose first line is `-- additive` only adds: a program that knows the files before it works
 * on beside it. Any other file closes the door to older programs (DATABASE_NEWER). Within a minor
 * version only additive files are released, so two worker versions share a schema.
 */
import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { EngineError } from '../errors';
import type { Database, Tx } from './database';
import { sqlFiles, type SqlFile } from './sql-files';

export interface MigrateOptions {
  /** Installs the queue's own schema; runs first and under the same lock. */
  readonly installQueue: (pool: Pool) => Promise<void>;
  /** For tests; the files of store/sql otherwise. */
  readonly files?: readonly SqlFile[];
}

/** Of pg_advisory_lock, one for all of vm-migrate in a database: 'vm-m' as a number. */
const SCHEMA_LOCK = 1_986_884_973;

interface AppliedFile {
  readonly number: number;
  readonly digest: string;
  readonly additive: boolean;
}

/**
 * @throws EngineError DATABASE_NEWER when a newer program has changed what older ones rely on,
 *   DATABASE_UNSUITABLE when a file was applied with another content or schemas may not be made
 */
export async function migrateSchema(database: Database, options: MigrateOptions): Promise<void> {
  const files = options.files ?? sqlFiles();
  // Nothing to lock for in the usual case: a start costs one statement.
  if (isCurrent(await applied(database), files)) return;
  await withSchemaLock(database, async () => {
    refuse(await applied(database), files);
    await mayCreate(() => database.query('create schema if not exists vm_migrate'));
    await mayCreate(() => options.installQueue(database.pool));
    await createBook(database);
    for (const file of files) await applyOnce(database, file);
  });
}

/** Whether this program may go on with the schema as it is now; changes nothing. @throws EngineError as migrateSchema */
export async function checkSchema(database: Tx): Promise<void> {
  refuse(await applied(database), sqlFiles());
}

function isCurrent(there: readonly AppliedFile[], files: readonly SqlFile[]): boolean {
  refuse(there, files);
  const numbers = new Set(there.map(file => file.number));
  return files.every(file => numbers.has(file.number));
}

async function applied(tx: Tx): Promise<readonly AppliedFile[]> {
  const [book] = await tx.query<{ there: boolean }>(
    `select to_regclass('vm_migrate.schema_migration') is not null as there`,
  );
  if (book?.there !== true) return [];
  return tx.query<AppliedFile>(
    'select number, digest, additive from vm_migrate.schema_migration order by number',
  );
}

function refuse(there: readonly AppliedFile[], files: readonly SqlFile[]): void {
  const known = new Map(files.map(file => [file.number, file]));
  const newest = files.at(-1)?.number ?? 0;
  for (const { number, digest, additive } of there) {
    const file = known.get(number);
    if (file !== undefined && digestOf(file) !== digest) throw changed(file);
    if (number > newest && !additive) throw newer(number, newest);
  }
}

function newer(found: number, newest: number): EngineError {
  return new EngineError('DATABASE_NEWER', {
    where: { object: 'schema vm_migrate' },
    expected: `schema ${newest} or older`,
    found: `schema ${found}`,
    hint: 'Update this program to the version of the other workers on this database.',
  });
}

function changed(file: SqlFile): EngineError {
  return new EngineError('DATABASE_UNSUITABLE', {
    where: { object: `schema vm_migrate, ${file.name}` },
    expected: 'the content that this program has',
    found: 'another content under the same number: an unreleased version was here',
    hint: 'Use another database (or, for the embedded one, another state folder).',
  });
}

async function createBook(tx: Tx): Promise<void> {
  await tx.query(
    `create table if not exists vm_migrate.schema_migration (
       number     int primary key,
       digest     text not null,
       additive   boolean not null,
       applied_at timestamptz not null default now()
     )`,
  );
}

async function applyOnce(database: Database, file: SqlFile): Promise<void> {
  await database.transaction(async tx => {
    // The row comes first: under the lock nobody else is here, and without it the key would refuse.
    const inserted = await tx.query(
      `insert into vm_migrate.schema_migration (number, digest, additive) values ($1, $2, $3)
       on conflict (number) do nothing returning number`,
      [file.number, digestOf(file), file.additive],
    );
    if (inserted.length > 0) await tx.query(file.sql);
  });
}

/** Comments and white space do not count: they may be mended after a release. */
function digestOf(file: SqlFile): string {
  const text = file.sql.replace(/--.*$/gm, '').replace(/\s+/g, ' ').trim();
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/**
 * Holds a lock of the session on a connection that does nothing else, so that a pool of any size
 * serves `work`; it is freed with the connection when this process dies.
 */
async function withSchemaLock(database: Database, work: () => Promise<void>): Promise<void> {
  const holder = await database.dedicated();
  try {
    await holder.query('select pg_advisory_lock($1)', [SCHEMA_LOCK]);
    await work();
  } finally {
    await holder.close();
  }
}

async function mayCreate(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === '42501')) throw error;
    throw new EngineError('DATABASE_UNSUITABLE', {
      expected: 'the right to create schemas in this database',
      found: error.message,
      hint: 'Let the administrator run: grant create on database NAME to USER',
      cause: error,
    });
  }
}
