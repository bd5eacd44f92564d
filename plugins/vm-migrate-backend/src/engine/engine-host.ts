/**
 * The engine for as long as this backend lives: opened beside the start of the backend, which never
 * waits for it or fails by it, and again when it could not be opened or its embedded database ended.
 * Until then, and between, whoever asks is told why.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoggerService } from '@backstage/backend-plugin-api';
import {
  connectBackground,
  EngineError,
  openEngine,
  toEngineError,
  type BackendConfig,
  type BackgroundClient,
  type Engine,
  type EngineOptions,
  type Worker,
} from '@vm-migrate/engine';
import type { BackendDatabase } from './backend-database';
import { backgroundProgram } from './programs';

export interface EngineHostOptions {
  readonly config: BackendConfig;
  /** Of a database that is not embedded. */
  readonly database: () => Promise<BackendDatabase>;
  readonly kinds: Pick<EngineOptions, 'openSource' | 'openTarget'>;
  readonly moverProgram: string;
  readonly version: string;
  readonly log: LoggerService;
  /** Between two tries; 5 s when absent. */
  readonly retryMs?: number;
}

const RETRY_MS = 5_000;
const LOOK_MS = 1_000;

/** `closed`: this engine is not used any more. */
type OnOpen = (engine: Engine, closed: AbortSignal) => void;

export class EngineHost {
  #engine: Engine | undefined;
  #worker: Worker | undefined;
  #background: BackgroundClient | undefined;
  #failure: EngineError = new EngineError('DATABASE_UNREACHABLE', {
    found: 'the backend is starting',
    hint: 'Try again in a moment.',
    retry: 'later',
  });
  readonly #stop = new AbortController();
  readonly #listeners = new Set<OnOpen>();
  #closed = new AbortController();
  #running: Promise<void> | undefined;

  constructor(private readonly options: EngineHostOptions) {}

  start(): void {
    this.#running ??= this.run();
  }

  /** @throws EngineError what keeps it from working */
  engine(): Engine {
    if (this.#engine === undefined) throw this.#failure;
    return this.#engine;
  }

  /** Called now, if it is open, and whenever it is opened again. */
  onOpen(listener: OnOpen): void {
    this.#listeners.add(listener);
    if (this.#engine !== undefined) listener(this.#engine, this.#closed.signal);
  }

  /** Movers end at their next window, steps go back to the queue. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  private async run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.open();
        await this.untilLost();
      } catch (error) {
        const failure = toEngineError(error);
        if (failure.message !== this.#failure.message)
          this.options.log.error(
            `vm-migrate cannot work: ${failure.message} ${failure.hint ?? ''}`,
          );
        this.#failure = failure;
      }
      await this.close();
      await sleep(this.options.retryMs ?? RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
    await this.close();
  }

  private async open(): Promise<void> {
    const { config, kinds, log, moverProgram, version } = this.options;
    const { connection, name } = await this.database();
    const engine = await openEngine({
      databaseUrl: connection,
      databaseName: name,
      applicationName: 'vm-migrate backstage',
      actor: 'backstage',
      sources: config.sources,
      targets: config.targets,
      moverProgram,
      // A request names what is configured, never a folder of this machine.
      paths: 'refused',
      ...kinds,
    });
    try {
      await startLimits(engine, config);
      if (config.worker.enabled) this.#worker = await startWorker(engine, config, version, log);
    } catch (error) {
      await engine.close();
      throw error;
    }
    this.#engine = engine;
    log.info(`vm-migrate works on ${name}${config.worker.enabled ? '' : ', without a worker'}`);
    this.#closed = new AbortController();
    for (const listener of this.#listeners) listener(engine, this.#closed.signal);
  }

  private async database(): Promise<BackendDatabase> {
    const { config, database } = this.options;
    if (config.database?.kind !== 'embedded') return database();
    const { stateFolder } = config;
    this.#background = await connectBackground(stateFolder, {
      spawn: {
        command: process.execPath,
        args: [backgroundProgram(), 'background', '--state-folder', stateFolder],
      },
    });
    return { connection: this.#background.databaseUrl, name: `embedded, in ${stateFolder}` };
  }

  /** Only the embedded database can be lost for good; every other is connected to again by the engine itself. */
  private async untilLost(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && (this.#background?.isAlive() ?? true))
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    throw new EngineError('EMBEDDED_FAILED', {
      found: 'the process that owns the embedded database has ended',
      hint: 'It is being started again.',
      retry: 'later',
    });
  }

  private async close(): Promise<void> {
    const [engine, worker, background] = [this.#engine, this.#worker, this.#background];
    this.#engine = this.#worker = this.#background = undefined;
    this.#closed.abort();
    await worker?.stop().catch(error => this.options.log.warn(`stopping the worker: ${error}`));
    await engine?.close().catch(() => undefined);
    background?.release();
  }
}

function startWorker(
  engine: Engine,
  { worker: { concurrency, leaseSeconds } }: BackendConfig,
  version: string,
  log: LoggerService,
): Promise<Worker> {
  return engine.startWorker({
    surface: 'backstage',
    version,
    settings: {
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(leaseSeconds === undefined
        ? {}
        : { leaseMs: leaseSeconds * 1_000, deadAfterMs: leaseSeconds * 1_000 }),
    },
    log: line => log.info(line),
  });
}

/** The configuration gives a limit its first value; what was set since, while work went on, stays. */
async function startLimits(engine: Engine, { limits }: BackendConfig): Promise<void> {
  if (limits.length === 0) return;
  const known = new Set((await engine.call('getLimits', {})).map(limit => limit.scope));
  for (const { scope, maxRunning, bytesPerSecond } of limits)
    if (!known.has(scope))
      await engine.call('setLimit', {
        scope,
        maxRunning,
        bytesPerSecond: bytesPerSecond === 0 ? null : bytesPerSecond,
      });
}
