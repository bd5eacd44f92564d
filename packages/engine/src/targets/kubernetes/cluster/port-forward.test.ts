/** Port-forward against a server that speaks websockets only, as something on the way may do, and one that does not. */
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { finished } from 'node:stream/promises';

import { WebSocketServer, type WebSocket } from 'ws';

import { MIB } from '../../../bytes';
import type { EngineError } from '../../../errors';
import { HttpClusterApi } from './http-cluster-api';

const PORT = 40_107;
const portMessage = (channel: number, port = PORT): Buffer =>
  Buffer.from([channel, port & 0xff, port >> 8]);

interface Seen {
  readonly url: string;
  readonly protocol: string;
  readonly authorization: string | undefined;
}

describe('port-forward', () => {
  let server: http.Server;
  let api: HttpClusterApi;
  let onSocket: (socket: WebSocket) => void;
  let refusal: { status: number; body: object } | undefined;
  const seen: Seen[] = [];
  let spdyAsked = 0;
  const sockets = new Set<WebSocket>();

  beforeEach(async () => {
    refusal = undefined;
    seen.length = 0;
    spdyAsked = 0;
    const upgrades = new WebSocketServer({ noServer: true, perMessageDeflate: false });
    server = http.createServer();
    server.on('upgrade', (request, socket, head) => {
      if (request.headers.upgrade !== 'websocket') {
        spdyAsked++;
        socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
        return;
      }
      seen.push({
        url: request.url ?? '',
        protocol: request.headers['sec-websocket-protocol'] ?? '',
        authorization: request.headers.authorization,
      });
      if (refusal !== undefined) {
        const body = JSON.stringify(refusal.body);
        socket.end(
          `HTTP/1.1 ${refusal.status} No\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
        );
        return;
      }
      upgrades.handleUpgrade(request, socket, head, opened => {
        sockets.add(opened);
        onSocket(opened);
      });
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    api = new HttpClusterApi(async () => ({
      server: `http://127.0.0.1:${port}`,
      namespace: 'vms',
      secure: async () => ({
        headers: { Authorization: 'Bearer secret' },
        tls: {},
        connectionKey: 'one',
      }),
    }));
  });

  afterEach(async () => {
    api.close();
    for (const socket of sockets) socket.terminate();
    sockets.clear();
    await new Promise(resolve => server.close(resolve));
  });

  const forward = (signal = new AbortController().signal) => api.portForward('web-0', PORT, signal);
  const greet = (socket: WebSocket): void => {
    socket.send(portMessage(0));
    socket.send(portMessage(1));
  };
  const failureOf = async (stream: NodeJS.ReadableStream): Promise<EngineError> => {
    stream.resume();
    return finished(stream).then(
      () => Promise.reject(new Error('it ended well')),
      (error: EngineError) => error,
    );
  };

  it('carries bytes both ways, as they are', async () => {
    const sent = randomBytes(3 * MIB);
    const back = createHash('sha256');
    let left = sent.length;
    onSocket = socket => {
      greet(socket);
      socket.on('message', (data: Buffer) => {
        expect(data[0]).toBe(0);
        socket.send(data); // an echo, channel and all
        left -= data.length - 1;
        if (left === 0) socket.close();
      });
    };
    const stream = await forward();
    stream.write(sent.subarray(0, 10));
    stream.write(sent.subarray(10, MIB));
    stream.write(sent.subarray(MIB));
    for await (const chunk of stream) back.update(chunk as Buffer);
    expect(back.digest('hex')).toBe(createHash('sha256').update(sent).digest('hex'));
    expect(seen).toEqual([
      {
        url: `/api/v1/namespaces/vms/pods/web-0/portforward?ports=${PORT}`,
        protocol: 'v4.channel.k8s.io',
        authorization: 'Bearer secret',
      },
    ]);
  });

  it('writes no faster than the network takes, and reads no faster than its reader', async () => {
    let server: WebSocket | undefined;
    onSocket = socket => {
      server = socket;
      greet(socket);
      socket.pause();
    };
    const stream = await forward();
    let written = 0;
    const chunk = randomBytes(MIB);
    while (stream.write(chunk)) written += chunk.length;
    // Whatever the kernel holds, and the buffer of the stream.
    for (let look = 0; look < 20; look++) {
      await new Promise(resolve => setTimeout(resolve, 10));
      while (!stream.writableNeedDrain && written < 200 * MIB) {
        stream.write(chunk);
        written += chunk.length;
      }
    }
    expect(written).toBeLessThan(60 * MIB);

    const piece = Buffer.concat([Buffer.of(0), randomBytes(64 * 1024)]);
    let taken = 0;
    const push = (): void => {
      if (server === undefined || taken > 200 * MIB) return;
      taken += piece.length;
      server.send(piece, () => setImmediate(push));
    };
    push();
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(stream.readableLength).toBeLessThan(2 * MIB);
    expect(taken).toBeLessThan(60 * MIB);
  });

  it('does not ask for SPDY again and again where that is refused and a websocket is not', async () => {
    onSocket = greet;
    for (let nth = 0; nth < 3; nth++) (await forward()).destroy();
    expect([spdyAsked, seen.length]).toEqual([1, 3]);
  });

  it('tells what the error channel says', async () => {
    const words = 'error forwarding port 40107 to pod: connection refused';
    onSocket = socket => {
      greet(socket);
      socket.send(Buffer.concat([Buffer.of(1), Buffer.from(words)]));
    };
    const error = await failureOf(await forward());
    expect(error).toMatchObject({ code: 'CLUSTER_UNREACHABLE', found: words, retry: 'later' });
    expect(error.where.object).toBe(`forward port ${PORT} of pod web-0 in namespace vms`);
  });

  it.each([
    ['another port', (socket: WebSocket) => socket.send(portMessage(0, 1)), /not port 40107/],
    ['another channel', (socket: WebSocket) => socket.send(Buffer.of(7, 1)), /on channel 7/],
    ['a cut connection', (socket: WebSocket) => socket.terminate(), /closed it|1006/],
    ['a close with a reason', (socket: WebSocket) => socket.close(1011, 'no room'), /1011 no room/],
    [
      'too large a message',
      (socket: WebSocket) => socket.send(Buffer.alloc(2 * MIB)),
      /Max payload/,
    ],
  ])('%s is a named error', async (_name, act, found) => {
    onSocket = act;
    const error = await failureOf(await forward());
    expect(error.code).toBe('CLUSTER_UNREACHABLE');
    expect(error.found).toMatch(found);
  });

  it.each([
    [
      403,
      { message: 'User "x" cannot get resource "pods/portforward" in API group ""' },
      'CLUSTER_FORBIDDEN',
    ],
    [404, { reason: 'NotFound', message: 'pods "web-0" not found' }, 'NOT_FOUND'],
    [503, { message: 'no' }, 'CLUSTER_UNREACHABLE'],
  ])('an answer %d is named as of any request', async (status, body, code) => {
    refusal = { status, body: { kind: 'Status', ...body } };
    await expect(forward()).rejects.toMatchObject({ code });
  });

  it('ends with its signal, and with the access to the cluster', async () => {
    onSocket = greet;
    const abort = new AbortController();
    const first = failureOf(await forward(abort.signal));
    abort.abort();
    expect((await first).name).toBe('AbortError');
    const second = failureOf(await forward());
    api.close();
    expect((await second).name).toBe('AbortError');
  });
});
