/**
 * A PostgreSQL of our own: one data folder for each state folder, on loopback only, under a random
 * password, with every setting that keeps data safe left on.
 *
 * Only one server may run on a data folder. PostgreSQL's own guard is a process id in a file, which
 * misleads after a crash when the number belongs to somebody else. Ours is a lock that the server
 * inherits: as long as one of its processes lives it is held, and no longer. So who gets the lock
 * knows that a postmaster.pid in the folder is stale, and who does not get it knows that a server
 * whose owner died is still there.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { EngineError } from '../errors';
import { OWN_DATABASE_HINT } from './database-address';
import { stopOrphan } from './orphan-server';
import { tryLock, type ProcessLock } from './process-lock';
import { serverBinaries, type ServerBinaries } from './server-binaries';
import { ensureServerData, serverEnvironment, serverFailure, SERVER_USER } from './server-data';
import { rotateLog, serverFolder, type ServerFolder } from './server-folder';

export interface EmbeddedServer {
  /** postgres://...; holds the password. */
  readonly url: string;
  readonly pid: number;
  readonly port: number;
  /** Resolves when the server has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends it cleanly; connections are cut, transactions rolled back. May be called twice. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Port to use if it can be had, so that known URLs stay true over a restart; a free one otherwise. */
  readonly port?: number;
}

const DATABASE = 'vm_migrate';
/** Recovery after a crash replays at most `max_wal_size`; a slow disk needs a while for that. */
const READY_MS = 120_000;
const STOP_MS = { fast: 20_000, immediate: 5_000 } as const;

/**
 * Starts it, making the data folder if there is none and stopping a server that a killed process
 * left behind.
 * @throws EngineError EMBEDDED_FAILED, with the way to a database of one's own
 */
export async function startEmbeddedServer(
  stateFolder: string,
  options: StartOptions = {},
): Promise<EmbeddedServer> {
  const folder = serverFolder(stateFolder);
  const binaries = serverBinaries(folder.account, folder.programs);
  const lock = await lockData(folder);
  try {
    ensureServerData(folder, binaries);
    // Under the lock: no server of ours lives here, so this names a process that is gone or not ours.
    rmSync(path.join(folder.data, 'postmaster.pid'), { force: true });
    rotateLog(folder.logFile);
    return await start(folder, binaries, lock, options.port);
  } finally {
    // From here on the server alone holds it.
    lock.release();
  }
}

async function lockData(folder: ServerFolder): Promise<ProcessLock> {
  const lock =
    tryLock(folder.lockFile) ?? (await stopOrphan(folder.data, () => tryLock(folder.lockFile)));
  if (lock !== undefined) return lock;
  throw new EngineError('EMBEDDED_FAILED', {
    where: { file: folder.data },
    expected: 'a data folder that nobody uses',
    found: 'another PostgreSQL on it, which does not end',
    hint: `Find it with: ps -ef | grep postgres. ${OWN_DATABASE_HINT}`,
    retry: 'later',
  });
}

async function start(
  folder: ServerFolder,
  binaries: ServerBinaries,
  lock: ProcessLock,
  wantedPort: number | undefined,
): Promise<EmbeddedServer> {
  let problem = 'no attempt';
  // Between our look for a free port and the server's bind somebody else may take it.
  for (let attempt = 0; attempt < 4; attempt++) {
    const port = attempt === 0 && wantedPort !== undefined ? wantedPort : await freePort();
    const server = launch(folder, binaries, lock, port);
    try {
      await untilReady(server, folder, port);
      return server.handle;
    } catch (error) {
      await server.handle.stop();
      if (!(error instanceof EndedEarly)) throw error;
      problem = lastLines(folder.logFile);
      if (!/could not bind|could not create any TCP\/IP sockets/.test(problem)) break;
    }
  }
  throw serverFailure(folder, problem);
}

class EndedEarly extends Error {}

function launch(
  folder: ServerFolder,
  binaries: ServerBinaries,
  lock: ProcessLock,
  port: number,
): { readonly handle: EmbeddedServer; readonly child: ChildProcess } {
  const log = openSync(folder.logFile, 'a', 0o600);
  const child = spawn(binaries.postgres, ['-D', folder.data, ...serverSettings(port)], {
    ...folder.account,
    cwd: '/',
    env: serverEnvironment(),
    // A session of its own: Ctrl-C in the terminal is not for the database.
    detached: true,
    stdio: ['ignore', log, log, lock.fd],
  });
  closeSync(log);
  const ended = new Promise<void>(resolve => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const url = `postgres://${SERVER_USER}:${encodeURIComponent(folder.password)}@127.0.0.1:${port}/${DATABASE}`;
  return {
    child,
    handle: { url, port, pid: child.pid ?? -1, ended, stop: () => stop(child, ended) },
  };
}

/** Durable settings are PostgreSQL's defaults (fsync, full_page_writes, synchronous_commit): they are repeated so that nobody looks for them. */
function serverSettings(port: number): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    max_connections: '200',
    shared_buffers: '64MB',
    max_wal_size: '256MB',
    // Containers often have a very small /dev/shm, and our statements are short.
    max_parallel_workers_per_gather: '0',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_line_prefix: '%m [%p] ',
    logging_collector: 'off',
    password_encryption: 'scram-sha-256',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function untilReady(
  { child, handle }: { readonly child: ChildProcess; readonly handle: EmbeddedServer },
  folder: ServerFolder,
  port: number,
): Promise<void> {
  let ended = false;
  void handle.ended.then(() => (ended = true));
  const until = performance.now() + READY_MS;
  for (;;) {
    if (ended) throw new EndedEarly(`exit ${child.exitCode ?? child.signalCode}`);
    // The folder's own word comes first: another server may answer on this port.
    if (statusOf(folder.data) === `${handle.pid} ready` && (await makeDatabase(folder, port)))
      return;
    if (performance.now() > until)
      throw serverFailure(
        folder,
        `not ready after ${READY_MS / 1000} s: ${lastLines(folder.logFile)}`,
      );
    await sleep(20);
  }
}

/** Source: PostgreSQL's pidfile.h: line 1 the process id, line 8 the status. */
function statusOf(data: string): string {
  try {
    const lines = readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n');
    return `${lines[0]?.trim()} ${lines[7]?.trim()}`;
  } catch {
    return '';
  }
}

/** False: the server turned the connection away for now. */
async function makeDatabase(folder: ServerFolder, port: number): Promise<boolean> {
  const client = new Client({
    host: '127.0.0.1',
    port,
    user: SERVER_USER,
    password: folder.password,
    database: 'postgres',
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const there = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (there.rowCount === 0) await client.query(`create database ${DATABASE}`);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === '28P01') {
      throw new EngineError('EMBEDDED_FAILED', {
        where: { file: folder.data },
        expected: 'the password in the state folder to open the database',
        found: 'another password',
        hint: `Restore ${path.join(path.dirname(folder.lockFile), 'password')}, or move the data folder away and run: kubectl vm-migrate recover. ${OWN_DATABASE_HINT}`,
        cause: error,
      });
    }
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Fast shutdown, then immediate (recovers from its log at the next start), then SIGKILL. */
async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGINT');
  if (await within(ended, STOP_MS.fast)) return;
  child.kill('SIGQUIT');
  if (await within(ended, STOP_MS.immediate)) return;
  child.kill('SIGKILL');
  await ended;
}

async function within(ended: Promise<void>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  const late = sleep(ms, false, { signal: timer.signal }).catch(() => false);
  const done = await Promise.race([ended.then(() => true), late]);
  timer.abort();
  return done;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address !== null && typeof address === 'object'
          ? resolve(address.port)
          : reject(new Error('no port')),
      );
    });
  });
}

export function lastLines(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-5).join(' | ');
  } catch {
    return 'no log';
  }
}
