import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

/**
 * Holds a lock file while `body` runs; other processes wait for it. The kernel releases it when this
 * process ends, however it ends.
 */
export async function withFileLock<T>(file: string, body: () => Promise<T>): Promise<T> {
  const lock = await FileLock.take(file, '--exclusive');
  try {
    return await body();
  } finally {
    await lock?.release();
  }
}

/** A lock of flock(1), held by a child that lives as long as its standard input is open. */
export class FileLock {
  private constructor(private readonly holder: ChildProcess) {}

  /** `mode`: options of flock. With --nonblock undefined when another process holds it. */
  static async take(file: string, ...mode: string[]): Promise<FileLock | undefined> {
    mkdirSync(path.dirname(file), { recursive: true });
    const holder = spawn('flock', [...mode, file, 'sh', '-c', 'echo held; exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const held = await Promise.race([
      once(holder.stdout, 'data').then(() => true),
      once(holder, 'exit').then(() => false),
    ]);
    if (!held) return undefined;
    // The lock must not keep a process alive that forgot about it.
    holder.unref();
    return new FileLock(holder);
  }

  async release(): Promise<void> {
    this.holder.ref();
    const ended = once(this.holder, 'exit');
    this.holder.stdin?.end();
    await ended;
  }
}
