/**
 * A PostgreSQL whose owner was killed: stopped before another one starts on its data. It is told
 * from a stranger's process by where it works, never by its number alone.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { lockWithin, type ProcessLock } from './process-lock';

/** What each signal means to a postmaster, and how long it may take: fast shutdown, immediate one, none. */
const STAGES = [
  { signal: 'SIGINT', waitMs: 15_000 },
  { signal: 'SIGQUIT', waitMs: 5_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
] as const;

/** Children that outlive their postmaster find out within seconds and go. */
const CHILDREN_MS = 10_000;

/**
 * Stops the server on `data` and takes its lock. `undefined`: it could not be had.
 */
export async function stopOrphan(
  data: string,
  take: () => ProcessLock | undefined,
): Promise<ProcessLock | undefined> {
  for (const { signal, waitMs } of STAGES) {
    const pid = postmasterOf(data);
    if (pid === undefined) return lockWithin(CHILDREN_MS, take);
    signalTo(pid, signal);
    const lock = await lockWithin(waitMs, take);
    if (lock !== undefined) return lock;
  }
  return undefined;
}

/** The postmaster that works in `data`, if there is one. */
export function postmasterOf(data: string): number | undefined {
  const pid = pidIn(path.join(data, 'postmaster.pid'));
  return pid !== undefined && worksIn(pid, data) ? pid : undefined;
}

function pidIn(file: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** PostgreSQL makes its data folder its working folder. */
function worksIn(pid: number, data: string): boolean {
  try {
    if (process.platform === 'linux')
      return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data);
  } catch {
    return false;
  }
  const { stdout } = spawnSync('ps', ['-o', 'command=', '-p', String(pid)]);
  const command = stdout?.toString() ?? '';
  return command.includes('postgres') && command.includes(data);
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It went by itself.
  }
}
