/**
 * One connection that carries frames: sends with backpressure, keeps an idle connection alive, and
 * notices one that is dead.
 */
import type { Duplex } from 'node:stream';

import { EngineError, toEngineError } from '../../errors';
import { Deferred } from '../deferred';
import { Bell } from './bell';
import { FrameReader } from './frame-reader';
import { encodeFrame, type Frame, type FrameType } from './frames';

export interface ChannelTimes {
  /** Between two pings. */
  readonly pingMs: number;
  /** The other end counts as gone when nothing came for so long. */
  readonly silenceMs: number;
}

/** An idle connection outlives the minute that balancers and proxies mostly grant. */
export const CHANNEL_TIMES: ChannelTimes = { pingMs: 20_000, silenceMs: 60_000 };

export interface ChannelOptions extends Partial<ChannelTimes> {
  readonly accepts: readonly FrameType[];
  /** Every frame but pings, in order. */
  onFrame(frame: Frame): void;
  /** What came is no frame, or `onFrame` threw. Nothing that follows is looked at. Absent: the connection is closed. */
  onGarbage?(error: EngineError): void;
}

export class FrameChannel {
  /** Resolves when nothing comes or goes any more: with the reason, or `undefined` when this end closed it. */
  readonly closed: Promise<EngineError | undefined>;
  private readonly whenClosed = new Deferred<EngineError | undefined>();
  private readonly reader: FrameReader;
  private readonly times: ChannelTimes;
  private readonly ticker: NodeJS.Timeout;
  private isOpen = true;
  /** Says its last words, and listens no more. */
  private isLeaving = false;
  private heardAt = performance.now();
  private pingedAt = performance.now();
  /** Looks in a row that found it silent: after a long blocking call the bytes are there, only unread. */
  private silentLooks = 0;
  private readonly drained = new Bell();
  /** An end that has not said anything yet does not ping either: a stranger learns nothing. */
  private hasSpoken = false;

  constructor(
    private readonly stream: Duplex,
    private readonly options: ChannelOptions,
  ) {
    this.closed = this.whenClosed.promise;
    this.reader = new FrameReader(options.accepts);
    const { pingMs, silenceMs } = { ...CHANNEL_TIMES, ...options };
    this.times = { pingMs, silenceMs };
    stream.on('data', (chunk: Buffer) => this.onBytes(chunk));
    stream.on('drain', () => this.drained.ring());
    stream.on('end', () =>
      this.close(this.isLeaving ? undefined : lost('the other end closed it')),
    );
    stream.on('close', () => this.close(lost('it was closed')));
    stream.on('error', error => this.close(lost(error.message)));
    this.ticker = setInterval(() => this.look(), Math.min(pingMs, silenceMs) / 4);
  }

  /** What may come from now on. */
  accept(types: readonly FrameType[]): void {
    this.reader.accept(types);
  }

  /** Resolves when the connection takes more. On a closed one nothing is sent. */
  async send(frame: Frame): Promise<void> {
    if (!this.isOpen || this.isLeaving) return;
    this.hasSpoken = true;
    this.stream.cork();
    let takesMore = this.stream.write(encodeFrame(frame));
    if (frame.type === 'data') for (const part of frame.parts) takesMore = this.stream.write(part);
    this.stream.uncork();
    if (takesMore || !this.stream.writableNeedDrain) return;
    await this.drained.heard();
  }

  /**
   * Sends what is still to be sent and waits until the other end has closed too, for at most
   * `patienceMs`: bytes that nobody reads would make a reset of it, and the last words be lost.
   */
  async end(patienceMs: number): Promise<void> {
    if (!this.isOpen) return;
    this.isLeaving = true;
    this.stream.end();
    const timer = setTimeout(() => this.close(undefined), patienceMs);
    await this.closed;
    clearTimeout(timer);
  }

  close(reason: EngineError | undefined): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    clearInterval(this.ticker);
    this.stream.destroy();
    this.drained.ring();
    this.whenClosed.resolve(reason);
  }

  private onBytes(chunk: Buffer): void {
    this.heardAt = performance.now();
    this.silentLooks = 0;
    if (this.isLeaving) return;
    try {
      for (const frame of this.reader.add(chunk)) {
        if (!this.isOpen || this.isLeaving) return;
        if (frame.type !== 'ping') this.options.onFrame(frame);
      }
    } catch (error) {
      const { onGarbage } = this.options;
      if (onGarbage === undefined) return this.close(toEngineError(error));
      onGarbage(toEngineError(error));
      if (this.isOpen) this.isLeaving = true;
    }
  }

  private look(): void {
    const now = performance.now();
    this.silentLooks = now - this.heardAt > this.times.silenceMs ? this.silentLooks + 1 : 0;
    if (this.silentLooks >= 2)
      return this.close(lost(`nothing came for more than ${this.times.silenceMs} ms`));
    if (!this.hasSpoken || now - this.pingedAt < this.times.pingMs) return;
    this.pingedAt = now;
    void this.send({ type: 'ping' });
  }
}

function lost(found: string): EngineError {
  return new EngineError('MOVER_FAILED', {
    where: { object: 'the connection of a push' },
    expected: 'a connection between the engine and its mover',
    found,
    retry: 'later',
  });
}
