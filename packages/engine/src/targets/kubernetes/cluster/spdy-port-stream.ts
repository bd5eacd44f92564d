/**
 * One port of a pod as a stream, by port-forward over SPDY/3.1 (`portforward.k8s.io`): two streams of
 * one connection, one for errors, one for data. API server and kubelet pass this connection on as it
 * is, and container runtimes read it in the pieces that come, where of websockets they unpack each
 * message: a third of all the processor time that a byte takes on its way (docs/benchmarking.md).
 *
 * Flow control by SPDY's windows is left out, as container runtimes do (spdystream): with one stream of
 * data a connection, TCP's own does the same.
 */
import { Duplex } from 'node:stream';

import { MIB } from '../../../bytes';
import { brokenForward } from './port-forward';
import {
  CONTROL,
  controlFrame,
  dataHead,
  FIN,
  type FrameHead,
  HEAD_BYTES,
  HeaderBlocks,
  readHead,
} from './spdy-frames';

export const SPDY = 'SPDY/3.1';
export const SPDY_PORT_FORWARD = 'portforward.k8s.io';

const ERROR_STREAM = 1;
const DATA_STREAM = 3;
const BUFFER_BYTES = MIB;
/** One frame has that much at most: the other end makes memory for it. */
const FRAME_BYTES = 256 * 1024;
/** Control frames that concern us have a few dozen bytes, headers of a reply some hundred. */
const MOST_CONTROL_BYTES = 64 * 1024;
const MOST_ERROR_BYTES = 500;
/** An end that the other side does not answer is one all the same. */
const CLOSE_MS = 2_000;

/** @param connection upgraded to SPDY. @param head what was read of it already. @param what for example `forward port 40107 of pod web-0 in namespace vms` */
export function spdyPortStream(
  connection: Duplex,
  head: Buffer,
  port: number,
  what: string,
): Duplex {
  const forward = new SpdyForward(connection, what);
  forward.begin(port, head);
  return forward.stream;
}

class SpdyForward {
  readonly stream: Duplex;
  /** Called when the data stream was taken by the other end. */
  private onTaken: (() => void) | undefined;
  private isTaken = false;
  private hasEnded = false;
  private errorText = '';
  private readonly parser: FrameParser;

  constructor(
    private readonly connection: Duplex,
    private readonly what: string,
  ) {
    this.parser = new FrameParser({
      begin: frame => this.onFrame(frame),
      part: (frame, bytes) => this.onPart(frame, bytes),
    });
    this.stream = new Duplex({
      highWaterMark: BUFFER_BYTES,
      read: () => connection.resume(),
      write: (chunk: Buffer, _encoding, done) => this.whenTaken(() => this.send([chunk], done)),
      writev: (chunks, done) =>
        this.whenTaken(() =>
          this.send(
            chunks.map(({ chunk }) => chunk as Buffer),
            done,
          ),
        ),
      final: done => {
        connection.write(dataHead(DATA_STREAM, 0, FIN));
        const timer = setTimeout(() => connection.destroy(), CLOSE_MS);
        connection.once('close', () => clearTimeout(timer));
        done();
      },
      destroy(error, done) {
        connection.destroy();
        done(error);
      },
    });
  }

  begin(port: number, head: Buffer): void {
    const { connection } = this;
    connection.on('data', (chunk: Buffer) => this.onBytes(chunk));
    connection.on('error', error => this.fail(error.message));
    connection.on('close', () => {
      if (!this.hasEnded) this.fail('the API server closed it');
    });
    const blocks = new HeaderBlocks();
    const headers = (streamtype: string) => ({ streamtype, port: String(port), requestid: '0' });
    connection.write(
      Buffer.concat([
        blocks.synStream(ERROR_STREAM, headers('error')),
        dataHead(ERROR_STREAM, 0, FIN), // of errors we only hear
        blocks.synStream(DATA_STREAM, headers('data')),
      ]),
    );
    if (head.length > 0) this.onBytes(head);
  }

  private whenTaken(act: () => void): void {
    if (this.isTaken) act();
    else this.onTaken = act;
  }

  /** The chunks go as they are, behind one head for as many as a frame takes. */
  private send(chunks: readonly Buffer[], done: (error?: Error | null) => void): void {
    const { connection } = this;
    connection.cork();
    let last: Buffer | undefined;
    const put = (bytes: Buffer): void => {
      if (last !== undefined) connection.write(last);
      last = bytes;
    };
    for (const frame of framesOf(chunks)) {
      put(
        dataHead(
          DATA_STREAM,
          frame.reduce((sum, part) => sum + part.length, 0),
        ),
      );
      frame.forEach(put);
    }
    // When the network has the last one it has all.
    if (last === undefined) done();
    else connection.write(last, done);
    connection.uncork();
  }

  private onBytes(chunk: Buffer): void {
    const found = this.parser.add(chunk);
    if (found !== undefined) this.fail(found);
  }

  private onFrame(frame: FrameHead): void {
    if (frame.kind === 'data' && frame.length === 0) this.finished(frame);
  }

  private onPart(frame: FrameHead, { bytes, isLast }: FramePart): void {
    if (frame.kind === 'control') return this.onControl(frame.type, bytes);
    if (frame.stream === ERROR_STREAM)
      this.errorText = (this.errorText + bytes.toString('utf8')).slice(0, MOST_ERROR_BYTES);
    else if (frame.stream === DATA_STREAM && !this.hasEnded && !this.stream.push(bytes))
      this.connection.pause();
    if (isLast) this.finished(frame);
  }

  /** The end of a data frame, which may be the end of its stream. */
  private finished(frame: FrameHead & { readonly kind: 'data' }): void {
    if ((frame.flags & FIN) === 0) return;
    if (frame.stream === ERROR_STREAM && this.errorText !== '')
      return this.fail(this.errorText.trim());
    if (frame.stream === DATA_STREAM) this.end();
  }

  /** The runtime ends its streams by RST_STREAM too. */
  private onControl(type: number, body: Buffer): void {
    const stream = body.length >= 4 ? body.readUInt32BE(0) : 0;
    switch (type) {
      case CONTROL.synReply:
        if (stream !== DATA_STREAM) return;
        this.isTaken = true;
        this.onTaken?.();
        this.onTaken = undefined;
        return;
      case CONTROL.rstStream:
        if (stream !== DATA_STREAM || this.hasEnded) return;
        if (!this.isTaken)
          this.fail(this.errorText.trim() || 'the pod does not take the connection');
        else this.end();
        return;
      case CONTROL.ping:
        // Ours would be odd; those of the other end are sent back.
        if (stream % 2 === 0) this.connection.write(controlFrame(CONTROL.ping, body));
        return;
      case CONTROL.goAway:
        if (!this.hasEnded) this.fail(this.errorText.trim() || 'the other end goes away');
    }
  }

  /** What an error says may come behind the end of the data: it counts more. */
  private end(): void {
    if (this.hasEnded) return;
    if (this.errorText !== '') return this.fail(this.errorText.trim());
    this.hasEnded = true;
    this.stream.push(null);
  }

  private fail(found: string): void {
    this.stream.destroy(brokenForward(this.what, found));
  }
}

/** In order, each of so many chunks as a frame takes; a larger one is cut. */
function* framesOf(chunks: readonly Buffer[]): Generator<readonly Buffer[]> {
  let frame: Buffer[] = [];
  let room = FRAME_BYTES;
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + room);
      frame.push(part);
      at += part.length;
      room -= part.length;
      if (room > 0) continue;
      yield frame;
      frame = [];
      room = FRAME_BYTES;
    }
  }
  if (frame.length > 0) yield frame;
}

interface FramePart {
  readonly bytes: Buffer;
  readonly isLast: boolean;
}

interface FrameHooks {
  begin(frame: FrameHead): void;
  /** Of data as it comes; of a control frame the whole body at once. */
  part(frame: FrameHead, part: FramePart): void;
}

/** Bytes as they come, taken apart into frames. Keeps no data, and of control frames no more than one may have. */
class FrameParser {
  private kept: Buffer[] = [];
  private keptBytes = 0;
  private frame: FrameHead | undefined;
  private left = 0;

  constructor(private readonly hooks: FrameHooks) {}

  /** Why the bytes are none that can be understood. */
  add(chunk: Buffer): string | undefined {
    for (let rest = chunk; rest.length > 0;) {
      if (this.frame === undefined) {
        rest = this.keep(rest, HEAD_BYTES);
        if (this.keptBytes < HEAD_BYTES) return undefined;
        const trouble = this.begin(this.takeKept());
        if (trouble !== undefined) return trouble;
        continue;
      }
      const { frame } = this;
      if (frame.kind === 'control') {
        rest = this.keep(rest, frame.length);
        if (this.keptBytes < frame.length) return undefined;
        this.frame = undefined;
        this.hooks.part(frame, { bytes: this.takeKept(), isLast: true });
        continue;
      }
      const bytes = rest.subarray(0, this.left);
      rest = rest.subarray(bytes.length);
      this.left -= bytes.length;
      if (this.left === 0) this.frame = undefined;
      this.hooks.part(frame, { bytes, isLast: this.left === 0 });
    }
    return undefined;
  }

  private begin(head: Buffer): string | undefined {
    const frame = readHead(head);
    if (frame === undefined) return `what is no ${SPDY}: ${head.toString('hex')}`;
    if (frame.kind === 'control' && frame.length > MOST_CONTROL_BYTES)
      return `a control frame of ${frame.length} bytes`;
    this.hooks.begin(frame);
    this.left = frame.length;
    if (frame.length > 0) this.frame = frame;
    return undefined;
  }

  /** Keeps until there are `wanted` bytes; answers what is left. */
  private keep(bytes: Buffer, wanted: number): Buffer {
    const taken = bytes.subarray(0, wanted - this.keptBytes);
    this.kept.push(taken);
    this.keptBytes += taken.length;
    return bytes.subarray(taken.length);
  }

  private takeKept(): Buffer {
    const whole = Buffer.concat(this.kept);
    this.kept = [];
    this.keptBytes = 0;
    return whole;
  }
}
