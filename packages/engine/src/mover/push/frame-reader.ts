/** Bytes as they come, put together to frames. Nothing is kept that is longer than a frame may be. */
import type { ErrorData } from '../../errors';
import type { Extent } from '../../formats/layer';
import {
  checksum,
  type Frame,
  frameError,
  type FrameType,
  HEAD_BYTES,
  HELD_BYTES,
  type HeldWindow,
  LENGTH_BYTES,
  OFFSET_BYTES,
  RUN_BYTES,
  SHAPES,
} from './frames';

const TYPES = new Map(
  (Object.keys(SHAPES) as FrameType[]).map((type): [number, FrameType] => [
    SHAPES[type].code,
    type,
  ]),
);

interface Head {
  readonly type: FrameType;
  readonly length: number;
  readonly sum: number;
}

export class FrameReader {
  private parts: Buffer[] = [];
  private have = 0;
  private head: Head | undefined;

  constructor(private accepted: readonly FrameType[]) {}

  /** What may come from now on. */
  accept(types: readonly FrameType[]): void {
    this.accepted = types;
  }

  /** @throws EngineError MOVER_FAILED at the first byte that cannot be part of an accepted frame, or when a checksum is wrong */
  *add(chunk: Buffer): Generator<Frame> {
    this.parts.push(chunk);
    this.have += chunk.length;
    for (;;) {
      if (this.head === undefined) {
        if (this.have < HEAD_BYTES) return;
        this.head = this.readHead(Buffer.concat(this.take(HEAD_BYTES)));
      }
      const { type, length, sum } = this.head;
      if (this.have < length) return;
      const body = this.take(length);
      this.head = undefined;
      if (checksum(SHAPES[type].code, body) !== sum)
        throw frameError(`a frame ${type} whose checksum is wrong`);
      yield decodeBody(type, body);
    }
  }

  private readHead(head: Buffer): Head {
    const length = head.readUInt32LE(0);
    const type = TYPES.get(head.readUInt8(4));
    if (type === undefined || !this.accepted.includes(type))
      throw frameError(`a frame of type ${type ?? head.readUInt8(4)} at this point`);
    const { minBytes, maxBytes } = SHAPES[type];
    if (length < minBytes || length > maxBytes)
      throw frameError(`a frame ${type} of ${length} bytes`);
    return { type, length, sum: head.readUInt32LE(5) };
  }

  private take(length: number): Buffer[] {
    const taken: Buffer[] = [];
    this.have -= length;
    for (let missing = length; missing > 0;) {
      const part = this.parts[0] as Buffer; // `have` says that it is there
      if (part.length > missing) {
        taken.push(part.subarray(0, missing));
        this.parts[0] = part.subarray(missing);
        return taken;
      }
      taken.push(part);
      this.parts.shift();
      missing -= part.length;
    }
    return taken;
  }
}

function decodeBody(type: FrameType, parts: Buffer[]): Frame {
  if (type === 'data') return decodeData(parts);
  const body = Buffer.concat(parts);
  switch (type) {
    case 'hello':
      return {
        type,
        protocol: body.readUInt32LE(0),
        connection: body.readUInt32LE(4),
        token: body.subarray(8),
      };
    case 'layer':
      return { type, sizeBytes: readU48(body, 0), workBytes: readU48(body, OFFSET_BYTES) };
    case 'window':
      return { type, index: body.readUInt32LE(0), own: decodeRuns(body.subarray(4)) };
    case 'sealed':
      return { type, index: body.readUInt32LE(0), digest: body.toString('hex', 4) };
    case 'end':
      return { type, windows: body.readUInt32LE(0), digest: body.toString('hex', 4) };
    case 'held':
      return { type, windows: decodeHeld(body) };
    case 'welcome':
      return { type, creditBytes: body.readUInt32LE(0), isComplete: body.readUInt8(4) === 1 };
    case 'credit':
      return { type, takenBytes: readU48(body, 0) };
    case 'ack':
      return { type, index: body.readUInt32LE(0) };
    case 'failed':
    case 'refused':
      return { type, error: decodeError(body) };
    case 'stop':
    case 'ping':
      return { type };
  }
}

function decodeData(parts: Buffer[]): Frame {
  const [first = Buffer.alloc(0)] = parts;
  if (first.length > OFFSET_BYTES)
    return {
      type: 'data',
      offset: readU48(first, 0),
      parts: [first.subarray(OFFSET_BYTES), ...parts.slice(1)],
    };
  // The offset itself came in two chunks.
  const whole = Buffer.concat(parts);
  return { type: 'data', offset: readU48(whole, 0), parts: [whole.subarray(OFFSET_BYTES)] };
}

function decodeRuns(body: Buffer): Extent[] {
  if (body.length % RUN_BYTES !== 0) throw frameError(`runs in ${body.length} bytes`);
  return Array.from({ length: body.length / RUN_BYTES }, (_, run): Extent => {
    const at = run * RUN_BYTES;
    const kind = body.readUInt8(at + OFFSET_BYTES + LENGTH_BYTES);
    if (kind > 1) throw frameError(`a run of kind ${kind}`);
    return {
      offset: readU48(body, at),
      length: body.readUInt32LE(at + OFFSET_BYTES),
      kind: kind === 1 ? 'data' : 'zero',
    };
  });
}

function decodeHeld(body: Buffer): HeldWindow[] {
  if (body.length % HELD_BYTES !== 0) throw frameError(`windows in ${body.length} bytes`);
  return Array.from({ length: body.length / HELD_BYTES }, (_, row) => {
    const at = row * HELD_BYTES;
    return {
      index: body.readUInt32LE(at),
      digest: body.toString('hex', at + 4, at + HELD_BYTES),
    };
  });
}

function decodeError(body: Buffer): ErrorData {
  try {
    const { code, message, where, expected, found, hint, retry } = JSON.parse(
      body.toString('utf8'),
    ) as Partial<ErrorData>;
    if (typeof code === 'string' && typeof message === 'string')
      return { code, message, where, expected, found, hint, retry };
  } catch {
    // Falls through.
  }
  throw frameError('an error that is none');
}

function readU48(bytes: Buffer, at: number): number {
  return bytes.readUIntLE(at, OFFSET_BYTES);
}
