/**
 * The mover's door: listens on the loopback of its pod, lets in whoever shows a token that was not
 * used yet, and gives the newest such connection. Nothing is answered before, and no more is read
 * than one hello. A newer connection replaces the older one: its other end has given it up.
 */
import { createServer, type Server, type Socket } from 'node:net';

import { EngineError, type ErrorData } from '../../errors';
import type { PushedSource } from '../mover';
import { Bell } from './bell';
import { type ChannelTimes, FrameChannel } from './frame-channel';
import {
  type Frame,
  frameError,
  type FrameType,
  HELD_AT_ONCE,
  type HeldWindow,
  PUSH_PROTOCOL,
} from './frames';
import { PushConnection, CREDIT_BYTES } from './push-connection';
import { isPushToken } from './push-token';

/** Strangers that may stand at the door at once, and how long each may take for its hello. */
const MOST_STRANGERS = 8;
const HELLO_MS = 10_000;
/** How long the last words may take. */
const FAREWELL_MS = 2_000;

const FROM_PUSHER: readonly FrameType[] = [
  'layer',
  'window',
  'data',
  'sealed',
  'end',
  'failed',
  'stop',
  'ping',
];

export interface ListenerOptions {
  readonly source: PushedSource;
  readonly runId: string;
  readonly times?: Partial<ChannelTimes>;
  /** What the mover has: windows of earlier runs and all that came whole in this one. */
  held(): readonly HeldWindow[];
  isComplete(): boolean;
  onStop(): void;
}

export class PushListener {
  private readonly server: Server;
  private readonly strangers = new Set<FrameChannel>();
  private newest: PushConnection | undefined;
  private newestNumber = 0;
  private readonly letSomeoneIn = new Bell();
  /** When the last connection ended; from the start on. */
  private aloneSince = performance.now();

  private constructor(private readonly options: ListenerOptions) {
    this.server = createServer(socket => this.meet(socket));
  }

  /** @throws EngineError MOVER_FAILED when the port is taken */
  static async open(options: ListenerOptions): Promise<PushListener> {
    const listener = new PushListener(options);
    const { server } = listener;
    await new Promise<void>((resolve, reject) => {
      server.once('error', error =>
        reject(
          new EngineError('MOVER_FAILED', {
            where: { object: `port ${options.source.port} of the mover's loopback` },
            expected: 'a free port',
            found: error.message,
            retry: 'later',
          }),
        ),
      );
      server.listen(options.source.port, '127.0.0.1', resolve);
    });
    return listener;
  }

  /** Where it listens. */
  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** The newest connection that is open; `undefined`: there is none. */
  get present(): PushConnection | undefined {
    return this.newest?.isOpen === true ? this.newest : undefined;
  }

  /**
   * Waits for a connection, at most `patienceMs`.
   * @throws EngineError MOVER_FAILED when nobody was connected for longer than the source allows
   */
  async connection(patienceMs: number): Promise<PushConnection | undefined> {
    if (this.present === undefined) {
      const { silenceMs } = this.options.source;
      if (performance.now() - this.aloneSince > silenceMs)
        throw new EngineError('MOVER_FAILED', {
          where: { object: `run ${this.options.runId}` },
          expected: 'the engine to push the layer',
          found: `no connection for more than ${silenceMs} ms`,
          hint: 'The worker that pushed is gone or cannot reach the cluster. It is tried again by itself, from the last proved window.',
          retry: 'later',
        });
      await this.letSomeoneIn.heard(patienceMs);
    }
    return this.present;
  }

  /** Tells the other end how the run failed, if it did, and lets nobody in any more. */
  async close(failure: ErrorData | undefined): Promise<void> {
    this.server.close();
    for (const stranger of this.strangers) stranger.close(undefined);
    const { present } = this;
    if (present === undefined) return;
    if (failure !== undefined) present.send({ type: 'failed', error: failure });
    await present.end(FAREWELL_MS);
  }

  private meet(socket: Socket): void {
    if (this.strangers.size >= MOST_STRANGERS) {
      socket.destroy();
      return;
    }
    socket.setNoDelay();
    let known: PushConnection | undefined;
    const channel = new FrameChannel(socket, {
      ...this.options.times,
      accepts: ['hello'],
      onFrame: frame => {
        if (known === undefined) known = this.letIn(frame, channel);
        else known.onFrame(frame);
      },
      onGarbage: error => (known === undefined ? channel.close(error) : known.refuse(error)),
    });
    this.strangers.add(channel);
    const limit = setTimeout(() => {
      if (known === undefined) channel.close(frameError('no hello'));
    }, HELLO_MS);
    void channel.closed.then(reason => {
      clearTimeout(limit);
      this.strangers.delete(channel);
      known?.lost(reason);
    });
  }

  /** @throws EngineError MOVER_FAILED, which closes the connection without a word */
  private letIn(frame: Frame, channel: FrameChannel): PushConnection {
    const { source, runId, held, isComplete, onStop } = this.options;
    if (
      frame.type !== 'hello' ||
      frame.protocol !== PUSH_PROTOCOL ||
      frame.connection <= this.newestNumber ||
      !isPushToken(frame.token, source.key, runId, frame.connection)
    )
      throw frameError('a hello that opens nothing');
    this.newestNumber = frame.connection;
    this.strangers.delete(channel);
    channel.accept(FROM_PUSHER);
    this.newest?.refuse(frameError('a newer connection'));
    const connection = new PushConnection(channel, {
      onBroken: () => {
        this.aloneSince = performance.now();
      },
      onStop,
    });
    this.newest = connection;
    const windows = held();
    for (let at = 0; at < windows.length; at += HELD_AT_ONCE)
      connection.send({ type: 'held', windows: windows.slice(at, at + HELD_AT_ONCE) });
    connection.send({ type: 'welcome', creditBytes: CREDIT_BYTES, isComplete: isComplete() });
    this.letSomeoneIn.ring();
    return connection;
  }
}
