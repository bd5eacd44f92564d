/** Requests to one API server: admitted in turn, logged in, tried again where that helps. */
import { setMaxListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';

import { EngineError } from '../../../errors';
import { apiError, type ApiFailure, connectionError, isPassing, readFailure } from './api-errors';
import type { Credentials } from './credentials';
import { RateLimit } from './rate-limit';
import { DEFAULT_RETRY, pauseMs, type RetryOptions, sleep } from './retry';
import { type ApiAnswer, type ApiRequest, textOf, Transport } from './transport';

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
    for (let number = 1; ; number++) {
      await this.limit.admit();
      let error: EngineError;
      let askedMs: number | undefined;
      const connection = await this.connection();
      try {
        const answer = await connection.transport.send({
          ...request,
          signal: this.closed.signal,
          ...(this.answered ? {} : { timeoutMs: FIRST_ANSWER_MS }),
        });
        this.answered = true;
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
        error = connectionError(thrown, what, connection.credentials.server);
        if (this.closed.signal.aborted) throw error;
        if (!this.answered && number >= FIRST_TRIES && isNowhere(thrown)) throw error;
      }
      if (number >= this.retry.tries) throw error;
      await sleep(pauseMs(this.retry, number, askedMs), this.closed.signal);
    }
  }

  /** A stream that has begun well. Not tried again here: whoever reads it knows from where to go on. */
  async openStream(
    path: string,
    what: string,
    { signal, idleMs }: { readonly signal: AbortSignal; readonly idleMs: number },
  ): Promise<IncomingMessage> {
    await this.limit.admit();
    const connection = await this.connection();
    let answer: IncomingMessage;
    try {
      answer = await connection.transport.open({ method: 'GET', path, signal }, idleMs);
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
      throw connectionError(thrown, what, connection.credentials.server);
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
