/**
 * The engine's end of a push: reads a layer where it lies and sends its own windows over one
 * connection, those left out that the mover has. It never decides that a layer is written: only the
 * mover's receipt does.
 */
import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';

import { chunkBytesFor } from '../../copy/copy-layer';
import { digestOf, pieces, zeroDigest } from '../../copy/blocks';
import { chunks, ownWindows, type OwnWindow, spanWindows } from '../../copy/windows';
import { EngineError, toEngineError } from '../../errors';
import type { Layer } from '../../formats/layer';
import { windowsDigest } from '../apply-tally';
import { breathing, type Breath } from '../breath';
import { assertManifest } from '../manifest-check';
import { openOrderLayer } from '../order-source';
import { ownWork } from '../own-work';
import { Bell } from './bell';
import { type ChannelTimes, FrameChannel } from './frame-channel';
import {
  creditOf,
  type Frame,
  frameError,
  type FrameType,
  type HeldWindow,
  PUSH_CHUNK_BYTES,
  PUSH_PROTOCOL,
} from './frames';
import type { PushOrder } from './push-order';

const FROM_MOVER: readonly FrameType[] = [
  'held',
  'welcome',
  'credit',
  'ack',
  'refused',
  'failed',
  'ping',
];
const FAREWELL_MS = 2_000;

export type PushEnd =
  /** The layer is there, and all that this connection sent is proved. */
  | 'all-acknowledged'
  /** The run has ended otherwise: the source cannot be read, the mover has failed or was told to stop. It says so itself. */
  | 'run-failed';

export interface PushHooks {
  readonly times?: Partial<ChannelTimes>;
  /** Aborts when the engine wants no more: the mover is told at once, and ends after the window in hand. */
  readonly stopped?: AbortSignal;
}

/**
 * One connection's worth of pushing.
 * @throws EngineError MOVER_FAILED when the connection breaks or is refused: another one goes on
 */
export async function pushLayer(
  order: PushOrder,
  stream: Duplex,
  hooks: PushHooks,
): Promise<PushEnd> {
  const push = new Push(order, stream, hooks);
  try {
    return await push.toTheEnd();
  } finally {
    await push.close();
  }
}

class Push {
  private readonly channel: FrameChannel;
  private readonly changed = new Bell();
  private readonly held = new Map<number, HeldWindow>();
  private readonly unacknowledged = new Set<number>();
  private readonly breathe: Breath = breathing();
  private creditBytes: number | undefined;
  private isComplete = false;
  private sentBytes = 0;
  private takenBytes = 0;
  private refused: EngineError | undefined;
  private hasFailed = false;
  private closed: { readonly reason: EngineError | undefined } | undefined;

  constructor(
    private readonly order: PushOrder,
    stream: Duplex,
    private readonly hooks: PushHooks,
  ) {
    this.channel = new FrameChannel(stream, {
      ...hooks.times,
      accepts: FROM_MOVER,
      onFrame: frame => this.onFrame(frame),
    });
    void this.channel.closed.then(reason => {
      this.closed = { reason };
      this.changed.ring();
    });
  }

  async toTheEnd(): Promise<PushEnd> {
    const { connection, token } = this.order;
    if (this.order.protocol !== PUSH_PROTOCOL)
      throw new EngineError('MOVER_VERSION', {
        expected: `a push of protocol ${PUSH_PROTOCOL}`,
        found: String(this.order.protocol),
        hint: 'Use the mover that was built with this engine.',
      });
    await this.channel.send({
      type: 'hello',
      protocol: PUSH_PROTOCOL,
      connection,
      token: Buffer.from(token, 'hex'),
    });
    await this.until(() => this.creditBytes !== undefined || this.hasFailed);
    if (this.hasFailed) return 'run-failed';
    if (this.isComplete) return 'all-acknowledged';
    onAbort(this.hooks.stopped, () => void this.channel.send({ type: 'stop' }));
    try {
      await this.sendLayer();
    } catch (error) {
      if (this.hasFailed) return 'run-failed';
      if (this.closed !== undefined || this.refused !== undefined) throw error;
      // What is wrong is the source: the run ends by it, and says so.
      await this.channel.send({ type: 'failed', error: toEngineError(error).toJSON() });
      await this.until(() => this.hasFailed);
      return 'run-failed';
    }
    await this.until(() => this.hasFailed || this.unacknowledged.size === 0);
    return this.hasFailed ? 'run-failed' : 'all-acknowledged';
  }

  close(): Promise<void> {
    return this.channel.end(FAREWELL_MS);
  }

  private async sendLayer(): Promise<void> {
    const { source, layer: planned, content } = this.order;
    const layer = await openOrderLayer(source, planned.file);
    try {
      await assertManifest(layer, planned.manifest);
      const workBytes = await ownWork(layer, content);
      await this.channel.send({ type: 'layer', sizeBytes: layer.sizeBytes, workBytes });
      for await (const window of this.windowsOf(layer)) {
        await this.sendWindow(layer, window);
        if (this.hasFailed) return;
      }
      await assertManifest(layer, planned.manifest);
    } finally {
      await layer.close();
    }
    await this.channel.send({
      type: 'end',
      windows: this.held.size,
      digest: windowsDigest(this.held.values()),
    });
  }

  private async *windowsOf(layer: Layer): AsyncGenerator<OwnWindow> {
    const { windowBytes, content } = this.order;
    const spanBytes = spanWindows(windowBytes) * windowBytes;
    for (let offset = 0; offset < layer.sizeBytes; offset += spanBytes) {
      await this.breathe();
      const span = { offset, length: Math.min(spanBytes, layer.sizeBytes - offset) };
      for await (const window of ownWindows(layer, span, windowBytes, content))
        if (!this.held.has(window.index)) yield window;
    }
  }

  private async sendWindow(layer: Layer, { index, own }: OwnWindow): Promise<void> {
    this.unacknowledged.add(index);
    const digests = createHash('sha256');
    await this.sendOnCredit({ type: 'window', index, own });
    const chunkBytes = chunkBytesFor(layer.format);
    for (const run of own) {
      if (run.kind === 'zero') {
        for (const piece of pieces(run)) digests.update(zeroDigest(piece.length));
        continue;
      }
      for (const chunk of chunks(run, chunkBytes)) {
        await this.breathe();
        // Its own memory each time: the connection still has the last one.
        const bytes = Buffer.allocUnsafeSlow(chunk.length);
        await layer.read(chunk.offset, bytes);
        for (const { offset, length } of chunks(chunk, PUSH_CHUNK_BYTES)) {
          const part = bytes.subarray(offset - chunk.offset, offset - chunk.offset + length);
          await this.sendOnCredit({ type: 'data', offset, parts: [part] });
        }
        for (const { offset, length } of pieces(chunk))
          digests.update(
            digestOf(bytes.subarray(offset - chunk.offset, offset - chunk.offset + length)),
          );
      }
    }
    const digest = digests.digest('hex');
    await this.sendOnCredit({ type: 'sealed', index, digest });
    this.held.set(index, { index, digest });
  }

  private async sendOnCredit(
    frame: Frame & { readonly type: 'window' | 'data' | 'sealed' },
  ): Promise<void> {
    const bytes = creditOf(frame);
    await this.until(
      () => this.sentBytes + bytes - this.takenBytes <= (this.creditBytes ?? 0) || this.hasFailed,
    );
    this.sentBytes += bytes;
    await this.channel.send(frame);
  }

  private onFrame(frame: Frame): void {
    switch (frame.type) {
      case 'held':
        for (const window of frame.windows) this.held.set(window.index, window);
        break;
      case 'welcome':
        this.creditBytes = frame.creditBytes;
        this.isComplete = frame.isComplete;
        break;
      case 'credit':
        this.takenBytes = frame.takenBytes;
        break;
      case 'ack':
        this.unacknowledged.delete(frame.index);
        break;
      case 'refused':
        this.refused = EngineError.fromJSON(frame.error);
        break;
      case 'failed':
        this.hasFailed = true;
        break;
      default:
        throw frameError(`a frame ${frame.type} from a mover`);
    }
    this.changed.ring();
  }

  /** @throws EngineError MOVER_FAILED when the connection is gone or refused first */
  private async until(test: () => boolean): Promise<void> {
    while (!test()) {
      if (this.refused !== undefined) throw this.refused;
      if (this.closed !== undefined) throw this.closed.reason ?? frameError('its end');
      await this.changed.heard();
    }
  }
}

function onAbort(signal: AbortSignal | undefined, act: () => void): void {
  if (signal?.aborted === true) act();
  else signal?.addEventListener('abort', act, { once: true });
}
