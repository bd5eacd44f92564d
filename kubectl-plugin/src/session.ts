/**
 * What a verb has at hand: where words go, the configuration, and the engine, opened when it is
 * first asked for. Without a database of its own the engine talks to the background process of the
 * state folder, which is started if need be.
 */
import { homedir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BackgroundClient, Config, Engine } from '@vm-migrate/engine';
import { clusterFlags } from './cluster-flags';
import { loadEngine } from './engine-library';
import type { GlobalArguments } from './global-options';
import { moverProgram } from './mover-program';
import { remoteEngine } from './remote-engine';
import type { Signals } from './signals';
import type { Terminal } from './terminal';
import { UsageError } from './usage-error';

export interface Session {
  readonly terminal: Terminal;
  readonly signals: Signals;
  readonly globals: GlobalArguments;
  /** This program's file. */
  readonly program: string;
  /** @throws EngineError CONFIG_INVALID */
  config(): Promise<Config>;
  /** @throws EngineError DATABASE_UNREACHABLE, EMBEDDED_FAILED, ... */
  engine(): Promise<Engine>;
  /**
   * Whether the background process that this session talks to has died since: `reconnect` finds or
   * starts another. Its database may still answer then; or, by `error`, no longer.
   */
  lostBackground(error?: unknown): boolean;
  reconnect(): Promise<Engine>;
  close(): Promise<void>;
}

export interface SessionOptions {
  readonly terminal: Terminal;
  readonly signals: Signals;
  readonly globals: GlobalArguments;
  readonly program: string;
}

export function openSession(options: SessionOptions): Session {
  return new OpenSession(options);
}

/** Enough for one command: a query and what it asks beside. */
const CONNECTIONS = 4;
const RESTART_MS = 30_000;
const LOOK_MS = 200;

class OpenSession implements Session {
  readonly terminal: Terminal;
  readonly signals: Signals;
  readonly globals: GlobalArguments;
  readonly program: string;
  #config: Promise<Config> | undefined;
  #engine: Promise<Engine> | undefined;
  #background: BackgroundClient | undefined;

  constructor({ terminal, signals, globals, program }: SessionOptions) {
    this.terminal = terminal;
    this.signals = signals;
    this.globals = globals;
    this.program = program;
  }

  config(): Promise<Config> {
    return (this.#config ??= this.readConfig());
  }

  engine(): Promise<Engine> {
    return (this.#engine ??= this.openPatiently());
  }

  lostBackground(error?: unknown): boolean {
    if (this.#background === undefined) return false;
    // Another one may have the lock by now: then only the old database's silence tells.
    return isUnreachable(error) || !this.#background.isAlive();
  }

  async reconnect(): Promise<Engine> {
    await this.close();
    return this.engine();
  }

  async close(): Promise<void> {
    const engine = await this.#engine?.catch(() => undefined);
    this.#engine = undefined;
    await engine?.close().catch(() => undefined);
    this.#background?.release();
    this.#background = undefined;
  }

  private async readConfig(): Promise<Config> {
    const { readConfig } = await loadEngine();
    const { config, databaseUrl, databaseUrlFile, databaseService, stateFolder } = this.globals;
    const { apiUrl, apiTokenFile } = this.globals;
    return readConfig({
      cwd: process.cwd(),
      home: homedir(),
      environment: process.env,
      flags: {
        config,
        databaseUrl,
        databaseUrlFile,
        databaseService,
        stateFolder,
        apiUrl,
        apiTokenFile,
        ...clusterFlags(this.globals),
      },
    });
  }

  /**
   * Right after a background process was killed, its database may still be found while the next one
   * is about to end it: then it is asked again.
   */
  private async openPatiently(): Promise<Engine> {
    const until = performance.now() + RESTART_MS;
    for (;;) {
      try {
        return await this.open();
      } catch (error) {
        const config = await this.config();
        const embedded = config.database.kind === 'embedded' && config.api === undefined;
        if (!embedded || !isUnreachable(error) || performance.now() > until) throw error;
        await sleep(LOOK_MS);
      }
    }
  }

  private async open(): Promise<Engine> {
    const library = await loadEngine();
    const { openEngine } = library;
    const config = await this.config();
    if (config.api !== undefined) {
      refuseOfThisMachine(this.globals, config.api.url);
      return remoteEngine(config.api, library);
    }
    const { url, name } = await this.database(config);
    try {
      const engine = await openEngine({
        databaseUrl: url,
        databaseName: name,
        applicationName: 'vm-migrate cli',
        sources: config.sources,
        targets: config.targets,
        moverProgram: moverProgram(this.program),
        maxConnections: CONNECTIONS,
      });
      await startLimits(engine, config);
      return engine;
    } catch (error) {
      this.#background?.release();
      this.#background = undefined;
      throw error;
    }
  }

  private async database({
    database,
    stateFolder,
  }: Config): Promise<{ readonly url: string; readonly name: string }> {
    const { connectBackground, databaseUrl } = await loadEngine();
    if (database.kind !== 'embedded') {
      const url = databaseUrl(database);
      return { url, name: placeOf(url) };
    }
    this.#background = await connectBackground(stateFolder, {
      spawn: {
        command: process.execPath,
        args: [this.program, 'background', '--state-folder', stateFolder],
      },
    });
    return { url: this.#background.databaseUrl, name: `embedded, in ${stateFolder}` };
  }
}

/** The configuration gives a limit its first value; what was set since, while work went on, stays. */
async function startLimits(engine: Engine, { limits }: Config): Promise<void> {
  if (limits.length === 0) return;
  const known = new Set((await engine.call('getLimits', {})).map(limit => limit.scope));
  for (const { scope, maxRunning, bytesPerSecond } of limits) {
    if (known.has(scope)) continue;
    await engine.call('setLimit', {
      scope,
      maxRunning,
      bytesPerSecond: bytesPerSecond === 0 ? null : bytesPerSecond,
    });
  }
}

/** Flags that say which cluster, or which folder, of this machine. */
const OF_THIS_MACHINE = {
  kubeconfig: '--kubeconfig',
  context: '--context',
  namespace: '--namespace',
  as: '--as',
  asGroup: '--as-group',
  requestTimeout: '--request-timeout',
  stateFolder: '--state-folder',
} as const satisfies Partial<Record<keyof GlobalArguments, string>>;

/** @throws UsageError */
function refuseOfThisMachine(globals: GlobalArguments, url: string): void {
  for (const [name, flag] of Object.entries(OF_THIS_MACHINE)) {
    if (globals[name as keyof typeof OF_THIS_MACHINE] === undefined) continue;
    throw new UsageError(
      `${flag} is about this machine, and this call goes to the backend at ${url}`,
      'The backend has its own sources and targets: choose a target with --target. Or leave out --api-url (VM_MIGRATE_API_URL, apiUrl).',
    );
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'DATABASE_UNREACHABLE';
}

/** Without user and password. */
function placeOf(url: string): string {
  if (!URL.canParse(url)) return 'a database';
  const { hostname, port, pathname, searchParams } = new URL(url);
  return `${searchParams.get('host') ?? (hostname || 'localhost')}:${port || '5432'}${pathname}`;
}
