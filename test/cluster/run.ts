import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

const execFileLater = promisify(execFile);
const MOST_OUTPUT_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 60_000;

/** Debian keeps ip, losetup and mkfs.xfs where a user's PATH does not look. */
export const PATH_WITH_SBIN = `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`;

const environment = () => ({ ...process.env, PATH: PATH_WITH_SBIN, LC_ALL: 'C' });

/** Runs a program and returns what it printed. @throws Error with its messages when it fails */
export function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, {
    encoding: 'utf8',
    env: environment(),
    timeout: TIMEOUT_MS,
    maxBuffer: MOST_OUTPUT_BYTES,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The same without holding everybody else up. */
export async function runLater(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await execFileLater(program, args, {
    encoding: 'utf8',
    env: environment(),
    timeout: TIMEOUT_MS,
    maxBuffer: MOST_OUTPUT_BYTES,
  });
  return stdout;
}

/** Runs a program whose failure means "there was nothing to do". */
export function runIfPossible(program: string, ...args: string[]): boolean {
  try {
    run(program, ...args);
    return true;
  } catch {
    return false;
  }
}
