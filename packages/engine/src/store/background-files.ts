/** The files through which the background process and its clients find each other; background-process.ts lists them. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { EngineError, type ErrorData } from '../errors';
import { writeSecret } from './secret-file';

export interface BackgroundFiles {
  readonly backgroundLock: string;
  readonly clientsLock: string;
  readonly startLock: string;
  readonly connection: string;
  readonly failure: string;
  readonly log: string;
}

/** What a client needs. True only while the background lock is held. */
export interface BackgroundConnection {
  readonly databaseUrl: string;
  readonly pid: number;
}

const CONNECTION_FILE = 'connection.json';

/** Makes the state folder if need be. Root's is passable: the database's account goes through it. */
export function backgroundFiles(stateFolder: string): BackgroundFiles {
  mkdirSync(stateFolder, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  const file = (name: string): string => path.join(stateFolder, name);
  return {
    backgroundLock: file('background.lock'),
    clientsLock: file('clients.lock'),
    startLock: file('start.lock'),
    connection: file(CONNECTION_FILE),
    failure: file('failure.json'),
    log: file('background.log'),
  };
}

export function writeConnection(files: BackgroundFiles, connection: BackgroundConnection): void {
  writeSecret(files.connection, `${JSON.stringify(connection)}\n`);
}

export function readConnection(files: BackgroundFiles): BackgroundConnection | undefined {
  return connectionIn(files.connection);
}

function connectionIn(file: string): BackgroundConnection | undefined {
  const data = readJson(file);
  if (typeof data !== 'object' || data === null || !('databaseUrl' in data) || !('pid' in data))
    return undefined;
  const { databaseUrl, pid } = data;
  return typeof databaseUrl === 'string' && typeof pid === 'number'
    ? { databaseUrl, pid }
    : undefined;
}

/**
 * The database of the background process of a state folder, if one wrote down where it is. Only
 * looks: it makes no folder, and does not ask whether that process still lives.
 */
export function lastKnownDatabase(stateFolder: string): string | undefined {
  return connectionIn(path.join(stateFolder, CONNECTION_FILE))?.databaseUrl;
}

export function removeConnection(files: BackgroundFiles): void {
  rmSync(files.connection, { force: true });
}

export function writeFailure(files: BackgroundFiles, error: EngineError): void {
  writeSecret(files.failure, `${JSON.stringify(error)}\n`);
}

export function readFailure(files: BackgroundFiles): EngineError | undefined {
  const data = readJson(files.failure);
  return typeof data === 'object' && data !== null && 'code' in data
    ? EngineError.fromJSON(data as ErrorData)
    : undefined;
}

export function removeFailure(files: BackgroundFiles): void {
  rmSync(files.failure, { force: true });
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
