/** A websocket to the API server, with the login, certificates and proxy of every other request. */
import type { IncomingMessage } from 'node:http';

import type { WebSocket } from 'ws';

import type { RequestSecurity } from './credentials';

export interface WebSocketRequest {
  /** URL of the server, `https:` or `http:`, with path and query. */
  readonly url: URL;
  readonly protocol: string;
  readonly security: RequestSecurity;
  /** The server has to answer in this time. */
  readonly timeoutMs: number;
  /** Of one message that comes. */
  readonly maxMessageBytes: number;
  readonly signal: AbortSignal;
}

/** An open websocket that is paused, so that nothing is missed, or the answer that it was refused with. Rejects when the connection fails. */
export async function openWebSocket(
  request: WebSocketRequest,
): Promise<WebSocket | IncomingMessage> {
  const { url, protocol, security, timeoutMs, maxMessageBytes, signal } = request;
  // Only where one is opened: most commands open none.
  const { WebSocket: Socket } = await import('ws');
  signal.throwIfAborted();
  const address = new URL(url);
  address.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:';
  const socket = new Socket(address, protocol, {
    ...security.tls,
    ...(security.agent === undefined ? {} : { agent: security.agent }),
    headers: { 'User-Agent': 'vm-migrate', ...(security.headers as Record<string, string>) },
    handshakeTimeout: timeoutMs,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
    // A key of zeros is a valid one, and saves a copy of every byte. What masking guards against are
    // scripts of strangers in a browser.
    generateMask: mask => void mask.fill(0),
  });
  return new Promise((resolve, reject) => {
    const aborted = (): void => {
      socket.terminate();
      reject(signal.reason);
    };
    const settle = (): void => signal.removeEventListener('abort', aborted);
    signal.addEventListener('abort', aborted, { once: true });
    socket.once('open', () => {
      settle();
      socket.pause();
      resolve(socket);
    });
    socket.once('unexpected-response', (_request, answer) => {
      settle();
      resolve(answer);
    });
    socket.once('error', error => {
      settle();
      reject(error);
    });
  });
}
