/**
 * The mover's end of one connection that was let in: keeps the frames that were not taken yet, at
 * most so many bytes as the other end has credit for, and gives credit as they are taken.
 */
import { MIB } from '../../bytes';
import { EngineError } from '../../errors';
import { Bell } from './bell';
import type { FrameChannel } from './frame-channel';
import { creditOf, type Frame, frameError } from './frames';

/** An eighth of a second at 128 MiB/s. All of it may lie in the mover's memory; less than a frame takes would stop a pusher for ever. */
export const CREDIT_BYTES = 16 * MIB;
/** Credit is given in pieces of this. */
const CREDIT_STEP_BYTES = MIB;
/** `layer`, `end`, `failed`: one of each. */
const MOST_FREE_FRAMES = 3;
const REFUSAL_MS = 2_000;

/** The connection is of no use any more. What was not sealed counts as never sent; the run goes on. */
export class ConnectionBroken extends Error {
  constructor(readonly why: EngineError) {
    super(why.message);
    this.name = 'ConnectionBroken';
  }
}

export class PushConnection {
  private readonly frames: Frame[] = [];
  private waitingBytes = 0;
  private takenBytes = 0;
  private toldBytes = 0;
  private broken: ConnectionBroken | undefined;
  private readonly changed = new Bell();
  /** Frames that wait and take no credit. */
  private freeFrames = 0;

  constructor(
    private readonly channel: FrameChannel,
    private readonly hooks: {
      /** Called once. */
      onBroken(): void;
      /** Not in turn: whoever stops does not wait for what was sent before. */
      onStop(): void;
    },
  ) {}

  get isOpen(): boolean {
    return this.broken === undefined;
  }

  /** The next frame; `undefined` when none came within `patienceMs`. @throws ConnectionBroken */
  async take(patienceMs: number): Promise<Frame | undefined> {
    if (this.broken === undefined && this.frames.length === 0) await this.changed.heard(patienceMs);
    // Frames of a broken connection could still be taken; but what it would seal may never come.
    if (this.broken !== undefined) throw this.broken;
    const frame = this.frames.shift();
    if (frame !== undefined) this.giveCredit(frame);
    return frame;
  }

  send(frame: Frame): void {
    void this.channel.send(frame);
  }

  /** Says why, and closes. */
  refuse(why: EngineError): void {
    if (this.broken !== undefined) return;
    this.send({ type: 'refused', error: why.toJSON() });
    void this.channel.end(REFUSAL_MS);
    this.lost(why);
  }

  end(patienceMs: number): Promise<void> {
    return this.channel.end(patienceMs);
  }

  onFrame(frame: Frame): void {
    if (frame.type === 'stop') return this.hooks.onStop();
    const bytes = costOf(frame);
    this.waitingBytes += bytes;
    if (bytes === 0) this.freeFrames++;
    if (this.waitingBytes > CREDIT_BYTES || this.freeFrames > MOST_FREE_FRAMES)
      throw frameError('more bytes than there was credit for');
    this.frames.push(frame);
    this.changed.ring();
  }

  lost(reason: EngineError | undefined): void {
    if (this.broken !== undefined) return;
    this.broken = new ConnectionBroken(reason ?? frameError('its end'));
    this.hooks.onBroken();
    this.frames.length = 0;
    this.changed.ring();
  }

  private giveCredit(frame: Frame): void {
    const bytes = costOf(frame);
    if (bytes === 0) this.freeFrames--;
    this.waitingBytes -= bytes;
    this.takenBytes += bytes;
    if (this.takenBytes - this.toldBytes < CREDIT_STEP_BYTES) return;
    this.toldBytes = this.takenBytes;
    this.send({ type: 'credit', takenBytes: this.takenBytes });
  }
}

function costOf(frame: Frame): number {
  switch (frame.type) {
    case 'window':
    case 'data':
    case 'sealed':
      return creditOf(frame);
    default:
      return 0;
  }
}
