/** Requests to one API server: admitted in turn, logged in, tried again where that helps. */
import { setMaxListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';

import type { WebSocket } from 'ws';

import { EngineError } from '../../../errors';
import { recordSeconds } from '../../../metrics/record';
import { apiError, type ApiFailure, connectionError, isPassing, readFailure } from './api-errors';
import type { Credentials } from './credentials';
import { RateLimit } from './rate-limit';
import { DEFAULT_RETRY, pauseMs, type RetryOptions, sleep } from './retry';
import { type ApiAnswer, type ApiRequest, textOf, Transport } from './transport';
import { upgraded, type Upgraded, type UpgradeRequest } from './upgrade';
import { openWebSocket, type WebSocketRequest } from './web-socket';

export interface RequestSettings {
  readonly requestsPerSecond?: number;
  readonly requestBurst?: number;
  readonly requestTimeoutMs?: number;
  readonly retry?: RetryOptions;
}

/**
 * A server that has never answered is more likely not there than being restarted: whoever waits for
 * a plan is told so in seconds, and a worker's step comes again by itself.
 */
const FIRST_TRIES = 2;
const FIRST_ANSWER_MS = 8_000;
const NOWHERE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
]);

function isNowhere(thrown: unknown): boolean {
  return NOWHERE.has((thrown as NodeJS.ErrnoException | undefined)?.code ?? '');
}

interface Connection {
  readonly credentials: Credentials;
  readonly transport: Transport;
}

/** Reads no kubeconfig and opens no connection before the first call. */
export class ApiRequests {
  readonly retry: RetryOptions;
  private readonly limit: RateLimit;
  private readonly closed = new AbortController();
  private opened: Promise<Connection> | undefined;
  private loadedNamespace: string | undefined;
  /** Whether this server has ever answered. */
  private answered = false;

  constructor(
    private readonly load: () => Promise<Credentials>,
    private readonly settings: RequestSettings,
  ) {
    this.limit = new RateLimit(settings.requestsPerSecond ?? 50, settings.requestBurst ?? 100);
    this.retry = settings.retry ?? DEFAULT_RETRY;
    setMaxListeners(0, this.closed.signal); // one a request that is under way
  }

  /** Of the credentials; empty before they were loaded. */
  get namespace(): string {
    return this.loadedNamespace ?? '';
  }

  /** Aborts when this is closed. */
  get signal(): AbortSignal {
    return this.closed.signal;
  }

  /** Loads the credentials if they are not yet, and so tells the namespace. Answers the server's URL. */
  async server(): Promise<string> {
    return (await this.connection()).credentials.server;
  }

  /**
   * Sends, and tries again what may pass. A status in `expected` is an answer, any other failure is
   * thrown. A 401 is tried once more with the kubeconfig read anew: its token may have been replaced.
   */
  async ask(
    request: ApiRequest,
    what: string,
    expected: readonly number[],
  ): Promise<ApiAnswer | { readonly failure: ApiFailure }> {
    let relogged = false;
    const began = performance.now();
    for (let number = 1; ; number++) {
      await this.limit.admit();
      let error: EngineError;
      let askedMs: number | undefined;
      const connection = await this.connection();
      const done = measured(request.method);
      try {
        const answer = await connection.transport.send({
          ...request,
          signal: this.closed.signal,
          ...(this.answered ? {} : { timeoutMs: FIRST_ANSWER_MS }),
        });
        this.answered = true;
        done(answer.status);
        if (answer.status >= 200 && answer.status < 300) return answer;
        const failure = readFailure(answer.status, answer.text, answer.headers);
        if (expected.includes(answer.status)) return { failure };
        error = apiError(failure, what);
        if (failure.status === 401 && !relogged) {
          relogged = true;
          this.forget(connection);
        } else if (!isPassing(failure)) throw error;
        askedMs = failure.retryAfterMs;
      } catch (thrown) {
        if (thrown instanceof EngineError) throw thrown;
        done('none');
        error = connectionError(thrown, what, connection.credentials.server);
        if (this.closed.signal.aborted) throw error;
        if (!this.answered && number >= FIRST_TRIES && isNowhere(thrown)) throw error;
      }
      const { tries, withinMs = Infinity } = this.retry;
      const pause = pauseMs(this.retry, number, askedMs);
      if (number >= tries || performance.now() - began + pause > withinMs) throw error;
      await sleep(pause, this.closed.signal);
    }
  }

  /**
   * A stream that has begun well, within the time of any request. Not tried again here: whoever reads
   * it knows from where to go on.
   */
  async openStream(
    path: string,
    what: string,
    { signal, idleMs }: { readonly signal: AbortSignal; readonly idleMs: number },
  ): Promise<IncomingMessage> {
    await this.limit.admit();
    const connection = await this.connection();
    const done = measured('GET');
    try {
      const answer = await connection.transport.begin({ method: 'GET', path, signal }, idleMs);
      done(answer.statusCode ?? 0);
      if (answer.statusCode === 200) return answer;
      const failure = readFailure(answer.statusCode ?? 0, await textOf(answer), answer.headers);
      if (failure.status === 401) this.forget(connection);
      // "container is waiting to start", said as 400 BadRequest.
      if (
        failure.status === 400 &&
        /waiting to start|is not available|not been created/.test(failure.message)
      )
        throw new EngineError('STATE_REFUSED', {
          where: { object: what },
          found: failure.message,
          retry: 'later',
        });
      if (failure.status === 410)
        throw new EngineError('STORE_CONFLICT', { found: failure.message });
      throw apiError(failure, what);
    } catch (thrown) {
      if (thrown instanceof EngineError) throw thrown;
      done('none');
      throw connectionError(thrown, what, connection.credentials.server);
    }
  }

  /**
   * A connection that has become another protocol's. `'refused'`: the server, or what stands before it,
   * does not want that, or something else that only another request tells by name.
   * @throws EngineError CLUSTER_UNREACHABLE; what `signal` was aborted with
   */
  async upgrade(
    path: string,
    what: string,
    options: Pick<UpgradeRequest, 'protocol' | 'streamProtocol' | 'signal'>,
  ): Promise<Upgraded | 'refused'> {
    await this.limit.admit();
    const { server, secure } = (await this.connection()).credentials;
    try {
      const answer = await upgraded({
        ...options,
        url: new URL(server + path),
        security: await secure(),
        timeoutMs: this.settings.requestTimeoutMs ?? 30_000,
      });
      if (!('statusCode' in answer)) return answer as Upgraded;
      answer.destroy();
      return 'refused';
    } catch (thrown) {
      if (options.signal.aborted) throw thrown;
      // So ends, too, who does not understand what he is asked to become.
      if ((thrown as NodeJS.ErrnoException).code === 'ECONNRESET') return 'refused';
      throw connectionError(thrown, what, server);
    }
  }

  /**
   * An open websocket, paused. Not tried again here: whoever uses it knows from where to go on.
   * @throws EngineError CLUSTER_UNREACHABLE, CLUSTER_FORBIDDEN, NOT_FOUND; what `signal` was aborted with
   */
  async openWebSocket(
    path: string,
    what: string,
    options: Pick<WebSocketRequest, 'protocol' | 'maxMessageBytes' | 'signal'>,
  ): Promise<WebSocket> {
    await this.limit.admit();
    const connection = await this.connection();
    const { server, secure } = connection.credentials;
    try {
      const answer = await openWebSocket({
        ...options,
        url: new URL(server + path),
        security: await secure(),
        timeoutMs: this.settings.requestTimeoutMs ?? 30_000,
      });
      if (!('statusCode' in answer)) return answer as WebSocket;
      const failure = readFailure(answer.statusCode ?? 0, await textOf(answer), answer.headers);
      if (failure.status === 401) this.forget(connection);
      throw apiError(failure, what);
    } catch (thrown) {
      if (thrown instanceof EngineError || options.signal.aborted) throw thrown;
      throw connectionError(thrown, what, server);
    }
  }

  close(): void {
    this.closed.abort();
    void this.opened?.then(
      ({ transport }) => transport.close(),
      () => undefined,
    );
  }

  private connection(): Promise<Connection> {
    this.opened ??= this.load().then(
      credentials => {
        this.loadedNamespace = credentials.namespace;
        const limitMs = this.settings.requestTimeoutMs ?? 30_000;
        return { credentials, transport: new Transport(credentials, limitMs) };
      },
      error => {
        this.opened = undefined;
        throw error;
      },
    );
    return this.opened;
  }

  private forget(connection: Connection): void {
    connection.transport.close();
    this.opened = undefined;
  }
}

/** From now until it is called with the answer's status; `none`: the connection failed. Counts once. */
function measured(method: string): (status: number | 'none') => void {
  const since = performance.now();
  let isOpen = true;
  return status => {
    if (isOpen)
      recordSeconds('apiRequests', (performance.now() - since) / 1_000, {
        'http.request.method': method,
        'http.response.status_code': status,
      });
    isOpen = false;
  };
}
