/**
 * Asking a source's server: one agent with kept connections, addresses checked (address-wall.ts),
 * redirects on the same server only, credentials in the header, silence bounded, and what passes
 * (cut connections, 5xx, 429) tried again.
 */
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

import { EngineError } from '../../errors';
import type { ServerAddress } from '../source';
import { AddressWall, type Resolve } from './address-wall';
import { authorization, type Authorization } from './credentials';
import { BlockCache } from './block-cache';
import { ServerPlace } from './server-place';
import { SessionCookies } from './session-cookies';

export interface ServerSettings {
  /** Of one request, the first included. */
  readonly attempts: number;
  /** Doubled after each attempt, and taken at random between its half and itself. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** To the end of the TLS handshake. */
  readonly connectMs: number;
  /** Without a byte. */
  readonly silentMs: number;
  /** From the question to the last byte; at most 8 MiB are asked for at once. */
  readonly wholeMs: number;
}

const SETTINGS: ServerSettings = {
  attempts: 6,
  firstPauseMs: 250,
  longestPauseMs: 15_000,
  connectMs: 10_000,
  silentMs: 30_000,
  wholeMs: 240_000,
};

/** What tests put in the place of the network and the clock. */
export interface ServerSeams {
  readonly resolve?: Resolve;
  readonly settings?: Partial<ServerSettings>;
}

/** Connections at the same time: a reader, what is read ahead for it, and its neighbours. */
const CONNECTIONS = 8;
const REDIRECTS = 3;
/** A body of at most this size is read to its end, so that its connection can be used again. */
const DRAIN_BYTES = 64 * 1024;

/** May be over the next time. */
export class PassingTrouble extends Error {
  constructor(
    message: string,
    readonly waitMs: number = 0,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

export class SourceServer {
  readonly place: ServerPlace;
  /** Prefixes as VMware writes them -> folder, by name. */
  readonly datastores: Readonly<Record<string, string>>;
  readonly cache = new BlockCache();
  private readonly settings: ServerSettings;
  private readonly wall: AddressWall;
  private readonly agent: http.Agent;
  private readonly authorization: Authorization;
  private readonly cookies = new SessionCookies();

  /** Nothing is asked yet. @throws EngineError CONFIG_INVALID, SOURCE_REFUSED for plain HTTP and for an address behind the wall */
  constructor(address: ServerAddress, seams: ServerSeams = {}) {
    this.place = new ServerPlace(address.url);
    this.datastores = address.datastores;
    this.settings = { ...SETTINGS, ...seams.settings };
    this.wall = new AddressWall(address, seams.resolve);
    this.authorization = authorization(address.credentials);
    const plain = this.place.url.protocol === 'http:';
    if (plain && !address.allowPlainHttp)
      throw new EngineError('SOURCE_REFUSED', {
        where: { object: this.place.origin },
        expected: 'HTTPS',
        found: 'plain HTTP, which anybody on the way can read and change',
        hint: 'If that is meant, set `allowPlainHttp: true` for this source.',
      });
    this.wall.assertHost(this.place.url.hostname);
    const options = { keepAlive: true, maxSockets: CONNECTIONS, lookup: this.wall.lookup };
    this.agent = plain
      ? new http.Agent(options)
      : new https.Agent({
          ...options,
          // The environment must not be able to turn the check off.
          rejectUnauthorized: true,
          ...(address.caPem === undefined ? {} : { ca: address.caPem }),
        });
  }

  /**
   * Runs `work` until it ends without PassingTrouble.
   * @param name what it is about, for the error
   * @throws EngineError SOURCE_UNREACHABLE after the last attempt, and what `work` throws
   */
  async persist<T>(name: string, work: () => Promise<T>): Promise<T> {
    const { attempts, firstPauseMs, longestPauseMs } = this.settings;
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof PassingTrouble)) throw error;
        if (attempt >= attempts)
          throw new EngineError('SOURCE_UNREACHABLE', {
            where: { file: name },
            found: `${error.message}, ${attempts} times`,
            hint: 'Look whether the server runs and whether this machine reaches it. It is tried again later by itself.',
            retry: 'later',
            cause: error.cause ?? error,
          });
        const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1));
        await sleep(
          Math.max(pause * (0.5 + Math.random() / 2), Math.min(error.waitMs, longestPauseMs)),
        );
      }
    }
  }

  /**
   * One question; redirects are followed. The caller reads the body (bodyOf) or drops it (drop).
   * @param path as ServerPlace.requestPath gives it
   * @throws PassingTrouble; EngineError SOURCE_REFUSED, CONFIG_INVALID
   */
  async ask(
    method: 'GET' | 'HEAD',
    path: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<IncomingMessage> {
    let at = path;
    for (let hop = 0; ; hop++) {
      const response = await this.askOnce(method, at, headers);
      const status = response.statusCode ?? 0;
      if (![301, 302, 303, 307, 308].includes(status)) {
        if (status !== 429 && status < 500) return response;
        drop(response);
        throw new PassingTrouble(`HTTP ${status}`, retryAfterMs(response.headers['retry-after']));
      }
      drop(response);
      at = this.redirected(at, response.headers.location, hop);
    }
  }

  close(): void {
    this.agent.destroy();
  }

  private redirected(from: string, location: string | undefined, hop: number): string {
    const base = new URL(from, this.place.origin);
    const target =
      location !== undefined && URL.canParse(location, base.href)
        ? new URL(location, base)
        : undefined;
    if (target?.origin === this.place.origin && hop < REDIRECTS)
      return target.pathname + target.search;
    throw new EngineError('SOURCE_REFUSED', {
      where: { file: base.origin + base.pathname },
      expected: `at most ${REDIRECTS} redirects, all on ${this.place.origin}`,
      found:
        target?.origin === this.place.origin
          ? 'more'
          : `a redirect to ${target?.origin ?? 'no address'}`,
      hint: 'Give the source the address at which the files really are.',
    });
  }

  private async askOnce(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<IncomingMessage> {
    const credentials = await this.authorization();
    const cookie = this.cookies.header();
    const { connectMs, silentMs, wholeMs } = this.settings;
    const { url } = this.place;
    const connected = url.protocol === 'http:' ? 'connect' : 'secureConnect';
    const options: https.RequestOptions = {
      method,
      path,
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? undefined : Number(url.port),
      agent: this.agent,
      timeout: silentMs,
      headers: {
        ...headers,
        'accept-encoding': 'identity',
        'user-agent': 'vm-migrate',
        ...(credentials === undefined ? {} : { authorization: credentials }),
        ...(cookie === undefined ? {} : { cookie }),
      },
    };
    return await new Promise((resolve, reject) => {
      const request = url.protocol === 'http:' ? http.request(options) : https.request(options);
      let answered: IncomingMessage | undefined;
      const giveUp = (reason: string): void => {
        const error = new Error(reason);
        (answered ?? request).destroy(error);
      };
      const deadline = setTimeout(
        () => giveUp(`no whole answer within ${wholeMs / 1000} s`),
        wholeMs,
      );
      request.on('socket', socket => {
        if (!socket.connecting) return;
        const reason = `no connection within ${connectMs / 1000} s`;
        const patience = setTimeout(() => giveUp(reason), connectMs);
        for (const event of [connected, 'close']) socket.once(event, () => clearTimeout(patience));
      });
      request.on('timeout', () => giveUp(`silent for ${silentMs / 1000} s`));
      request.on('close', () => clearTimeout(deadline));
      request.on('error', error => reject(troubleOf(error, this.place.origin)));
      request.on('response', response => {
        answered = response;
        this.cookies.note(response.headers['set-cookie']);
        // Told to whoever reads the body; without a reader it must not end the process.
        response.on('error', () => undefined);
        resolve(response);
      });
      request.end();
    });
  }
}

/** The chunks of a body. @throws PassingTrouble when it is cut */
export async function* bodyOf(response: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response) yield chunk as Buffer;
  } catch (error) {
    throw new PassingTrouble(`the answer was cut (${wordsOf(error)})`, 0, error);
  } finally {
    response.destroy();
  }
}

/** Leaves a body alone that nobody wants. */
export function drop(response: IncomingMessage): void {
  const length = Number(response.headers['content-length'] ?? Number.NaN);
  if (length <= DRAIN_BYTES) response.resume();
  else response.destroy();
}

/** What a certificate that does not convince is called by Node and OpenSSL. */
const UNTRUSTED =
  /^(ERR_TLS_CERT|CERT_|CRL_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH)/;

function troubleOf(error: Error, origin: string): Error {
  if (error instanceof EngineError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (!UNTRUSTED.test(code)) return new PassingTrouble(wordsOf(error), 0, error);
  return new EngineError('SOURCE_REFUSED', {
    where: { object: origin },
    expected: 'a certificate that is trusted here and names this host',
    found: `${error.message} (${code})`,
    hint: 'Name the certificates that it leads to with `caFile` of the source.',
    cause: error,
  });
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== '') return error.message;
  return (error as NodeJS.ErrnoException).code ?? error.name;
}

/** Seconds or a date; 0 when it says nothing. */
function retryAfterMs(text: string | undefined): number {
  if (text === undefined) return 0;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}
