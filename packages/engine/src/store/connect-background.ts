/** The client's side of the background process: find it, or start it and wait until it is ready. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { EngineError } from '../errors';
import {
  backgroundFiles,
  readConnection,
  readFailure,
  removeFailure,
  type BackgroundFiles,
} from './background-files';
import { OWN_DATABASE_HINT } from './database-address';
import { lastLines } from './embedded-server';
import { isFree, lockWithin, tryLock, tryShare, type ProcessLock } from './process-lock';
import { rotateLog } from './server-folder';

export interface ConnectOptions {
  /** The program whose body is `runBackground` for this state folder. It inherits the environment. */
  readonly spawn: { readonly command: string; readonly args: readonly string[] };
  /** 30 s when absent. */
  readonly waitMs?: number;
}

export interface BackgroundClient {
  readonly databaseUrl: string;
  /** Of the background process. */
  readonly pid: number;
  /**
   * False once the background process has ended, as by SIGKILL: then its PostgreSQL may still
   * answer, but nobody works. Release this client and connect again.
   */
  isAlive(): boolean;
  /**
   * Says that this client is done; the end of the process says it too. Until then the background
   * process does not end for lack of work.
   */
  release(): void;
}

const WAIT_MS = 30_000;
const LOOK_MS = 25;
const CLEAN = 'exit code 0';

/**
 * @throws EngineError EMBEDDED_FAILED, or whatever else kept the background process from starting
 */
export async function connectBackground(
  stateFolder: string,
  options: ConnectOptions,
): Promise<BackgroundClient> {
  const files = backgroundFiles(stateFolder);
  const until = performance.now() + (options.waitMs ?? WAIT_MS);
  // Refused only while the background process is about to end; then a new one is started.
  const presence = await lockWithin(until - performance.now(), () => tryShare(files.clientsLock));
  if (presence === undefined) throw notReady(files, 'the background process takes long to end');
  try {
    const connection = await findOrStart(files, options, until);
    return {
      ...connection,
      isAlive: () => !isFree(files.backgroundLock),
      release: () => presence.release(),
    };
  } catch (error) {
    presence.release();
    throw error;
  }
}

interface Found {
  readonly databaseUrl: string;
  readonly pid: number;
}

async function findOrStart(
  files: BackgroundFiles,
  options: ConnectOptions,
  until: number,
): Promise<Found> {
  let starting: StartedProcess | undefined;
  let startLock: ProcessLock | undefined;
  try {
    while (performance.now() < until) {
      const found = await find(files);
      if (found !== undefined) return found;
      if (starting === undefined) {
        startLock ??= tryLock(files.startLock);
        // Looked at again under the lock: the one who had it before may just have finished.
        if (startLock !== undefined && isFree(files.backgroundLock))
          starting = startProcess(files, options);
      } else if (starting.ended !== undefined && isFree(files.backgroundLock)) {
        if (starting.ended !== CLEAN)
          throw readFailure(files) ?? notReady(files, `it ended with ${starting.ended}`);
        // It found another one in place, which has ended since.
        starting = undefined;
      }
      await sleep(LOOK_MS);
    }
    throw notReady(files, 'it is not ready in time');
  } finally {
    startLock?.release();
  }
}

/** Ready and answering, or undefined. What connection.json says counts only while somebody holds the background lock. */
async function find(files: BackgroundFiles): Promise<Found | undefined> {
  const connection = readConnection(files);
  if (connection === undefined || isFree(files.backgroundLock)) return undefined;
  // Left by one that was killed, while the next one has the lock and has not cleared it away yet.
  if (!isAlive(connection.pid)) return undefined;
  // The lock last: an orphaned server would answer too.
  return (await answers(connection.databaseUrl)) && !isFree(files.backgroundLock)
    ? connection
    : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    application_name: 'vm-migrate connect',
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

interface StartedProcess {
  /** How it ended, if it has. */
  ended: string | undefined;
}

/** Detached: in a session of its own, so that neither Ctrl-C nor a closed terminal reaches it. */
function startProcess(
  files: BackgroundFiles,
  { spawn: { command, args } }: ConnectOptions,
): StartedProcess {
  removeFailure(files);
  rotateLog(files.log);
  const log = openSync(files.log, 'a', 0o600);
  const child = spawn(command, [...args], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  const started: StartedProcess = { ended: undefined };
  child.once('error', error => (started.ended = error.message));
  child.once('exit', (code, signal) => (started.ended = signal ?? `exit code ${code}`));
  return started;
}

function notReady(files: BackgroundFiles, found: string): EngineError {
  return new EngineError('EMBEDDED_FAILED', {
    where: { file: files.log },
    expected: 'the background process to be ready',
    found: `${found}. Its log ends: ${lastLines(files.log)}`,
    hint: OWN_DATABASE_HINT,
    retry: 'later',
  });
}
