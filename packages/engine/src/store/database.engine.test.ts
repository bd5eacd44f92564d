import { setTimeout as sleep } from 'node:timers/promises';
import net from 'node:net';
import { barrier } from '../testing/barrier';
import { emptyTestDatabase, type TestDatabase } from '../testing/test-database';
import { notify, openDatabase, type Database, type Tx } from './database';

jest.setTimeout(60_000);

describe('database', () => {
  let test: TestDatabase;
  let database: Database;

  beforeAll(async () => {
    test = await emptyTestDatabase();
    database = await test.open();
    await database.query('create table t (id int primary key, n int not null)');
  });
  afterAll(() => test.drop());
  beforeEach(() => database.query('truncate t'));

  const all = (): Promise<unknown[]> => database.query('select * from t order by id');

  it('returns int8 as a number while that is exact, and as a bigint beyond', async () => {
    const [row] = await database.query(
      'select (2::int8^53 - 1)::int8 as safe, (2::numeric^53)::int8 as big, (-5)::int8 as negative, null::int8 as none',
    );
    expect(row).toEqual({ safe: 2 ** 53 - 1, big: 2n ** 53n, negative: -5, none: null });
  });

  it('commits what the work did, and nothing of it when the work throws', async () => {
    expect(
      await database.transaction(
        async tx => (await tx.query('insert into t values (1, 1) returning id'))[0],
      ),
    ).toEqual({ id: 1 });
    const failing = database.transaction(async tx => {
      await tx.query('insert into t values (2, 2)');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await all()).toEqual([{ id: 1, n: 1 }]);
  });

  it('refuses a statement after the transaction, and a commit that was a rollback', async () => {
    let late: Tx | undefined;
    await database.transaction(async tx => void (late = tx));
    await expect(late?.query('insert into t values (3, 3)')).rejects.toMatchObject({
      code: 'INTERNAL',
    });
    const swallowed = database.transaction(async tx => {
      await tx.query('insert into t values (4, 4)');
      await tx.query('select 1/0').catch(() => undefined);
    });
    await expect(swallowed).rejects.toMatchObject({
      code: 'INTERNAL',
      found: expect.stringContaining('swallowed'),
    });
    expect(await all()).toEqual([]);
  });

  it('runs both of two transactions that deadlock, one of them again', async () => {
    await database.query('insert into t values (1, 0), (2, 0)');
    let runs = 0;
    const bothHoldOne = barrier(2);
    const add = (first: number, second: number): Promise<void> =>
      database.transaction(async tx => {
        runs++;
        await tx.query('update t set n = n + 1 where id = $1', [first]);
        await bothHoldOne();
        await tx.query('update t set n = n + 1 where id = $1', [second]);
      });
    await Promise.all([add(1, 2), add(2, 1)]);
    expect(await all()).toEqual([
      { id: 1, n: 2 },
      { id: 2, n: 2 },
    ]);
    expect(runs).toBe(3);
  });

  it('gives up after six times as DATABASE_BUSY, and changes nothing', async () => {
    await database.query('insert into t values (1, 0)');
    let runs = 0;
    const disturbed = database.transaction(async tx => {
      runs++;
      await tx.query('update t set n = n + 1 where id = 1');
      await tx.query(`do $$ begin raise exception 'in the way' using errcode = '40P01'; end $$`);
    });
    await expect(disturbed).rejects.toMatchObject({
      code: 'DATABASE_BUSY',
      retry: 'later',
      found: 'in the way',
    });
    expect(runs).toBe(6);
    expect(await all()).toEqual([{ id: 1, n: 0 }]);
  });

  it('tries a single statement again, as it does a transaction', async () => {
    // A sequence counts what a rollback takes back.
    await database.query('create sequence tries');
    await database.query(`create function disturbed_twice() returns text language plpgsql as $$ begin
      if nextval('tries') < 3 then raise exception 'in the way' using errcode = '40001'; end if;
      return 'done'; end $$`);
    expect(await database.query('select disturbed_twice() as said')).toEqual([{ said: 'done' }]);
    expect(await database.query('select last_value as n from tries')).toEqual([{ n: 3 }]);
  });

  it('says DATABASE_BUSY of a wait that the server ended', async () => {
    await database.query('insert into t values (1, 0)');
    const holder = await database.dedicated();
    try {
      await holder.query('begin');
      await holder.query('select 1 from t where id = 1 for no key update');
      const waiting = database.transaction(async tx => {
        await tx.query(`set local lock_timeout = '50ms'`);
        await tx.query('update t set n = 1 where id = 1');
      });
      await expect(waiting).rejects.toMatchObject({ code: 'DATABASE_BUSY', retry: 'later' });
    } finally {
      await holder.close();
    }
  });

  it('keeps the SQLSTATE of a refused statement', async () => {
    await database.query('insert into t values (1, 1)');
    await expect(database.query('insert into t values (1, 1)')).rejects.toMatchObject({
      code: '23505',
    });
  });

  it('tells listeners, and after a lost connection tells them that something may be missing', async () => {
    const heard: string[] = [];
    const stop = await database.listen('things', payload => heard.push(payload));
    await database.transaction(tx => notify(tx, 'things', 'step-1'));
    await until(() => heard.includes('step-1'));
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%' and datname = current_database()`,
    );
    await until(() => heard.includes(''));
    await notify(database, 'things', 'step-2');
    await until(() => heard.includes('step-2'));
    await stop();
    await notify(database, 'things', 'step-3');
    // A round trip on the same channel's connection, so that step-3 would have arrived by now.
    const fence: string[] = [];
    const stopFence = await database.listen('fence', payload => fence.push(payload));
    await notify(database, 'fence', 'x');
    await until(() => fence.includes('x'));
    await stopFence();
    expect(heard).not.toContain('step-3');
  });

  it('sends ids only', async () => {
    await expect(notify(database, 'things', '{"secret": 1}')).rejects.toMatchObject({
      code: 'INTERNAL',
    });
  });

  it('survives the loss of all its connections', async () => {
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    await until(async () => (await database.query('select 1 as n').catch(() => [])).length === 1);
  });

  it.each([
    ['nobody listens', 'postgres://u:secret@127.0.0.1:1/db', /ECONNREFUSED/],
    ['the host does not exist', 'postgres://u:secret@nohost.invalid/db', /nohost\.invalid/],
  ])('says how to go on when %s', async (_, url, found) => {
    const error: unknown = await openDatabase({
      url,
      applicationName: 'test',
      maxConnections: 1,
    }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'DATABASE_UNREACHABLE',
      retry: 'later',
      found: expect.stringMatching(found),
      hint: expect.stringContaining('doctor'),
    });
    expect(JSON.stringify(error)).not.toContain('secret');
  });

  it('tells a wrong password and a missing database from a dead server', async () => {
    const wrong = new URL(test.url);
    wrong.password = 'wrong';
    await expect(
      openDatabase({ url: wrong.href, applicationName: 'test', maxConnections: 1 }),
    ).rejects.toMatchObject({ hint: expect.stringContaining('password') });
    const missing = new URL(test.url);
    missing.pathname = 'no_such_database';
    await expect(
      openDatabase({ url: missing.href, applicationName: 'test', maxConnections: 1 }),
    ).rejects.toMatchObject({ hint: expect.stringContaining('Create the database') });
  });

  it('refuses what is no URL of PostgreSQL without repeating it', async () => {
    const error: unknown = await openDatabase({
      url: 'mysql://u:secret@h/d',
      applicationName: 'test',
      maxConnections: 1,
    }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(JSON.stringify(error)).not.toContain('secret');
  });

  it('refuses a database in another encoding', async () => {
    await database.query(
      `create database ascii_${process.pid} encoding 'SQL_ASCII' locale 'C' locale_provider libc template template0`,
    );
    const url = new URL(test.url);
    url.pathname = `ascii_${process.pid}`;
    await expect(
      openDatabase({ url: url.href, applicationName: 'test', maxConnections: 1 }),
    ).rejects.toMatchObject({ code: 'DATABASE_UNSUITABLE', found: 'SQL_ASCII' });
    await database.query(`drop database ascii_${process.pid} with (force)`);
  });

  it('gives up on a server that accepts and says nothing', async () => {
    const silent = net.createServer(() => undefined).listen(0, '127.0.0.1');
    await new Promise(resolve => silent.once('listening', resolve));
    const { port } = silent.address() as net.AddressInfo;
    const attempt = openDatabase({
      url: `postgres://u@127.0.0.1:${port}/d?connect_timeout=1`,
      applicationName: 'test',
      maxConnections: 1,
    });
    await expect(attempt).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    silent.close();
  }, 20_000);
});

/** Lets all go when the last of `count` has come; whoever comes later passes. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`still not: ${condition}`);
    await sleep(10);
  }
}
