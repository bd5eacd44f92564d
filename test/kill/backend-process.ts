/** The built backend as a process of its own, as `npm start` runs it, with guests on this machine: for tests that kill it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { apiClient, type ApiClient } from '@vm-migrate/api';
import { onFreePort } from '../free-port';
import { until } from './until';

const PROGRAM = path.resolve(__dirname, '../../packages/backend/dist/index.cjs');

export class BackendProcess {
  readonly url: string;
  #child: ChildProcess | undefined;
  #said = '';

  private constructor(
    readonly port: number,
    private readonly configFile: string,
  ) {
    this.url = `http://127.0.0.1:${port}`;
  }

  /**
   * @param section `vmMigrate` of its configuration
   * @param more other sections; what they say of `backend` is beside where it listens
   */
  static async start(
    folder: string,
    section: object,
    more: { readonly backend?: object; readonly [section: string]: object | undefined } = {},
  ): Promise<BackendProcess> {
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not built: npm run build`);
    return onFreePort(async port => {
      const url = `http://127.0.0.1:${port}`;
      const configFile = path.join(folder, 'backend.yaml');
      const config = {
        app: { baseUrl: url },
        ...more,
        backend: {
          baseUrl: url,
          listen: { host: '127.0.0.1', port },
          database: { client: 'better-sqlite3', connection: ':memory:' },
          ...more.backend,
        },
        auth: { environment: 'development', providers: { guest: {} } },
        vmMigrate: section,
      };
      // JSON is YAML.
      writeFileSync(configFile, JSON.stringify(config));
      const backend = new BackendProcess(port, configFile);
      await backend.restart();
      return backend;
    });
  }

  /** Starts it (again) at the same port, and waits until it works. */
  async restart(): Promise<void> {
    const child = spawn(process.execPath, [PROGRAM, '--config', this.configFile], {
      cwd: path.resolve(__dirname, '../..'),
      env: { ...process.env, NODE_ENV: 'development' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const keep = (chunk: Buffer): void => void (this.#said += chunk.toString());
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`the backend ended:\n${this.#said}`);
      const answer = await fetch(`${this.url}/api/vm-migrate/health`).catch(() => undefined);
      return answer?.ok === true;
    }, 60_000).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.#said.slice(-4_000)}`);
    });
  }

  /** It learns nothing of it. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Of any of its plugins, as a guest. */
  async fetch(of: string, init: RequestInit = {}): Promise<Response> {
    const headers = {
      authorization: `Bearer ${await this.token()}`,
      'content-type': 'application/json',
    };
    return fetch(new URL(of, this.url), { ...init, headers });
  }

  async token(): Promise<string> {
    const answer = await fetch(`${this.url}/api/auth/guest/refresh`, {
      headers: { 'x-requested-with': 'XMLHttpRequest' },
    });
    const { backstageIdentity } = (await answer.json()) as { backstageIdentity: { token: string } };
    return backstageIdentity.token;
  }

  /** As a guest; his token is asked for anew each time, since a restarted backend knows no old ones. */
  client(): ApiClient {
    return apiClient({
      baseUrl: () => `${this.url}/api/vm-migrate`,
      token: () => this.token(),
    });
  }
}
