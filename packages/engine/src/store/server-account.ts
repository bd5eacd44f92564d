/**
 * Under which account PostgreSQL runs. It refuses to run as root, so root hands it to the account
 * `postgres`, which is made where it is missing; everybody else runs it as themselves.
 */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { EngineError } from '../errors';
import { OWN_DATABASE_HINT } from './database-address';

/** For `spawn`; empty: as oneself. */
export interface ServerAccount {
  readonly uid?: number;
  readonly gid?: number;
}

const NAME = 'postgres';

/** @throws EngineError EMBEDDED_FAILED as root where no such account is nor can be made */
export function serverAccount(): ServerAccount {
  if (process.getuid?.() !== 0) return {};
  const found = lookUp();
  if (found !== undefined) return found;
  // shadow-utils first, then BusyBox; each does nothing where the other is meant.
  const useradd = spawnSync('useradd', [
    '--system',
    '--user-group',
    '--no-create-home',
    '--home-dir',
    '/nonexistent',
    '--shell',
    '/usr/sbin/nologin',
    NAME,
  ]);
  if (useradd.status !== 0)
    spawnSync('adduser', ['-S', '-D', '-H', '-h', '/nonexistent', '-s', '/sbin/nologin', NAME]);
  const made = lookUp();
  if (made !== undefined) return made;
  throw new EngineError('EMBEDDED_FAILED', {
    expected: `an account "${NAME}" to run PostgreSQL, which refuses to run as root`,
    found: reasonOf(useradd),
    hint: `Make one (useradd --system ${NAME}), or run vm-migrate as another user than root. ${OWN_DATABASE_HINT}`,
  });
}

/** Whether the account may enter `folder`, all folders above it included. */
export function canEnter(account: ServerAccount, folder: string): boolean {
  if (account.uid === undefined) return true;
  return (
    spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder], {
      ...account,
      cwd: '/',
      stdio: 'ignore',
    }).status === 0
  );
}

export function reasonOf(result: SpawnSyncReturns<Buffer>): string {
  const text = result.error?.message ?? result.stderr?.toString('utf8').trim() ?? '';
  return text === '' ? `exit ${result.status ?? result.signal}` : text;
}

function lookUp(): ServerAccount | undefined {
  const uid = numberOf(['-u', NAME]);
  const gid = numberOf(['-g', NAME]);
  return uid === undefined || gid === undefined || uid === 0 ? undefined : { uid, gid };
}

function numberOf(args: readonly string[]): number | undefined {
  const { status, stdout } = spawnSync('id', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const number = Number.parseInt(stdout?.toString() ?? '', 10);
  return status === 0 && Number.isSafeInteger(number) ? number : undefined;
}
