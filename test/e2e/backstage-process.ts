/** Backstage as `npm start` starts it, in a folder and at a port of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onFreePort } from '../free-port';

const root = path.resolve(__dirname, '../..');
const HEALTH = '/api/vm-migrate/health';

export interface Backstage {
  readonly url: string;
  readonly port: number;
  /** What `npm start` calls the checkout's `.demo/backstage`: sources, volumes, state. */
  readonly folder: string;
  /** The configuration that it was started with; the command line reads it too. */
  readonly configFile: string;
  /** For the command line, as a guest. */
  token(): Promise<string>;
  /** As a person stops it. */
  stop(): Promise<void>;
  /** Its last words, for a failure. */
  said(): string;
}

export interface StartOptions {
  /** Over this process's own. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** One that is free, when absent. */
  readonly port?: number;
}

/**
 * Without a cluster that kubectl of this machine would talk to, unless the environment names one.
 * @throws Error with what it said, if it does not answer in time
 */
export async function startBackstage(
  parent: string,
  { port, ...options }: StartOptions = {},
): Promise<Backstage> {
  mkdirSync(parent, { recursive: true, mode: 0o755 });
  return port === undefined
    ? onFreePort(free => startAt(free, parent, options))
    : startAt(port, parent, options);
}

async function startAt(
  port: number,
  parent: string,
  { environment = {}, timeoutMs = 120_000 }: StartOptions,
): Promise<Backstage> {
  const child = spawn(
    process.execPath,
    [path.join(root, 'scripts', 'start.mjs'), '--port', String(port)],
    {
      cwd: root,
      env: {
        ...process.env,
        KUBECONFIG: path.join(parent, 'no-kubeconfig'),
        VM_MIGRATE_DEMO_PARENT: parent,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const served = await untilServed(child, port, timeoutMs);
  const folder = path.join(parent, '.demo', 'backstage');
  return { ...served, folder, configFile: path.join(folder, `app-config-${port}.yaml`) };
}

/** Of its source `demo`: VMs that are written there before the start are beside the example VM. */
export function vmsFolder(parent: string): string {
  return path.join(parent, '.demo', 'backstage', 'vms');
}

/** A backend that was started to listen at `port` of this machine. @throws Error with what it said, if it does not answer within `ms` */
export async function untilServed(
  child: ChildProcess,
  port: number,
  ms: number,
): Promise<Omit<Backstage, 'folder' | 'configFile'>> {
  const url = `http://127.0.0.1:${port}`;
  const lines = lastLines(child);
  const said = () => lines.join('');
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  try {
    await answers(url, child, ms);
  } catch (error) {
    await stop();
    throw new Error(`${String(error)}\n${said()}`, { cause: error });
  }
  return { url, port, token: () => token(url), stop, said };
}

async function answers(url: string, child: ChildProcess, ms: number): Promise<void> {
  const until = performance.now() + ms;
  while (performance.now() < until) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    const isReady = await fetch(url + HEALTH).then(
      answer => answer.ok,
      () => false,
    );
    if (isReady) return;
    await sleep(100);
  }
  throw new Error(`no answer within ${ms} ms`);
}

async function token(url: string): Promise<string> {
  const answer = await fetch(`${url}/api/auth/guest/refresh`, {
    headers: { 'x-requested-with': 'XMLHttpRequest' },
  });
  const { backstageIdentity } = (await answer.json()) as { backstageIdentity: { token: string } };
  return backstageIdentity.token;
}

function lastLines(child: ChildProcess): string[] {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', part => {
      // Our own questions, ten a second.
      if (String(part).includes(HEALTH)) return;
      lines.push(String(part));
      if (lines.length > 200) lines.shift();
    });
  return lines;
}
