/** The data folder of the embedded PostgreSQL: made once by initdb, and only for the major version that is here. */
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { EngineError } from '../errors';
import { OWN_DATABASE_HINT } from './database-address';
import { syncFolder, writeSecret } from './secret-file';
import { reasonOf } from './server-account';
import type { ServerBinaries } from './server-binaries';
import { makeFor, type ServerFolder } from './server-folder';

export const SERVER_USER = 'vm_migrate';

/** Call it under the lock of the folder. @throws EngineError EMBEDDED_FAILED, also for data of another major version */
export function ensureServerData(folder: ServerFolder, binaries: ServerBinaries): void {
  if (!existsSync(folder.data)) initialise(folder, binaries);
  refuseOtherMajor(folder, binaries);
}

/** Made under another name and renamed: a data folder is whole or not there. */
function initialise(folder: ServerFolder, binaries: ServerBinaries): void {
  const place = path.dirname(folder.data);
  for (const name of readdirSync(place)) {
    if (name.startsWith('data.new') || name.startsWith('initial-password'))
      rmSync(path.join(place, name), { recursive: true, force: true });
  }
  const draft = `${folder.data}.new`;
  const passwordFile = path.join(place, 'initial-password');
  makeFor(folder.account, draft);
  writeSecret(passwordFile, `${folder.password}\n`);
  const { uid, gid } = folder.account;
  if (uid !== undefined && gid !== undefined) chownSync(passwordFile, uid, gid);
  const result = spawnSync(
    binaries.initdb,
    [
      `--pgdata=${draft}`,
      `--username=${SERVER_USER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // C.UTF-8 as PostgreSQL itself knows it: the same on every system, whatever its C library has.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--data-checksums',
    ],
    { ...folder.account, cwd: '/', env: serverEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] },
  );
  rmSync(passwordFile, { force: true });
  if (result.status !== 0) {
    rmSync(draft, { recursive: true, force: true });
    throw serverFailure(folder, `initdb: ${reasonOf(result)}`);
  }
  renameSync(draft, folder.data);
  syncFolder(place);
}

function refuseOtherMajor(folder: ServerFolder, binaries: ServerBinaries): void {
  const version = readFileSync(path.join(folder.data, 'PG_VERSION'), 'utf8').trim();
  if (version === String(binaries.major)) return;
  const aside = `${folder.data}.postgresql-${version}`;
  throw new EngineError('EMBEDDED_FAILED', {
    where: { file: folder.data },
    expected: `data of PostgreSQL ${binaries.major}`,
    found: `data of PostgreSQL ${version}`,
    hint:
      `Finish with the vm-migrate that wrote it; or dump it with PostgreSQL ${version} (pg_dump) into a server of your own; ` +
      `or start anew: mv ${folder.data} ${aside}, then kubectl vm-migrate recover, which reads back what the volumes say. ${OWN_DATABASE_HINT}`,
  });
}

/** Without the PG* variables of the user: they would change what server and initdb do. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}

export function serverFailure(folder: ServerFolder, found: string): EngineError {
  return new EngineError('EMBEDDED_FAILED', {
    where: { file: folder.data },
    found,
    hint: `The whole story is in ${folder.logFile}. ${OWN_DATABASE_HINT}`,
  });
}
