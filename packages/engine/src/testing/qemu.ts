/**
 * qemu-img and qemu-io as referee and as independent writer. Tests that need them say so with
 * describeWithQemu; where they are not installed those tests are skipped, with the reason in their
 * name. Known faults of the referee are listed in docs/formats/; tests go around them by name.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const TIMEOUT_MS = 60_000;

/** Whether qemu-img and qemu-io answer. */
export const hasQemu = answers('qemu-img') && answers('qemu-io');

/** A describe that needs qemu-utils. */
export function describeWithQemu(name: string, body: () => void): void {
  if (hasQemu) describe(name, body);
  else
    describe.skip(`${name} (skipped: qemu-img is not installed; apt-get install qemu-utils)`, body);
}

/** Runs qemu-img and returns what it printed. @throws when it fails, with its message */
export function qemuImg(...args: string[]): string {
  return execFileSync('qemu-img', args, {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs qemu-io commands (`write -P 7 0 64k`, ...) on a VMDK. */
export function qemuIo(file: string, ...commands: string[]): void {
  execFileSync('qemu-io', ['-f', 'vmdk', ...commands.flatMap(command => ['-c', command]), file], {
    timeout: TIMEOUT_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The whole content of a VMDK (with its parents) as qemu-img reads it. Small disks only. */
export function qemuContent(file: string, format = 'vmdk'): Buffer {
  const folder = mkdtempSync(path.join(tmpdir(), 'vm-migrate-qemu-'));
  try {
    const raw = path.join(folder, 'content.raw');
    qemuImg('convert', '-f', format, '-O', 'raw', file, raw);
    return readFileSync(raw);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function answers(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
