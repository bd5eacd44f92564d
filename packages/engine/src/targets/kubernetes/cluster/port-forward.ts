/**
 * One port of a pod as a stream, by the kubelet's port-forward over a websocket (`v4.channel.k8s.io`), where
 * nothing on the way lets SPDY through (spdy-port-stream.ts): every message
 * begins with a byte that says its channel, 0 for data and 1 for errors, and the first message of each
 * channel repeats the port. Both directions have backpressure: a write is done when the network has
 * it, and nothing is read that nobody takes.
 */
import { Duplex } from 'node:stream';

import type { RawData, WebSocket } from 'ws';

import { MIB } from '../../../bytes';
import { EngineError } from '../../../errors';

export const PORT_FORWARD_PROTOCOL = 'v4.channel.k8s.io';
/** The kubelet sends 32 KiB at a time. */
export const MAX_MESSAGE_BYTES = MIB;

const DATA = 0;
const ERROR = 1;
/** What one message takes together of what waits to be sent. */
const MESSAGE_BYTES = 256 * 1024;
const BUFFER_BYTES = MIB;
/** A close that the server does not answer is one all the same. */
const CLOSE_MS = 2_000;

/** @param what for example `forward port 40107 of pod web-0 in namespace vms` */
export function portStream(socket: WebSocket, port: number, what: string): Duplex {
  const announced = new Set<number>();
  const stream = new Duplex({
    highWaterMark: BUFFER_BYTES,
    read: () => socket.resume(),
    write: (chunk: Buffer, _encoding, done) => sendAll([chunk], done),
    writev: (chunks, done) =>
      sendAll(
        chunks.map(({ chunk }) => chunk as Buffer),
        done,
      ),
    final(done) {
      socket.close();
      const timer = setTimeout(() => socket.terminate(), CLOSE_MS);
      socket.once('close', () => clearTimeout(timer));
      done();
    },
    destroy(error, done) {
      socket.terminate();
      done(error);
    },
  });

  /** One message after the other, each when the network has the last one: so all can use one memory. */
  const message = Buffer.allocUnsafeSlow(1 + MESSAGE_BYTES);
  message[0] = DATA;
  const sendAll = (chunks: readonly Buffer[], done: (error?: Error | null) => void): void => {
    const messages = messagesOf(chunks, message);
    const next = (error?: Error | null): void => {
      if (error instanceof Error) return done(error);
      const { value } = messages.next();
      if (value === undefined) return done();
      socket.send(value, next);
    };
    next();
  };
  const fail = (found: string): void => void stream.destroy(brokenForward(what, found));
  const onMessage = (message: Buffer): void => {
    const channel = message[0];
    const body = message.subarray(1);
    if (channel !== DATA && channel !== ERROR)
      return fail(`a message on channel ${channel ?? 'none'}`);
    if (!announced.has(channel)) {
      announced.add(channel);
      if (body.length !== 2 || body.readUInt16LE(0) !== port)
        fail(`a first message that is not port ${port}`);
      return;
    }
    if (channel === ERROR) return fail(body.toString('utf8').trim().slice(0, 500));
    if (!stream.push(body)) socket.pause();
  };

  socket.on('message', (data: RawData) => onMessage(data as Buffer));
  socket.on('error', error => fail(error.message));
  socket.on('close', (code, reason) => {
    if (stream.destroyed) return;
    // The other end of the port was closed, which is how a stream ends.
    if (code === 1000 || code === 1005) return void stream.push(null);
    fail(`the API server closed it: ${[code, reason.toString('utf8')].filter(Boolean).join(' ')}`);
  });
  return stream;
}

/** Fills `message` behind its first byte again and again until all chunks were in it. */
function* messagesOf(chunks: readonly Buffer[], message: Buffer): Generator<Buffer, undefined> {
  let filled = 1;
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      const copied = chunk.copy(message, filled, at);
      at += copied;
      filled += copied;
      if (filled < message.length) continue;
      yield message;
      filled = 1;
    }
  }
  if (filled > 1) yield message.subarray(0, filled);
  return undefined;
}

export function brokenForward(what: string, found: string): EngineError {
  return new EngineError('CLUSTER_UNREACHABLE', {
    where: { object: what },
    found,
    hint: 'The connection through the API server broke, or the pod does not listen. It is tried again by itself.',
    retry: 'later',
  });
}
