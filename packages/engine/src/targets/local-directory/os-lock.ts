/**
 * One lock between processes: flock, which the kernel lets go when its holder dies. Where the
 * native library cannot be loaded, a file beside it that names its holder; a holder on this
 * machine that is no longer alive has lost it.
 */
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import { hostname } from 'node:os';

import { isSystemError } from '../../native/errno';
import { type Posix, posix } from '../../native/posix';

export interface OsLock {
  /** Before the descriptor is closed. */
  release(): void;
}

/** Takes the lock on an open file at once, or answers `undefined` because another holds it. */
export function takeOsLock(fd: number, path: string): OsLock | undefined {
  const calls = posix();
  if (calls === undefined) return takeLockFile(`${path}.held`);
  if (!tookFlock(calls, fd)) return undefined;
  return { release: () => undefined }; // it goes with the descriptor
}

function tookFlock(calls: Posix, fd: number): boolean {
  try {
    return calls.flockExclusive(fd);
  } catch (error) {
    // One error number, two names: EAGAIN and EWOULDBLOCK.
    if (isSystemError(error, 'EAGAIN', 'EWOULDBLOCK')) return false;
    throw error;
  }
}

/** The plain way. Weaker: a holder on another machine, or one whose process id was given out again, counts as alive. */
export function takeLockFile(path: string): OsLock | undefined {
  const holder = JSON.stringify({ host: hostname(), pid: process.pid, token: randomUUID() });
  if (!createExclusively(path, holder)) {
    if (!removeStale(path) || !createExclusively(path, holder)) return undefined;
  }
  return {
    release() {
      if (readIfThere(path) === holder) fs.rmSync(path, { force: true });
    },
  };
}

/** Whole or not at all: a reader never sees a lock file without its holder. */
function createExclusively(path: string, holder: string): boolean {
  const draft = `${path}.${randomUUID()}`;
  fs.writeFileSync(draft, holder, { flag: 'wx', mode: 0o600 });
  try {
    fs.linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

/** True when nothing stands in the way any more. Renamed first, so that only one of several contenders removes it. */
function removeStale(path: string): boolean {
  const holder = readIfThere(path);
  if (holder === undefined) return true;
  if (isAlive(holder)) return false;
  const aside = `${path}.${randomUUID()}`;
  try {
    fs.renameSync(path, aside);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
  const removed = readIfThere(aside);
  // Another contender was quicker and this is its fresh lock: put it back.
  if (removed !== holder && removed !== undefined && createExclusively(path, removed)) {
    fs.rmSync(aside, { force: true });
    return false;
  }
  fs.rmSync(aside, { force: true });
  return removed === holder;
}

function isAlive(holder: string): boolean {
  try {
    const { host, pid } = JSON.parse(holder) as { host?: unknown; pid?: unknown };
    if (host !== hostname() || typeof pid !== 'number') return true;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
