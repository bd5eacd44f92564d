/**
 * Processes that outlive the program which started them. Each is known by its pid and by when it
 * started, so a pid that the kernel has given to somebody else is not ours; a zombie counts as gone.
 */
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

import { PATH_WITH_SBIN } from './run';
import { until } from './until';

export interface Command {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
}

const KILLED_WITHIN_MS = 10_000;

export class Processes {
  private readonly pids: string;
  private readonly logs: string;

  constructor(folder: string) {
    this.pids = path.join(folder, 'pids');
    this.logs = path.join(folder, 'logs');
  }

  logFile(name: string): string {
    return path.join(this.logs, `${name}.log`);
  }

  /** The process of that name, if it lives. */
  pid(name: string): number | undefined {
    const file = path.join(this.pids, name);
    if (!existsSync(file)) return undefined;
    const [pid = '', startedAt] = readFileSync(file, 'utf8').split(' ');
    return startedAt !== undefined && startOf(Number(pid)) === startedAt ? Number(pid) : undefined;
  }

  /** When it was last started, in ms since 1970; 0 if never. */
  startedAt(name: string): number {
    const file = path.join(this.pids, name);
    return existsSync(file) ? statSync(file).mtimeMs : 0;
  }

  names(): string[] {
    return existsSync(this.pids) ? readdirSync(this.pids) : [];
  }

  /** Starts it unless it lives. */
  ensure(command: Command): void {
    if (this.pid(command.name) !== undefined) return;
    mkdirSync(this.pids, { recursive: true });
    mkdirSync(this.logs, { recursive: true });
    const log = openSync(this.logFile(command.name), 'a');
    try {
      const child = spawn(command.program, command.args, {
        detached: true,
        cwd: '/',
        env: { PATH: PATH_WITH_SBIN, HOME: '/root' },
        stdio: ['ignore', log, log],
      });
      child.on('error', () => undefined);
      child.unref();
      const { pid } = child;
      const startedAt = pid === undefined ? undefined : startOf(pid);
      if (pid === undefined || startedAt === undefined) {
        throw new Error(`${command.program} does not start; see ${this.logFile(command.name)}`);
      }
      writeFileSync(path.join(this.pids, command.name), `${pid} ${startedAt}`);
    } finally {
      closeSync(log);
    }
  }

  /** Ends it: asks first, and kills what is still there after `patienceMs`. */
  async stop(name: string, patienceMs: number): Promise<void> {
    const pid = this.pid(name);
    if (pid !== undefined) await endProcess(pid, patienceMs);
    rmSync(path.join(this.pids, name), { force: true });
  }

  /** The last lines it wrote, for an error message. */
  lastWords(name: string): string {
    const file = this.logFile(name);
    if (!existsSync(file)) return '';
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-4).join('\n');
  }
}

/** Asks a process to end and kills it when it does not; 0 kills at once. */
export async function endProcess(pid: number, patienceMs: number): Promise<void> {
  const startedAt = startOf(pid);
  if (startedAt === undefined) return;
  const isGone = () => startOf(pid) !== startedAt;
  if (patienceMs > 0) {
    signal(pid, 'SIGTERM');
    try {
      await until(`process ${pid} to end`, patienceMs, isGone);
      return;
    } catch {
      // It is killed below.
    }
  }
  signal(pid, 'SIGKILL');
  await until(`process ${pid} to be gone`, KILLED_WITHIN_MS, isGone);
}

/** Every process of this machine with the file it runs and its arguments; kernel threads left out. */
export function allProcesses(): { pid: number; program: string; args: string[] }[] {
  return readdirSync('/proc')
    .filter(entry => /^\d+$/.test(entry))
    .flatMap(entry => {
      try {
        const program = readlinkSync(`/proc/${entry}/exe`).replace(/ \(deleted\)$/, '');
        const args = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0');
        return [{ pid: Number(entry), program, args }];
      } catch {
        return []; // It ended meanwhile.
      }
    });
}

/** Memory in use, in KiB. */
export function residentKib(pid: number): number {
  const status = existsSync(`/proc/${pid}/status`)
    ? readFileSync(`/proc/${pid}/status`, 'utf8')
    : '';
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
}

/** When a process started, in ticks since boot; undefined when there is none, or only its zombie. */
function startOf(pid: number): string | undefined {
  try {
    // Fields behind the name, which may hold anything but ends at the last bracket.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended meanwhile.
  }
}
