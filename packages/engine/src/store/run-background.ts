/** The body of the background process: PostgreSQL, the work it is for, and the end of both. */
import { setTimeout as sleep } from 'node:timers/promises';
import { toEngineError } from '../errors';
import {
  backgroundFiles,
  removeConnection,
  writeConnection,
  writeFailure,
  type BackgroundFiles,
} from './background-files';
import { startEmbeddedServer, type EmbeddedServer } from './embedded-server';
import { lockWithin, tryLock, type ProcessLock } from './process-lock';

/** What runs on the database; stopped before the server is. */
export interface BackgroundWork {
  stop(): Promise<void>;
}

export interface BackgroundOptions {
  /** Starts the worker. The process counts as ready when this has returned. */
  readonly onReady: (databaseUrl: string) => Promise<BackgroundWork>;
  /** Whether there is nothing to do: no step ready, running or waiting. Clients are counted here, not there. May throw while the server restarts. */
  readonly isIdle: () => boolean | Promise<boolean>;
  /** How long it must have been idle without a client before the process ends. */
  readonly idleMs: number;
  /** Ends it early, as SIGTERM does. */
  readonly signal?: AbortSignal;
}

/** `already running`: another process has this state folder, nothing was done. */
export type BackgroundEnd = 'already running' | 'idle' | 'told to stop';

/** Probing clients hold the lock for an instant now and then. */
const LOCK_MS = 1_000;
/** A server that keeps falling over is not started for ever. */
const RESTARTS = { most: 5, withinMs: 60_000 } as const;

/**
 * Runs until it is idle, or told to stop by SIGTERM, SIGINT or `signal`; then everything is down,
 * cleanly. What kept it from starting is left in failure.json for the client that waits.
 * @throws EngineError EMBEDDED_FAILED, or what `onReady` threw
 */
export async function runBackground(
  stateFolder: string,
  options: BackgroundOptions,
): Promise<BackgroundEnd> {
  const files = backgroundFiles(stateFolder);
  const lock = await lockWithin(LOCK_MS, () => tryLock(files.backgroundLock));
  if (lock === undefined) return 'already running';
  const stopping = stopRequests(options.signal);
  try {
    removeConnection(files);
    return await serve(stateFolder, files, options, stopping.signal);
  } catch (error) {
    const failure = toEngineError(error);
    writeFailure(files, failure);
    throw failure;
  } finally {
    removeConnection(files);
    stopping.forget();
    lock.release();
  }
}

async function serve(
  stateFolder: string,
  files: BackgroundFiles,
  options: BackgroundOptions,
  signal: AbortSignal,
): Promise<BackgroundEnd> {
  const keeper = new ServerKeeper(stateFolder, await startEmbeddedServer(stateFolder));
  let clients: ProcessLock | undefined;
  try {
    const work = await options.onReady(keeper.url);
    try {
      writeConnection(files, { databaseUrl: keeper.url, pid: process.pid });
      clients = await untilIdle(files, options, keeper, signal);
      // From here no client comes in: whoever finds the file gone waits for our end, then starts anew.
      removeConnection(files);
      return clients === undefined ? 'told to stop' : 'idle';
    } finally {
      await work.stop();
    }
  } finally {
    await keeper.stop();
    clients?.release();
  }
}

/** The clients' lock, taken whole, when nobody needs this process; undefined when it was told to stop. */
async function untilIdle(
  files: BackgroundFiles,
  { isIdle, idleMs }: BackgroundOptions,
  keeper: ServerKeeper,
  signal: AbortSignal,
): Promise<ProcessLock | undefined> {
  const lookMs = Math.min(Math.max(idleMs / 4, 20), 2_000);
  let busyAt = performance.now();
  for (;;) {
    await sleep(lookMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return undefined;
    keeper.check();
    if (!(await quiet(isIdle))) {
      busyAt = performance.now();
      continue;
    }
    const clients = tryLock(files.clientsLock);
    if (clients === undefined) busyAt = performance.now();
    // Asked again while no client can come in: what the last one started counts.
    else if (performance.now() - busyAt >= idleMs && (await quiet(isIdle))) return clients;
    clients?.release();
  }
}

/** Not knowing is no reason to end. */
async function quiet(isIdle: BackgroundOptions['isIdle']): Promise<boolean> {
  try {
    return await isIdle();
  } catch {
    return false;
  }
}

/** Keeps one server up: one that was killed is started again on its port, so that its URL stays true for the worker's connections. */
class ServerKeeper {
  readonly url: string;
  readonly #port: number;
  readonly #startedAt: number[] = [];
  #server: EmbeddedServer;
  #restart: Promise<void> = Promise.resolve();
  #stopped = false;
  #failure: unknown;

  constructor(
    private readonly stateFolder: string,
    server: EmbeddedServer,
  ) {
    this.url = server.url;
    this.#port = server.port;
    this.#server = server;
    this.watch(server);
  }

  /** @throws what kept the server from coming back */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#restart;
    await this.#server.stop();
  }

  private watch(server: EmbeddedServer): void {
    void server.ended.then(() => {
      if (!this.#stopped) this.#restart = this.startAgain();
    });
  }

  private async startAgain(): Promise<void> {
    try {
      this.countStart();
      const server = await startEmbeddedServer(this.stateFolder, { port: this.#port });
      this.#server = server;
      if (server.url !== this.url)
        throw new Error(`port ${this.#port} was taken while the database restarted`);
      this.watch(server);
    } catch (error) {
      this.#failure = error;
    }
  }

  private countStart(): void {
    const now = performance.now();
    this.#startedAt.push(now);
    const recent = this.#startedAt.filter(at => now - at < RESTARTS.withinMs).length;
    if (recent > RESTARTS.most)
      throw new Error(`the database ended ${recent} times within ${RESTARTS.withinMs / 1000} s`);
  }
}

function stopRequests(outer: AbortSignal | undefined): {
  readonly signal: AbortSignal;
  forget(): void;
} {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  // SIGHUP: the terminal that started us was closed. That is what running in the background is for.
  const stay = (): void => undefined;
  process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGHUP', stay);
  outer?.addEventListener('abort', stop);
  if (outer?.aborted === true) stop();
  return {
    signal: controller.signal,
    forget() {
      process.off('SIGTERM', stop).off('SIGINT', stop).off('SIGHUP', stay);
      outer?.removeEventListener('abort', stop);
    },
  };
}
