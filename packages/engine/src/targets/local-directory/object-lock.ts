/**
 * Locks between processes on one machine: flock on a file, which the kernel lets go when its holder
 * dies. Two kinds of lock files: those under .locks come and go with their use; the `lock` file of a
 * volume stays as long as the volume, because movers open it by name.
 */
import * as fs from 'node:fs/promises';

import { takeOsLock } from './os-lock';

export interface HeldLock {
  release(): Promise<void>;
}

/** The lock of one object (under .locks); `undefined` while somebody else holds it. Its file is removed on release. */
export async function tryObjectLock(path: string): Promise<HeldLock | undefined> {
  for (;;) {
    const file = await fs.open(path, 'a', 0o600);
    const held = await tryFile(file, path);
    if (held === undefined) return undefined;
    // Whoever held it before us may have removed the file between our open and our lock: then this
    // lock guards nothing, and the next comer would lock a new file.
    if (await isStill(file, path)) {
      return {
        async release() {
          await fs.rm(path, { force: true });
          await held.release();
        },
      };
    }
    await held.release();
  }
}

/** The lock that a mover holds while it lives; `undefined` while somebody holds it. @throws ENOENT when the volume is gone */
export async function tryWriterLock(path: string): Promise<HeldLock | undefined> {
  return tryFile(await fs.open(path, 'r+'), path);
}

/** Asks again until `waitMs` are over. */
export async function lockWithin(
  waitMs: number,
  attempt: () => Promise<HeldLock | undefined>,
): Promise<HeldLock | undefined> {
  const endAt = performance.now() + waitMs;
  for (;;) {
    const held = await attempt();
    if (held !== undefined || performance.now() >= endAt) return held;
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}

/** Runs `work` under a lock and lets it go, whatever happens. */
export async function withLock<T>(lock: HeldLock, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

async function tryFile(file: fs.FileHandle, path: string): Promise<HeldLock | undefined> {
  try {
    const lock = takeOsLock(file.fd, path);
    if (lock !== undefined) {
      return {
        async release() {
          lock.release();
          await file.close();
        },
      };
    }
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return undefined;
}

async function isStill(file: fs.FileHandle, path: string): Promise<boolean> {
  const [ours, there] = await Promise.all([
    file.stat(),
    fs.stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    }),
  ]);
  return there !== undefined && there.ino === ours.ino && there.dev === ours.dev;
}
