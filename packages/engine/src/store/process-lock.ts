/**
 * A lock that lives exactly as long as whoever holds it: flock(2) on an open file. The kernel frees
 * it with the last descriptor of that open file, also after SIGKILL. A child that inherits the
 * descriptor holds the lock too.
 */
import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '../errors';
import { isSystemError } from '../native/errno';
import { posix } from '../native/posix';
import { OWN_DATABASE_HINT } from './database-address';

export interface ProcessLock {
  /** To pass on to a child as one of its stdio, so that the lock outlives this process with it. */
  readonly fd: number;
  /** Frees it, unless a child still has it. May be called twice. */
  release(): void;
}

type Kind = 'flockExclusive' | 'flockShared';

/** `undefined`: somebody else holds it. The file is made if need be and never removed. */
export function tryLock(file: string): ProcessLock | undefined {
  return attempt(file, 'flockExclusive');
}

/** Any number may hold it shared, but none while somebody holds it exclusively. */
export function tryShare(file: string): ProcessLock | undefined {
  return attempt(file, 'flockShared');
}

/** Whether nobody holds it exclusively at this moment. It may take the lock shared for an instant: who wants it asks more than once (`lockWithin`). */
export function isFree(file: string): boolean {
  const lock = tryShare(file);
  lock?.release();
  return lock !== undefined;
}

/** `undefined`: still held after `waitMs`. */
export async function lockWithin(
  waitMs: number,
  take: () => ProcessLock | undefined,
): Promise<ProcessLock | undefined> {
  const until = performance.now() + waitMs;
  for (;;) {
    const lock = take();
    if (lock !== undefined || performance.now() >= until) return lock;
    await sleep(20);
  }
}

function attempt(file: string, kind: Kind): ProcessLock | undefined {
  const calls = posix();
  if (calls === undefined) {
    throw new EngineError('EMBEDDED_FAILED', {
      where: { file },
      expected: 'file locks (flock) through koffi, on Linux or macOS',
      found: `none on ${process.platform} ${process.arch}`,
      hint: OWN_DATABASE_HINT,
    });
  }
  const fd = openSync(file, 'a', 0o600);
  try {
    if (calls[kind](fd) && isStill(file, fd)) return held(fd);
  } catch (error) {
    closeSync(fd);
    // Linux has two names for one number; which of them comes depends on a table.
    if (isSystemError(error, 'EAGAIN', 'EWOULDBLOCK')) return undefined;
    throw error;
  }
  closeSync(fd);
  return undefined;
}

/** A lock on a file that was removed or replaced meanwhile excludes nobody. */
function isStill(file: string, fd: number): boolean {
  const now = statSync(file, { throwIfNoEntry: false });
  const ours = fstatSync(fd);
  return now !== undefined && now.ino === ours.ino && now.dev === ours.dev;
}

function held(fd: number): ProcessLock {
  let open = true;
  return {
    fd,
    release() {
      if (open) closeSync(fd);
      open = false;
    },
  };
}
