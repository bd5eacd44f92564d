/**
 * What takes the place of a lane's reading when the engine pushes the layer: windows come over
 * connections, are written as any other, and are acknowledged when they are proved. A connection may
 * break at any byte: what was not sealed is dropped and comes again over the next one.
 */
import { endOf } from '../../bytes';
import { type CopiedWindow, copyWindow, windowDigest } from '../../copy/copy-layer';
import type { VolumeWays } from '../../copy/volume-io';
import { needsWork, windowCount, windowRange } from '../../copy/windows';
import type { WriteBehind } from '../../copy/wrappers/write-behind';
import { EngineError, toEngineError } from '../../errors';
import type { Extent, Layer } from '../../formats/layer';
import { windowsDigest } from '../apply-tally';
import type { MoverControl } from '../control';
import { assertCapacity, openBehind, windowGate } from '../copy-lane';
import type { ApplyOrder, PushedSource } from '../mover';
import type { ChannelTimes } from './frame-channel';
import { type Frame, frameError, type HeldWindow, PUSH_CHUNK_BYTES } from './frames';
import { ConnectionBroken, type PushConnection } from './push-connection';
import { PushListener } from './push-listener';

export type PushedApplyOrder = ApplyOrder & { readonly source: PushedSource };

export function isPushed(order: ApplyOrder): order is PushedApplyOrder {
  return order.source.kind === 'pushed';
}

export interface FeedHooks {
  /** Own bytes that there are to do. */
  onWork(bytes: number): void;
  onWindow(window: CopiedWindow): void;
  readonly times?: Partial<ChannelTimes>;
}

/** Between two looks at what steers the mover. */
const LOOK_MS = 100;
/** A window in hand when a stop is asked for is given up when nothing comes for so long. */
const STOP_PATIENCE_MS = 5_000;

export class WindowFeed {
  /** Windows that are done or came whole, with their digests. */
  private readonly held: Map<number, HeldWindow>;
  /** Begun, never sealed: what they left on the volume may be anything. */
  private readonly begun = new Set<number>();
  private readonly buffer = Buffer.allocUnsafeSlow(PUSH_CHUNK_BYTES);
  private readonly mayStart: () => Promise<boolean>;
  private layerBytes: number | undefined;
  private isComplete = false;

  private listener!: PushListener; // set by `open`, which alone makes one of these

  private constructor(
    private readonly order: PushedApplyOrder,
    private readonly control: MoverControl,
    private readonly hooks: FeedHooks,
  ) {
    this.held = new Map(
      order.windowsDone.map(({ index, digest }): [number, HeldWindow] => [
        index,
        { index, digest },
      ]),
    );
    this.mayStart = windowGate(order, control);
  }

  /** Listens from now on. @throws EngineError MOVER_FAILED when it cannot */
  static async open(
    order: PushedApplyOrder,
    control: MoverControl,
    hooks: FeedHooks,
  ): Promise<WindowFeed> {
    const feed = new WindowFeed(order, control, hooks);
    feed.listener = await PushListener.open({
      source: order.source,
      runId: order.runId,
      ...(hooks.times === undefined ? {} : { times: hooks.times }),
      held: () => [...feed.held.values()],
      isComplete: () => feed.isComplete,
      onStop: () => control.stopAfterWindow(),
    });
    return feed;
  }

  get port(): number {
    return this.listener.port;
  }

  /**
   * Writes what comes until the layer is complete or a stop was asked for.
   * @throws EngineError the pusher's own failure; MOVER_FAILED when nobody pushes; what the volume throws
   */
  async receive(): Promise<VolumeWays> {
    const volume = openBehind(this.order, this.control);
    try {
      while (!this.isComplete) {
        this.control.assertHeld();
        if (!this.control.mayGoOn()) break;
        const connection = await this.listener.connection(LOOK_MS);
        if (connection !== undefined) await this.receiveFrom(connection, volume);
      }
    } finally {
      await volume.close();
    }
    return volume.ways();
  }

  /** The window is flushed, read back, equal and reported. */
  acknowledge(index: number): void {
    this.listener.present?.send({ type: 'ack', index });
  }

  /** @param failure of the run, for the other end to know */
  close(failure: unknown): Promise<void> {
    return this.listener.close(failure === undefined ? undefined : toEngineError(failure).toJSON());
  }

  /** Until the connection breaks, the layer is complete, or a stop was asked for. */
  private async receiveFrom(connection: PushConnection, volume: WriteBehind): Promise<void> {
    let lastIndex = -1;
    try {
      for (;;) {
        const frame = await this.nextOf(connection);
        switch (frame?.type) {
          case undefined:
            if (!this.control.mayGoOn()) return;
            break;
          case 'layer':
            this.begin(frame.sizeBytes, frame.workBytes);
            break;
          case 'window':
            this.assertWindow(frame, lastIndex);
            lastIndex = frame.index;
            if (!(await this.mayStart())) return;
            await this.receiveWindow(frame, connection, volume);
            break;
          case 'end':
            return this.finish(frame);
          case 'failed':
            throw EngineError.fromJSON(frame.error);
          default:
            throw broken(`a frame ${String(frame?.type)} between two windows`);
        }
      }
    } catch (error) {
      if (!(error instanceof ConnectionBroken)) throw error;
      connection.refuse(error.why);
    }
  }

  private async nextOf(connection: PushConnection): Promise<Frame | undefined> {
    this.control.assertHeld();
    return connection.take(LOOK_MS);
  }

  /** @throws EngineError VOLUME_UNEXPECTED when the layer does not fit */
  private begin(sizeBytes: number, workBytes: number): void {
    if (this.layerBytes !== undefined && this.layerBytes !== sizeBytes)
      throw broken(`a layer of ${sizeBytes} bytes that had ${this.layerBytes}`);
    assertCapacity({ file: this.order.layer.file, sizeBytes }, this.order);
    this.layerBytes = sizeBytes;
    this.hooks.onWork(workBytes);
  }

  private assertWindow({ index, own }: Frame & { type: 'window' }, lastIndex: number): void {
    const { windowBytes, content } = this.order;
    if (this.layerBytes === undefined) throw broken('a window before its layer');
    if (index <= lastIndex) throw broken(`window ${index} after window ${lastIndex}`);
    if (index >= windowCount(this.layerBytes, windowBytes))
      throw broken(`window ${index} of a layer of ${this.layerBytes} bytes`);
    if (this.held.has(index)) throw broken(`window ${index}, which is here already`);
    const window = windowRange(index, windowBytes, this.layerBytes);
    let last: Extent | undefined;
    for (const run of own) {
      const from = last === undefined ? window.offset : endOf(last);
      const touches = last !== undefined && run.offset === from && run.kind === last.kind;
      if (run.length === 0 || run.offset < from || endOf(run) > endOf(window) || touches)
        throw broken(
          `a run of ${run.length} bytes at ${run.offset} in window ${index}, after ${from}`,
        );
      last = run;
    }
    if (!needsWork(own, content)) throw broken(`window ${index} without work`);
  }

  /** The gate counted it as started; a window that breaks off counts no more. */
  private async receiveWindow(
    { index, own }: Frame & { type: 'window' },
    connection: PushConnection,
    volume: WriteBehind,
  ): Promise<void> {
    const { order, control } = this;
    const isAgain = this.begun.has(index);
    this.begun.add(index);
    try {
      const window = await copyWindow(
        this.readerOf(connection),
        volume,
        { index, own },
        this.buffer,
        {
          chunkBytes: PUSH_CHUNK_BYTES,
          // Its zeros are written, whatever the volume held before the first try.
          content: isAgain ? 'parent' : order.content,
          hashing: 'pieces',
        },
      );
      const sealed = await this.awaited(connection);
      if (sealed.type !== 'sealed' || sealed.index !== index)
        throw broken(`a frame ${sealed.type} where window ${index} should be sealed`);
      const digest = windowDigest(window.pieceDigests);
      if (sealed.digest !== digest)
        throw broken(`window ${index} with another digest than at the source`);
      await volume.settled();
      this.held.set(index, { index, digest });
      control.addBytesDone(
        order.content === 'parent' ? window.dataBytes + window.zeroBytes : window.dataBytes,
      );
      this.hooks.onWindow(window);
    } catch (error) {
      control.addUnproved(-1);
      // Nothing of it may be written later than what comes of it again; a failure of the volume counts more.
      await volume.settled();
      throw error;
    }
  }

  /** The data of the window in hand: exactly the chunks that its runs are cut into, in order. */
  private readerOf(connection: PushConnection): Pick<Layer, 'read'> {
    return {
      read: async (offset, into) => {
        const frame = await this.awaited(connection);
        if (frame.type !== 'data' || frame.offset !== offset)
          throw broken(
            `a frame ${frame.type}${frame.type === 'data' ? ` at ${frame.offset}` : ''} where data at ${offset} should be`,
          );
        const length = frame.parts.reduce((sum, part) => sum + part.length, 0);
        if (length !== into.length)
          throw broken(`${length} bytes at ${offset} instead of ${into.length}`);
        let at = 0;
        for (const part of frame.parts) {
          into.set(part, at);
          at += part.length;
        }
      },
    };
  }

  /** A frame of the window in hand, which after a stop is not waited for very long. @throws ConnectionBroken */
  private async awaited(connection: PushConnection): Promise<Frame> {
    let since: number | undefined;
    for (;;) {
      const frame = await this.nextOf(connection);
      if (frame?.type === 'failed') throw EngineError.fromJSON(frame.error);
      if (frame !== undefined) return frame;
      if (this.control.mayGoOn()) continue;
      since ??= performance.now();
      if (performance.now() - since > STOP_PATIENCE_MS) throw broken('nothing after a stop');
    }
  }

  /** What the source has, and what is here, must be the same. */
  private finish({ windows, digest }: Frame & { type: 'end' }): void {
    const here = windowsDigest(this.held.values());
    if (windows !== this.held.size || digest !== here)
      throw broken(
        `an end after ${windows} windows with digest ${digest}, where ${this.held.size} with digest ${here} are here`,
      );
    if (this.layerBytes === undefined) throw broken('an end before its layer');
    this.isComplete = true;
  }
}

function broken(found: string): ConnectionBroken {
  return new ConnectionBroken(frameError(found));
}
