/** Port-forward over SPDY/3.1 against a server written from the protocol's text, which inflates header blocks with zlib. */
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import { constants, createInflate } from 'node:zlib';

import { MIB } from '../../../bytes';
import type { EngineError } from '../../../errors';
import { HttpClusterApi } from './http-cluster-api';

const PORT = 40_107;

interface Frame {
  /** First four bytes: version and type, or the stream. */
  readonly first: number;
  readonly flags: number;
  readonly body: Buffer;
}

/** The server's end of one connection. */
class Peer {
  readonly frames: Frame[] = [];
  private rest = Buffer.alloc(0);

  constructor(
    readonly socket: Duplex,
    private readonly onFrame: (frame: Frame, peer: Peer) => void,
  ) {
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('error', () => undefined);
  }

  take(chunk: Buffer): void {
    this.rest = Buffer.concat([this.rest, chunk]);
    while (this.rest.length >= 8) {
      const length = this.rest.readUInt32BE(4) & 0xffffff;
      if (this.rest.length < 8 + length) return;
      const frame = {
        first: this.rest.readUInt32BE(0),
        flags: this.rest.readUInt8(4),
        body: Buffer.from(this.rest.subarray(8, 8 + length)),
      };
      this.rest = this.rest.subarray(8 + length);
      this.frames.push(frame);
      this.onFrame(frame, this);
    }
  }

  send(first: number, body: Buffer, flags = 0): void {
    this.socket.write(frameBytes(first, body, flags));
  }
}

function frameBytes(first: number, body: Buffer, flags = 0): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(first, 0);
  head.writeUInt32BE(((flags << 24) | body.length) >>> 0, 4);
  return Buffer.concat([head, body]);
}

const u32 = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, at) => bytes.writeUInt32BE(value, 4 * at));
  return bytes;
};

const SYN_STREAM = 0x80030001;
const SYN_REPLY = 0x80030002;
const RST_STREAM = 0x80030003;
const PING = 0x80030006;
const GO_AWAY = 0x80030007;
const [ERRORS, DATA, FIN] = [1, 3, 1];

describe('port-forward over SPDY', () => {
  let server: http.Server;
  let api: HttpClusterApi;
  let onFrame: (frame: Frame, peer: Peer) => void;
  let request: http.IncomingMessage | undefined;
  const peers: Peer[] = [];

  beforeEach(async () => {
    peers.length = 0;
    server = http.createServer();
    server.on('upgrade', (asked, socket, head) => {
      request = asked;
      if (asked.headers.upgrade !== 'SPDY/3.1') return void socket.destroy();
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n',
      );
      const peer = new Peer(socket, (frame, self) => onFrame(frame, self));
      peers.push(peer);
      if (head.length > 0) peer.take(head);
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
    for (const { socket } of peers) socket.destroy();
    await new Promise(resolve => server.close(resolve));
  });

  const forward = (signal = new AbortController().signal) => api.portForward('web-0', PORT, signal);
  /** Takes both streams, as a container runtime does. */
  const replies = ({ first, body }: Frame, peer: Peer): void => {
    if (first === SYN_STREAM)
      peer.send(SYN_REPLY, Buffer.concat([body.subarray(0, 4), randomBytes(20)]));
  };
  const failureOf = async (stream: Duplex): Promise<EngineError> => {
    stream.resume();
    return finished(stream).then(
      () => Promise.reject(new Error('it ended well')),
      (error: EngineError) => error,
    );
  };

  it('opens a stream for errors and one for data, whose headers any zlib reads one by one', async () => {
    const blocks: Buffer[] = [];
    const taken = new Promise<void>(resolve => {
      onFrame = (frame, peer) => {
        replies(frame, peer);
        if (frame.first === SYN_STREAM) blocks.push(frame.body.subarray(10));
        if (blocks.length === 2) resolve();
      };
    });
    const stream = await forward();
    await taken;
    const { method, url, headers } = request ?? {};
    expect([method, url]).toEqual(['POST', '/api/v1/namespaces/vms/pods/web-0/portforward']);
    expect(headers).toMatchObject({
      'x-stream-protocol-version': 'portforward.k8s.io',
      authorization: 'Bearer secret',
    });
    // One inflater for all blocks; each is whole when its own bytes are there.
    const inflate = createInflate({ finishFlush: constants.Z_SYNC_FLUSH });
    const headersOf = async (block: Buffer): Promise<Record<string, string>> => {
      inflate.write(block);
      const plain = await new Promise<Buffer>(resolve => inflate.once('data', resolve));
      const texts: string[] = [];
      for (let at = 4; at < plain.length;) {
        const length = plain.readUInt32BE(at);
        texts.push(plain.toString('utf8', at + 4, at + 4 + length));
        at += 4 + length;
      }
      expect(plain.readUInt32BE(0) * 2).toBe(texts.length);
      return Object.fromEntries(
        texts.flatMap((text, at) => (at % 2 === 0 ? [[text, texts[at + 1] ?? '']] : [])),
      );
    };
    const common = { port: String(PORT), requestid: '0' };
    expect(await headersOf(blocks[0] as Buffer)).toEqual({ streamtype: 'error', ...common });
    expect(await headersOf(blocks[1] as Buffer)).toEqual({ streamtype: 'data', ...common });
    expect(peers[0]?.frames.map(({ first, flags }) => [first, flags])).toEqual([
      [SYN_STREAM, 0],
      [ERRORS, FIN],
      [SYN_STREAM, 0],
    ]);
    stream.destroy();
  });

  it('carries bytes both ways, as they are, in frames that are no larger than 256 KiB', async () => {
    const sent = randomBytes(5 * MIB + 7);
    const came = createHash('sha256');
    const back = createHash('sha256');
    let largest = 0;
    onFrame = (frame, peer) => {
      replies(frame, peer);
      if (frame.first !== DATA) return;
      largest = Math.max(largest, frame.body.length);
      came.update(frame.body);
      if (frame.body.length > 0) peer.send(DATA, frame.body);
      if (frame.flags === FIN) peer.send(DATA, Buffer.alloc(0), FIN);
    };
    const stream = await forward();
    stream.write(sent.subarray(0, 10));
    stream.write(sent.subarray(10, MIB));
    stream.end(sent.subarray(MIB));
    for await (const chunk of stream) back.update(chunk as Buffer);
    const wanted = createHash('sha256').update(sent).digest('hex');
    expect([came.digest('hex'), back.digest('hex')]).toEqual([wanted, wanted]);
    expect(largest).toBe(256 * 1024);
  });

  it('understands frames that come in any pieces, and answers pings', async () => {
    const first = Buffer.concat([
      frameBytes(SYN_REPLY, u32(ERRORS)),
      frameBytes(SYN_REPLY, u32(DATA)),
      frameBytes(0x80030004, randomBytes(12)), // SETTINGS
      frameBytes(DATA, Buffer.from('abc')),
      frameBytes(PING, u32(2)),
    ]);
    const rest = Buffer.concat([
      frameBytes(DATA, Buffer.alloc(0)),
      frameBytes(0x80030009, u32(DATA, 1_000)), // WINDOW_UPDATE
      frameBytes(DATA, Buffer.from('de'), FIN),
    ]);
    let streams = 0;
    onFrame = (frame, { socket }) => {
      const inPieces = (bytes: Buffer) => bytes.forEach(byte => socket.write(Buffer.of(byte)));
      if (frame.first === SYN_STREAM && ++streams === 2) inPieces(first);
      if (frame.first === PING) inPieces(rest);
    };
    const chunks: Buffer[] = [];
    for await (const chunk of await forward()) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe('abcde');
    expect(peers[0]?.frames.find(({ first }) => first === PING)?.body).toEqual(u32(2));
  });

  it('sends no byte before its stream was taken, and no faster than the network takes', async () => {
    onFrame = () => undefined;
    const stream = await forward();
    const chunk = randomBytes(MIB);
    let written = 0;
    while (stream.write(chunk)) written += chunk.length;
    await new Promise(resolve => setTimeout(resolve, 100));
    const [peer] = peers;
    expect(peer?.frames.some(({ first }) => first === DATA)).toBe(false);
    peer?.socket.pause();
    peer?.send(SYN_REPLY, u32(DATA));
    for (let look = 0; look < 20; look++) {
      await new Promise(resolve => setTimeout(resolve, 10));
      while (!stream.writableNeedDrain && written < 200 * MIB) {
        stream.write(chunk);
        written += chunk.length;
      }
    }
    expect(written).toBeLessThan(60 * MIB);
    stream.destroy();
  });

  it.each([
    [
      'what the error stream says',
      (peer: Peer) => peer.send(ERRORS, Buffer.from('connect: connection refused\n'), FIN),
      /^connect: connection refused$/,
    ],
    [
      'an error that is said before the data ends',
      (peer: Peer) => {
        peer.send(ERRORS, Buffer.from('it broke'));
        peer.send(DATA, Buffer.alloc(0), FIN);
      },
      /^it broke$/,
    ],
    ['a cut connection', (peer: Peer) => peer.socket.destroy(), /closed it|ECONNRESET/],
    ['an end of all', (peer: Peer) => peer.send(GO_AWAY, u32(0, 0)), /goes away/],
    [
      'a stream that is not taken',
      (peer: Peer) => peer.send(RST_STREAM, u32(DATA, 3)),
      /does not take/,
    ],
    ['another version', (peer: Peer) => peer.send(0x80020001, Buffer.alloc(0)), /no SPDY/],
    [
      'a control frame of any length',
      (peer: Peer) => peer.send(0x80030008, Buffer.alloc(100_000)),
      /control frame of 100000 bytes/,
    ],
  ])('%s is a named error', async (_name, act, found) => {
    let streams = 0;
    onFrame = ({ first }, peer) => {
      if (first === SYN_STREAM && ++streams === 2) act(peer);
    };
    const error = await failureOf(await forward());
    expect(error).toMatchObject({ code: 'CLUSTER_UNREACHABLE', retry: 'later' });
    expect(error.found).toMatch(found);
    expect(error.where.object).toBe(`forward port ${PORT} of pod web-0 in namespace vms`);
  });

  it('ends with its signal, and with the access to the cluster', async () => {
    onFrame = replies;
    const abort = new AbortController();
    const first = failureOf(await forward(abort.signal));
    abort.abort();
    expect((await first).name).toBe('AbortError');
    const second = failureOf(await forward());
    api.close();
    expect((await second).name).toBe('AbortError');
  });
});
