/** One HTTP request to the API server over shared, kept-alive connections. Knows nothing of Kubernetes but its paths. */
import http from 'node:http';
import https from 'node:https';

import type { Credentials, RequestSecurity } from './credentials';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly body?: { readonly type: string; readonly text: string };
  readonly signal?: AbortSignal;
  /** Less than the transport's own limit. */
  readonly timeoutMs?: number;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

export class Transport {
  private agents = new Map<string, http.Agent>();

  constructor(
    private readonly credentials: Credentials,
    private readonly timeoutMs: number,
  ) {}

  /** The whole answer, whatever its status. Rejects when the connection fails, or `timeoutMs` pass without an end. */
  async send(request: ApiRequest): Promise<ApiAnswer> {
    const timeoutMs = Math.min(request.timeoutMs ?? Infinity, this.timeoutMs);
    const limit = AbortSignal.timeout(timeoutMs);
    const signal = request.signal === undefined ? limit : AbortSignal.any([request.signal, limit]);
    try {
      const answer = await this.open({ ...request, signal });
      return {
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        text: await textOf(answer),
      };
    } catch (thrown) {
      if (limit.aborted && request.signal?.aborted !== true) throw noAnswer(timeoutMs);
      throw thrown;
    }
  }

  /** As `open`, and rejects when the answer has not begun within `timeoutMs`; from then on `idleMs` counts. */
  async begin(request: ApiRequest, idleMs: number): Promise<http.IncomingMessage> {
    const late = new AbortController();
    const signals = [late.signal, ...(request.signal === undefined ? [] : [request.signal])];
    const timer = setTimeout(() => late.abort(), this.timeoutMs);
    try {
      return await this.open({ ...request, signal: AbortSignal.any(signals) }, idleMs);
    } catch (thrown) {
      throw late.signal.aborted ? noAnswer(this.timeoutMs) : thrown;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The answer as it begins; its body is still to be read. Its socket times out after `idleMs` of silence. */
  async open(request: ApiRequest, idleMs = this.timeoutMs): Promise<http.IncomingMessage> {
    const security = await this.credentials.secure();
    const url = new URL(this.credentials.server + request.path);
    const { body } = request;
    const options: https.RequestOptions = {
      method: request.method,
      headers: {
        Accept: 'application/json',
        'User-Agent': 'vm-migrate',
        ...(body === undefined
          ? {}
          : { 'Content-Type': body.type, 'Content-Length': Buffer.byteLength(body.text) }),
        ...(security.headers as http.OutgoingHttpHeaders),
      },
      agent: this.agentFor(url, security),
      timeout: idleMs,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
      ...(security.agent === undefined ? {} : security.tls),
    };
    return new Promise((resolve, reject) => {
      const sent = (url.protocol === 'http:' ? http : https).request(url, options, resolve);
      sent.on('timeout', () =>
        sent.destroy(Object.assign(new Error(`silent for ${idleMs} ms`), { code: 'ETIMEDOUT' })),
      );
      sent.on('error', reject);
      sent.end(body?.text);
    });
  }

  private agentFor(url: URL, security: RequestSecurity): http.Agent {
    if (security.agent !== undefined) return security.agent;
    const key = `${url.protocol} ${security.connectionKey}`;
    const known = this.agents.get(key);
    if (known !== undefined) return known;
    // A certificate was renewed: connections made with the old one end when what goes over them does.
    for (const [old, agent] of this.agents) {
      for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
      this.agents.delete(old);
    }
    const keepAlive = { keepAlive: true, keepAliveMsecs: 30_000, maxFreeSockets: 32 };
    const agent =
      url.protocol === 'http:'
        ? new http.Agent(keepAlive)
        : new https.Agent({ ...keepAlive, ...security.tls });
    this.agents.set(key, agent);
    return agent;
  }

  close(): void {
    for (const agent of this.agents.values()) agent.destroy();
    this.agents.clear();
  }
}

function noAnswer(limitMs: number): Error {
  return Object.assign(new Error(`no answer within ${limitMs} ms`), { code: 'ETIMEDOUT' });
}

export async function textOf(answer: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  if (!answer.complete)
    throw Object.assign(new Error('the answer was cut short'), { code: 'ECONNRESET' });
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Lines of a stream, without their ends. A stream that was cut rejects after its whole lines; what
 * stands after the last line end of one that ended well is a line too.
 */
export async function* linesOf(answer: http.IncomingMessage): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of answer) {
    const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (!answer.complete)
    throw Object.assign(new Error('the stream was cut'), { code: 'ECONNRESET' });
  if (rest !== '') yield rest;
}
