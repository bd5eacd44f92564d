/** The built program as a child process, with a home and state of its own: for tests. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';

export const PROGRAM_FILE = path.resolve(__dirname, '../../dist/main.cjs');
export const BIN_FOLDER = path.resolve(__dirname, '../../bin');

const SAID_MS = 60_000;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Everything that it has said so far. */
  said(): string;
  /** Waits until it has said this; a minute at most. @throws when it ends first */
  until(words: RegExp): Promise<void>;
}

export interface World {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Nothing of the person who runs the tests comes in. */
export function worldIn(folder: string, more: Readonly<Record<string, string>> = {}): World {
  if (!existsSync(PROGRAM_FILE)) throw new Error(`${PROGRAM_FILE} is not built: npm run build`);
  const home = path.join(folder, 'home');
  mkdirSync(home, { recursive: true });
  return {
    folder,
    environment: {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      LANG: 'C.UTF-8',
      VM_MIGRATE_STATE_FOLDER: path.join(folder, 'state'),
      ...more,
    },
  };
}

export async function run(world: World, ...args: string[]): Promise<Ended> {
  return begin(world, ...args).ended;
}

export function begin({ folder, environment }: World, ...args: string[]): Running {
  const child = spawn(process.execPath, [PROGRAM_FILE, ...args], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  const told = (): void => listeners.forEach(listener => listener());
  child.stdout.on('data', (chunk: Buffer) => ((stdout += chunk.toString()), told()));
  child.stderr.on('data', (chunk: Buffer) => ((stderr += chunk.toString()), told()));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', code => resolve({ code, stdout, stderr }));
  });
  const said = (): string => stdout + stderr;
  return {
    child,
    ended,
    said,
    until: words =>
      new Promise((resolve, reject) => {
        const failed = (how: string): void =>
          reject(new Error(`${how} before it said ${String(words)}:\n${said()}`));
        const late = setTimeout(() => failed(`${SAID_MS} ms passed`), SAID_MS);
        const look = (): void => {
          if (!words.test(said())) return;
          listeners.delete(look);
          clearTimeout(late);
          resolve();
        };
        listeners.add(look);
        void ended.then(({ code }) => {
          clearTimeout(late);
          failed(`ended with ${code}`);
        });
        look();
      }),
  };
}
