/**
 * What belongs to the embedded server of one state folder, and where it lies. Everything is in
 * STATE/postgres, unless root starts it and the account that runs PostgreSQL cannot enter there
 * (root's home is closed): then the data are in /var/lib/vm-migrate/ID, and STATE/postgres says so.
 */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { EngineError } from '../errors';
import { OWN_DATABASE_HINT } from './database-address';
import { writeSecret } from './secret-file';
import { canEnter, serverAccount, type ServerAccount } from './server-account';

export interface ServerFolder {
  readonly account: ServerAccount;
  /** Data folder of PostgreSQL; may not exist yet. */
  readonly data: string;
  /** Where a copy of the programs goes if one is needed. */
  readonly programs: string;
  readonly lockFile: string;
  readonly logFile: string;
  readonly password: string;
}

const SHARED = '/var/lib/vm-migrate';

/** Finds or prepares it; changes nothing that is there. @throws EngineError EMBEDDED_FAILED */
export function serverFolder(stateFolder: string): ServerFolder {
  const folder = path.join(stateFolder, 'postgres');
  const asRoot = process.getuid?.() === 0;
  try {
    // Root's parts are passed through by another account on its way to the data, and not read by it.
    mkdirSync(stateFolder, { recursive: true, mode: asRoot ? 0o711 : 0o700 });
    mkdirSync(folder, { recursive: true, mode: asRoot ? 0o711 : 0o700 });
    const data = recordedData(folder) ?? chooseData(folder, serverAccount());
    return {
      account: existsSync(data) ? ownerOf(data) : serverAccount(),
      data,
      programs: asRoot ? SHARED : folder,
      lockFile: path.join(folder, 'server.lock'),
      logFile: path.join(folder, 'postgres.log'),
      password: passwordOf(folder),
    };
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError('EMBEDDED_FAILED', {
      where: { file: folder },
      expected: 'a folder for the database',
      found: error instanceof Error ? error.message : String(error),
      hint: OWN_DATABASE_HINT,
      cause: error,
    });
  }
}

/** Removes the data for good, with those outside the state folder. The server must not run. */
export function removeServerFolder(stateFolder: string): void {
  const folder = path.join(stateFolder, 'postgres');
  const data = recordedData(folder);
  if (data !== undefined) rmSync(data, { recursive: true, force: true });
  if (data !== undefined && path.dirname(path.dirname(data)) === SHARED)
    rmSync(path.dirname(data), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}

/** The program runs as the owner of the data: whoever started it first, also when root comes later. */
function ownerOf(data: string): ServerAccount {
  const { uid, gid } = statSync(data);
  const self = process.getuid?.();
  if (self === undefined || self === uid) return {};
  if (self === 0) return { uid, gid };
  throw new EngineError('EMBEDDED_FAILED', {
    where: { file: data },
    expected: `data of the user ${self}`,
    found: `data of the user ${uid}`,
    hint: `Run vm-migrate as that user or as root, or use another state folder (VM_MIGRATE_STATE_FOLDER). ${OWN_DATABASE_HINT}`,
  });
}

function recordedData(folder: string): string | undefined {
  const file = path.join(folder, 'data-folder');
  // Relative where the data are inside, so that the state folder can be moved as a whole.
  return existsSync(file) ? path.resolve(folder, readFileSync(file, 'utf8').trim()) : undefined;
}

function chooseData(folder: string, account: ServerAccount): string {
  const inside = canEnter(account, folder);
  const place = inside ? 'data' : path.join(SHARED, randomBytes(8).toString('hex'), 'data');
  if (!inside) {
    mkdirSync(SHARED, { recursive: true, mode: 0o711 });
    makeFor(account, path.dirname(path.resolve(folder, place)));
  }
  // Recorded before it exists: a crash leaves an empty folder, never data that nobody finds.
  writeSecret(path.join(folder, 'data-folder'), `${place}\n`);
  return path.resolve(folder, place);
}

/** An empty folder of mode 0700 that belongs to the account. */
export function makeFor(account: ServerAccount, folder: string): void {
  mkdirSync(folder, { mode: 0o700 });
  if (account.uid !== undefined && account.gid !== undefined)
    chownSync(folder, account.uid, account.gid);
}

function passwordOf(folder: string): string {
  const file = path.join(folder, 'password');
  if (!existsSync(file)) writeSecret(file, `${randomBytes(24).toString('base64url')}\n`);
  chmodSync(file, 0o600);
  return readFileSync(file, 'utf8').trim();
}

/** Keeps the last one beside it, so that a log never grows without end. */
export function rotateLog(file: string): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > 8 * 1024 * 1024) renameSync(file, `${file}.1`);
}
