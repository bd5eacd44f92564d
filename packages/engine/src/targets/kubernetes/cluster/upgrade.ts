/** A connection to the API server that becomes another protocol's, by HTTP's Upgrade. */
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import type { RequestSecurity } from './credentials';

export interface UpgradeRequest {
  /** URL of the server, `https:` or `http:`, with path and query. */
  readonly url: URL;
  /** For the headers Upgrade and X-Stream-Protocol-Version. */
  readonly protocol: string;
  readonly streamProtocol: string;
  readonly security: RequestSecurity;
  /** The server has to answer in this time. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface Upgraded {
  readonly connection: Duplex;
  /** What came with the answer. */
  readonly head: Buffer;
}

/** The connection, or the answer that it was refused with. Rejects when the connection fails. */
export async function upgraded({
  url,
  protocol,
  streamProtocol,
  security,
  timeoutMs,
  signal,
}: UpgradeRequest): Promise<Upgraded | http.IncomingMessage> {
  signal.throwIfAborted();
  const late = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const sent = (url.protocol === 'http:' ? http : https).request(url, {
      method: 'POST',
      headers: {
        'User-Agent': 'vm-migrate',
        ...(security.headers as http.OutgoingHttpHeaders),
        Connection: 'Upgrade',
        Upgrade: protocol,
        'X-Stream-Protocol-Version': streamProtocol,
        'Content-Length': 0,
      },
      ...security.tls,
      // One connection for itself: it is never given back.
      agent: security.agent ?? false,
    });
    const aborted = (): void => {
      sent.destroy(late.aborted ? noAnswer(timeoutMs) : (signal.reason as Error));
    };
    const settle = (): void => {
      signal.removeEventListener('abort', aborted);
      late.removeEventListener('abort', aborted);
    };
    signal.addEventListener('abort', aborted, { once: true });
    late.addEventListener('abort', aborted, { once: true });
    sent.on('upgrade', (answer, connection, head) => {
      settle();
      (connection as Socket).setNoDelay(true);
      if (answer.headers.upgrade?.toLowerCase() === protocol.toLowerCase())
        return resolve({ connection, head });
      connection.destroy();
      reject(
        new Error(
          `the server speaks ${answer.headers.upgrade ?? 'nothing'} instead of ${protocol}`,
        ),
      );
    });
    sent.on('response', answer => {
      settle();
      resolve(answer);
    });
    sent.on('error', error => {
      settle();
      reject(error);
    });
    sent.end();
  });
}

function noAnswer(limitMs: number): Error {
  return Object.assign(new Error(`no answer within ${limitMs} ms`), { code: 'ETIMEDOUT' });
}
