import { runMigrations } from 'graphile-worker';
import {
  emptyTestDatabase,
  installQueueSchema,
  QUEUE_SCHEMA,
  QUEUE_SCHEMA_NUMBER,
  type TestDatabase,
} from '../testing/test-database';
import { openDatabase, type Database } from './database';
import { migrateSchema } from './migrate-schema';
import { sqlFiles, toSqlFiles } from './sql-files';

const installQueue = installQueueSchema;
const number = (n: number): string => `${String(n).padStart(6, '0')}.sql`;

jest.setTimeout(60_000);

describe('schema installation', () => {
  let test: TestDatabase;
  let database: Database;

  beforeEach(async () => {
    test = await emptyTestDatabase();
    database = await test.open();
  });
  afterEach(() => test.drop());

  const files = (...texts: string[]) =>
    toSqlFiles(Object.fromEntries(texts.map((sql, index) => [number(index + 1), sql])));
  const applied = async (): Promise<number[]> =>
    (
      await database.query<{ number: number }>(
        'select number from vm_migrate.schema_migration order by 1',
      )
    ).map(row => row.number);

  it('is safe when twenty programs start at once, and makes one store', async () => {
    const programs = await Promise.all(
      Array.from({ length: 20 }, (_, index) => test.open(`program ${index}`, 1)),
    );
    await Promise.all(programs.map(program => migrateSchema(program, { installQueue })));
    expect(await applied()).toEqual(sqlFiles().map(file => file.number));
    const stores = await database.query<{ store_id: string }>(
      'select store_id::text from vm_migrate.store_info',
    );
    expect(stores).toHaveLength(1);
    expect(stores[0]?.store_id).toMatch(/^[0-9a-f-]{36}$/);
    await migrateSchema(database, { installQueue });
    expect(await database.query('select store_id::text from vm_migrate.store_info')).toEqual(
      stores,
    );
  }, 180_000);

  it('applies what is new to what is there', async () => {
    const first = 'create table vm_migrate.a (n int);';
    await migrateSchema(database, { installQueue, files: files(first) });
    await database.query('insert into vm_migrate.a values (7)');
    await migrateSchema(database, {
      installQueue,
      files: files(first, '-- additive\nalter table vm_migrate.a add column m int default 8;'),
    });
    expect(await database.query('select * from vm_migrate.a')).toEqual([{ n: 7, m: 8 }]);
  });

  it('applies a file as a whole or not at all, and goes on after the cause is gone', async () => {
    const broken = files(
      'create table vm_migrate.a (n int);',
      'create table vm_migrate.b (n int); select 1/0;',
    );
    await expect(migrateSchema(database, { installQueue, files: broken })).rejects.toMatchObject({
      code: '22012',
    });
    expect(await applied()).toEqual([1]);
    expect(await database.query(`select to_regclass('vm_migrate.b') as b`)).toEqual([{ b: null }]);
    await migrateSchema(database, {
      installQueue,
      files: files('create table vm_migrate.a (n int);', 'create table vm_migrate.b (n int);'),
    });
    expect(await applied()).toEqual([1, 2]);
  });

  it('is refused to an older program, unless the change only adds', async () => {
    const one = 'create table vm_migrate.a (n int);';
    const adds = '-- additive\ncreate table vm_migrate.b (n int);';
    await migrateSchema(database, { installQueue, files: files(one, adds) });
    await migrateSchema(database, { installQueue, files: files(one) });
    await migrateSchema(database, {
      installQueue,
      files: files(one, adds, 'drop table vm_migrate.a;'),
    });
    await expect(
      migrateSchema(database, { installQueue, files: files(one) }),
    ).rejects.toMatchObject({ code: 'DATABASE_NEWER', found: 'schema 3' });
  });

  it('refuses a file that was applied with another content, but not with another comment', async () => {
    await migrateSchema(database, {
      installQueue,
      files: files('create table vm_migrate.a (n int);'),
    });
    await migrateSchema(database, {
      installQueue,
      files: files('-- a table\ncreate table  vm_migrate.a (n int);'),
    });
    await expect(
      migrateSchema(database, {
        installQueue,
        files: files('create table vm_migrate.a (n bigint);'),
      }),
    ).rejects.toMatchObject({ code: 'DATABASE_UNSUITABLE' });
  });

  it('knows the newest schema of the installed queue, and refuses a newer one', async () => {
    await runMigrations({ pgPool: database.pool, schema: 'queue_probe' });
    expect(await database.query('select max(id) as id from queue_probe.migrations')).toEqual([
      { id: QUEUE_SCHEMA_NUMBER },
    ]);
    await installQueueSchema(database.pool);
    await database.query(
      `insert into ${QUEUE_SCHEMA}.migrations (id) values (${QUEUE_SCHEMA_NUMBER + 1})`,
    );
    await expect(installQueueSchema(database.pool)).rejects.toMatchObject({
      code: 'DATABASE_NEWER',
    });
  });

  it('asks for the right to create schemas', async () => {
    const role = `weak_${process.pid}`;
    await database.query(`create role ${role} login password 'weak'`);
    try {
      const url = new URL(test.url);
      url.username = role;
      url.password = 'weak';
      const weak = await openDatabase({
        url: url.href,
        applicationName: 'weak',
        maxConnections: 1,
      });
      await expect(migrateSchema(weak, { installQueue })).rejects.toMatchObject({
        code: 'DATABASE_UNSUITABLE',
        hint: expect.stringContaining('grant create'),
      });
      await weak.close();
    } finally {
      await database.query(`drop role ${role}`);
    }
  });
});
