/**
 * The language of a push: the engine's end (pusher.ts) reads a layer on its own machine and sends its
 * own extents, the mover (window-feed.ts) writes them. Both ends are the same program.
 *
 * A frame is a head of 9 bytes and a body, all numbers little-endian:
 *
 *   length of the body u32 | type u8 | CRC-32 of type and body u32 | body
 *
 *   pusher                                   mover
 *   hello     once, first; see push-token.ts
 *                                            held*, welcome   what it has already, how much may be under way
 *   layer     size, bytes of work
 *   window    index and its own runs         credit           so much of it was taken in hand
 *   data*     the data runs, chunk by chunk  ack              flushed, read back, equal, reported
 *   sealed    digest as the source read it   refused          this connection is of no use any more
 *   end       how many windows, digest       failed           the run has failed
 *   failed    the source cannot be read
 *   stop      the engine wants no more: end after the window in hand, whatever else was sent
 *   ping                                     ping
 *
 * Whatever a frame says is checked before it is used: here its length, type, checksum and shape, by
 * the feed what it means.
 */
import { crc32 } from 'node:zlib';

import { MIB } from '../../bytes';
import { DIGEST_BYTES } from '../../copy/blocks';
import { EngineError, type ErrorData } from '../../errors';
import type { Extent } from '../../formats/layer';
import type { WindowReport } from '../mover';

/** Raised when frames change in a way that another version would misread. */
export const PUSH_PROTOCOL = 1;

/** Data runs are cut at multiples of this on both ends; a multiple of the digests' blocks. */
export const PUSH_CHUNK_BYTES = 256 * 1024;

export type Frame =
  | {
      readonly type: 'hello';
      readonly protocol: number;
      /** Counts the connections of a run. */
      readonly connection: number;
      readonly token: Buffer;
    }
  | { readonly type: 'layer'; readonly sizeBytes: number; readonly workBytes: number }
  | { readonly type: 'window'; readonly index: number; readonly own: readonly Extent[] }
  /** `parts`: the bytes as they came, to be copied once. */
  | { readonly type: 'data'; readonly offset: number; readonly parts: readonly Buffer[] }
  | { readonly type: 'sealed'; readonly index: number; readonly digest: string }
  | { readonly type: 'end'; readonly windows: number; readonly digest: string }
  | { readonly type: 'stop' }
  | { readonly type: 'held'; readonly windows: readonly HeldWindow[] }
  /** `creditBytes`: most bytes of window, data and sealed frames that may be sent and not taken. `isComplete`: `end` was there. */
  | { readonly type: 'welcome'; readonly creditBytes: number; readonly isComplete: boolean }
  /** Bytes taken on this connection so far. */
  | { readonly type: 'credit'; readonly takenBytes: number }
  | { readonly type: 'ack'; readonly index: number }
  | { readonly type: 'refused'; readonly error: ErrorData }
  | { readonly type: 'failed'; readonly error: ErrorData }
  | { readonly type: 'ping' };

export type FrameType = Frame['type'];
export type HeldWindow = Pick<WindowReport, 'index' | 'digest'>;

export const HEAD_BYTES = 9;
/** A window of 1 GiB whose 4 KiB grains are data and zeros in turn has 262,144 runs. */
const MAX_WINDOW_BYTES = 4 * MIB;
const MAX_ERROR_BYTES = 64 * 1024;
export const OFFSET_BYTES = 6;
export const LENGTH_BYTES = 4;
export const RUN_BYTES = OFFSET_BYTES + LENGTH_BYTES + 1;
export const HELD_BYTES = 4 + DIGEST_BYTES;
/** Windows a frame of `held`. */
export const HELD_AT_ONCE = 8_192;
export const TOKEN_BYTES = 32;

interface Shape {
  readonly code: number;
  readonly minBytes: number;
  readonly maxBytes: number;
}

const exactly = (code: number, bytes: number): Shape => ({
  code,
  minBytes: bytes,
  maxBytes: bytes,
});
const upTo = (code: number, minBytes: number, maxBytes: number): Shape => ({
  code,
  minBytes,
  maxBytes,
});

/** Code and lengths of the body of each type. */
export const SHAPES: Readonly<Record<FrameType, Shape>> = {
  hello: exactly(1, 8 + TOKEN_BYTES),
  layer: exactly(2, 2 * OFFSET_BYTES),
  window: upTo(3, 4 + RUN_BYTES, MAX_WINDOW_BYTES),
  data: upTo(4, OFFSET_BYTES + 1, OFFSET_BYTES + PUSH_CHUNK_BYTES),
  sealed: exactly(5, 4 + DIGEST_BYTES),
  end: exactly(6, 4 + DIGEST_BYTES),
  stop: exactly(7, 0),
  failed: upTo(8, 2, MAX_ERROR_BYTES),
  ping: exactly(9, 0),
  held: upTo(16, HELD_BYTES, HELD_AT_ONCE * HELD_BYTES),
  welcome: exactly(17, 5),
  credit: exactly(18, OFFSET_BYTES),
  ack: exactly(19, 4),
  refused: upTo(20, 2, MAX_ERROR_BYTES),
};

/** Of a connection whose other end does not keep to the language; nothing is done with what it sent. */
export function frameError(found: string): EngineError {
  return new EngineError('MOVER_FAILED', {
    where: { object: 'the connection of a push' },
    expected: 'the frames of a pusher and a mover of one version',
    found,
    retry: 'later',
  });
}

/** The frame's bytes; of `data` all but its payload, which follows as it is. */
export function encodeFrame(frame: Frame): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  const { code, maxBytes } = SHAPES[frame.type];
  const body = encodeBody(frame);
  const payload = frame.type === 'data' ? frame.parts : [];
  const length = payload.reduce((sum, part) => sum + part.length, body.length);
  if (length > maxBytes)
    throw new EngineError('INTERNAL', { found: `a frame ${frame.type} of ${length} bytes` });
  head.writeUInt32LE(length, 0);
  head.writeUInt8(code, 4);
  head.writeUInt32LE(checksum(code, [body, ...payload]), 5);
  return Buffer.concat([head, body]);
}

/** What a run takes in memory, roughly; more than in its frame. */
const RUN_MEMORY_BYTES = 64;

/** What a frame of a window takes of the credit: what it takes in the other end's memory. */
export function creditOf(frame: Frame & { readonly type: 'window' | 'data' | 'sealed' }): number {
  switch (frame.type) {
    case 'window':
      return frame.own.length * RUN_MEMORY_BYTES;
    case 'data':
      return frame.parts.reduce((sum, part) => sum + part.length, RUN_MEMORY_BYTES);
    case 'sealed':
      return RUN_MEMORY_BYTES;
  }
}

export function checksum(code: number, parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => crc32(part, sum), crc32(Buffer.of(code)));
}

function encodeBody(frame: Frame): Buffer {
  switch (frame.type) {
    case 'hello':
      return Buffer.concat([u32(frame.protocol), u32(frame.connection), frame.token]);
    case 'layer':
      return Buffer.concat([u48(frame.sizeBytes), u48(frame.workBytes)]);
    case 'window':
      return encodeWindow(frame.index, frame.own);
    case 'data':
      return u48(frame.offset);
    case 'sealed':
      return Buffer.concat([u32(frame.index), Buffer.from(frame.digest, 'hex')]);
    case 'end':
      return Buffer.concat([u32(frame.windows), Buffer.from(frame.digest, 'hex')]);
    case 'held':
      return Buffer.concat(
        frame.windows.flatMap(({ index, digest }) => [u32(index), Buffer.from(digest, 'hex')]),
      );
    case 'welcome':
      return Buffer.concat([u32(frame.creditBytes), Buffer.of(frame.isComplete ? 1 : 0)]);
    case 'credit':
      return u48(frame.takenBytes);
    case 'ack':
      return u32(frame.index);
    case 'failed':
    case 'refused':
      return encodeError(frame.error);
    case 'stop':
    case 'ping':
      return Buffer.alloc(0);
  }
}

function encodeWindow(index: number, own: readonly Extent[]): Buffer {
  const body = Buffer.alloc(4 + own.length * RUN_BYTES);
  let at = body.writeUInt32LE(index, 0);
  for (const { offset, length, kind } of own) {
    at = body.writeUIntLE(offset, at, OFFSET_BYTES);
    at = body.writeUInt32LE(length, at);
    at = body.writeUInt8(kind === 'data' ? 1 : 0, at);
  }
  return body;
}

/** The sentences of an error may be of any length; code and retry always fit. */
function encodeError(error: ErrorData): Buffer {
  const whole = Buffer.from(JSON.stringify(error));
  if (whole.length <= MAX_ERROR_BYTES) return whole;
  const { code, retry } = error;
  return Buffer.from(JSON.stringify({ code, retry, message: code }));
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u48(value: number): Buffer {
  const bytes = Buffer.alloc(OFFSET_BYTES);
  bytes.writeUIntLE(value, 0, OFFSET_BYTES);
  return bytes;
}
