/**
 * A fresh database for a test file: a clone of a template with the schema installed, on the one
 * server that test/engine/global-setup.ts started for this run of jest.
 */
import { createHash, randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { installQueueSchema } from '../queue/graphile-queue';
import { openDatabase, type Database } from '../store/database';
import { migrateSchema } from '../store/migrate-schema';
import { sqlFiles } from '../store/sql-files';

// Tests of the store need the queue's schema and those of the queue a database; neither folder may
// import the other.
export { installQueueSchema, QUEUE_SCHEMA, QUEUE_SCHEMA_NUMBER } from '../queue/graphile-queue';
export { openPool, type Database } from '../store/database';

export interface TestDatabase {
  readonly url: string;
  /** Another connection pool on it; closed by `drop`. */
  open(applicationName?: string, maxConnections?: number): Promise<Database>;
  /** Closes what was opened and removes the database. */
  drop(): Promise<void>;
}

/** Set by global-setup; set it yourself to use a server of your own. */
export const TEST_SERVER_VARIABLE = 'VM_MIGRATE_TEST_SERVER_URL';

/** With our schema and the queue's. */
export async function testDatabase(): Promise<TestDatabase> {
  const database = await cloneOf(await template());
  const client = new Client(database.url);
  await client.connect();
  // The template's own id would make one store of all databases of a run.
  await client
    .query('update vm_migrate.store_info set store_id = gen_random_uuid()')
    .finally(() => client.end());
  return database;
}

/** Without any schema. */
export function emptyTestDatabase(): Promise<TestDatabase> {
  return cloneOf('template0');
}

/** What the other one holds at this moment, as a dump of it would. Nobody may be connected to it. */
export function copyOfDatabase(other: TestDatabase): Promise<TestDatabase> {
  return cloneOf(new URL(other.url).pathname.slice(1));
}

async function cloneOf(templateName: string): Promise<TestDatabase> {
  const name = `test_${process.pid}_${randomBytes(6).toString('hex')}`;
  await onServer(client => client.query(`create database ${name} template ${templateName}`));
  const url = urlOf(name);
  const opened: Database[] = [];
  return {
    url,
    async open(applicationName = 'vm-migrate test', maxConnections = 10) {
      const database = await openDatabase({ url, applicationName, maxConnections });
      opened.push(database);
      return database;
    },
    async drop() {
      await Promise.all(opened.map(database => database.close()));
      await onServer(client => client.query(`drop database if exists ${name} with (force)`));
    },
  };
}

/** Built once for each state of the SQL files; jest's workers race for it. */
async function template(): Promise<string> {
  const digest = createHash('sha256').update(JSON.stringify(sqlFiles())).digest('hex').slice(0, 12);
  const name = `vm_migrate_template_${digest}`;
  return onServer(async client => {
    await client.query('select pg_advisory_lock(7601)');
    const there = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (there.rowCount === 0) {
      const draft = `${name}_draft`;
      await client.query(`drop database if exists ${draft} with (force)`);
      await client.query(`create database ${draft} template template0`);
      const database = await openDatabase({
        url: urlOf(draft),
        applicationName: 'vm-migrate template',
        maxConnections: 2,
      });
      await migrateSchema(database, { installQueue: installQueueSchema }).finally(() =>
        database.close(),
      );
      await client.query(`alter database ${draft} rename to ${name}`);
    }
    return name;
  });
}

function urlOf(database: string): string {
  const server = process.env[TEST_SERVER_VARIABLE];
  if (server === undefined)
    throw new Error(
      `${TEST_SERVER_VARIABLE} is not set: run this test with jest from the root, as *.engine.test.ts or *.kill.test.ts`,
    );
  const url = new URL(server);
  url.pathname = database;
  return url.href;
}

async function onServer<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(urlOf('postgres'));
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
