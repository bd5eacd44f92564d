import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { openDatabase } from './database';
import { startEmbeddedServer, type EmbeddedServer } from './embedded-server';
import { postmasterOf } from './orphan-server';
import { tryLock } from './process-lock';
import { removeServerFolder, serverFolder } from './server-folder';

const asRoot = process.getuid?.() === 0;

jest.setTimeout(60_000);

describe('embedded PostgreSQL', () => {
  let state: string;
  let servers: EmbeddedServer[];

  const start = async (): Promise<EmbeddedServer> => {
    const server = await startEmbeddedServer(state);
    servers.push(server);
    return server;
  };

  beforeEach(() => {
    state = mkdtempSync(path.join(os.tmpdir(), 'vm-migrate-test-'));
    servers = [];
  });

  afterEach(async () => {
    await Promise.all(servers.map(server => server.stop()));
    removeServerFolder(state);
    rmSync(state, { recursive: true, force: true });
  });

  it('keeps what was committed over a stop and a start, in UTF8, durable, on loopback only', async () => {
    const first = await start();
    await one(first.url, `create table t (name text); insert into t values ('Ünïcödé 仮想')`);
    await first.stop();
    const second = await start();
    expect(await one(second.url, 'select name from t')).toEqual([{ name: 'Ünïcödé 仮想' }]);
    expect(
      await one(
        second.url,
        `select current_setting('server_encoding') as encoding, datlocale as locale, current_setting('fsync') as fsync,
                current_setting('full_page_writes') as pages, current_setting('listen_addresses') as addresses,
                current_setting('unix_socket_directories') as sockets
         from pg_database where datname = current_database()`,
      ),
    ).toEqual([
      {
        encoding: 'UTF8',
        locale: 'C.UTF-8',
        fsync: 'on',
        pages: 'on',
        addresses: '127.0.0.1',
        sockets: '',
      },
    ]);
  });

  it('needs the password, which only the owner can read', async () => {
    const server = await start();
    const url = new URL(server.url);
    url.password = 'guess';
    await expect(one(url.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    expect(statSync(path.join(state, 'postgres', 'password')).mode & 0o777).toBe(0o600);
    expect(commandOf(server.pid)).not.toContain(new URL(server.url).password);
  });

  (asRoot ? it : it.skip)(
    'as root runs under another account, on data that this account can reach',
    async () => {
      // mkdtemp made the state folder with mode 0700: nobody but root may enter it.
      const server = await start();
      const { data } = serverFolder(state);
      expect(data.startsWith('/var/lib/vm-migrate/')).toBe(true);
      expect(uidOf(server.pid)).not.toBe(0);
      expect(statSync(data).uid).toBe(uidOf(server.pid));
      expect(statSync(data).mode & 0o777).toBe(0o700);
    },
  );

  (asRoot ? it : it.skip)(
    'keeps the data in the state folder where the account may enter it',
    async () => {
      chmodSync(state, 0o755);
      await start();
      expect(serverFolder(state).data).toBe(path.join(state, 'postgres', 'data'));
    },
  );

  it('starts after a SIGKILL with everything that was committed', async () => {
    const first = await start();
    await one(first.url, 'create table t as select generate_series(1, 1000) as n');
    process.kill(first.pid, 'SIGKILL');
    await first.ended;
    const second = await start();
    expect(await one(second.url, 'select count(*)::int as n from t')).toEqual([{ n: 1000 }]);
  });

  it('is not misled by a postmaster.pid whose number belongs to somebody else', async () => {
    const first = await start();
    await first.stop();
    const { data } = serverFolder(state);
    writeFileSync(
      path.join(data, 'postmaster.pid'),
      `${process.pid}\n${data}\n1\n5432\n\n127.0.0.1\n\nready\n`,
    );
    const second = await start();
    expect(postmasterOf(data)).toBe(second.pid);
  });

  it('holds its lock as long as it lives, without the process that started it', async () => {
    const server = await start();
    const { lockFile } = serverFolder(state);
    expect(tryLock(lockFile)).toBeUndefined();
    await server.stop();
    const lock = tryLock(lockFile);
    expect(lock).toBeDefined();
    lock?.release();
  });

  it('stops a server that was left behind and starts on its data', async () => {
    const orphan = await start();
    await one(orphan.url, 'create table t as select 7 as n');
    const second = await start();
    await orphan.ended;
    expect(second.pid).not.toBe(orphan.pid);
    expect(await one(second.url, 'select n from t')).toEqual([{ n: 7 }]);
  });

  it('refuses data of another PostgreSQL and shows the way out', async () => {
    await (await start()).stop();
    const { data } = serverFolder(state);
    writeFileSync(path.join(data, 'PG_VERSION'), '12\n');
    await expect(startEmbeddedServer(state)).rejects.toMatchObject({
      code: 'EMBEDDED_FAILED',
      found: 'data of PostgreSQL 12',
      hint: expect.stringMatching(
        /pg_dump.*recover.*VM_MIGRATE_DATABASE_URL.*--database-url-file.*--database-service/s,
      ),
    });
    expect(readFileSync(path.join(data, 'PG_VERSION'), 'utf8')).toBe('12\n');
  });

  it('says why it cannot start and where to read on', async () => {
    await (await start()).stop();
    const { data } = serverFolder(state);
    rmSync(path.join(data, 'global'), { recursive: true });
    await expect(startEmbeddedServer(state)).rejects.toMatchObject({
      code: 'EMBEDDED_FAILED',
      hint: expect.stringContaining(path.join(state, 'postgres', 'postgres.log')),
    });
  });

  it('begins again after initdb was interrupted', async () => {
    await (await start()).stop();
    const { data } = serverFolder(state);
    rmSync(data, { recursive: true });
    // What a killed initdb leaves: a folder under the draft's name with some files in it.
    execFileSync('mkdir', ['-p', `${data}.new/base`]);
    const server = await start();
    expect(await one(server.url, 'select 1 as n')).toEqual([{ n: 1 }]);
    expect(existsSync(`${data}.new`)).toBe(false);
  });

  it('passes the checks of openDatabase', async () => {
    const database = await openDatabase({
      url: (await start()).url,
      applicationName: 'test',
      maxConnections: 2,
    });
    await database.close();
  });
});

async function one(url: string, sql: string): Promise<unknown> {
  const client = new Client(url);
  client.on('error', () => undefined);
  await client.connect();
  try {
    const result = await client.query(sql);
    return result.rows;
  } finally {
    await client.end();
  }
}

function commandOf(pid: number): string {
  return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).toString();
}

function uidOf(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'uid=', '-p', String(pid)]).toString());
}
