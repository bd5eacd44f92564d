import { randomBytes } from 'node:crypto';

import fc from 'fast-check';

import { EngineError } from '../../errors';
import { FrameReader } from './frame-reader';
import {
  encodeFrame,
  type Frame,
  type FrameType,
  HEAD_BYTES,
  PUSH_CHUNK_BYTES,
  SHAPES,
} from './frames';

const ALL = Object.keys(SHAPES) as FrameType[];
const SEED = Number(process.env['FRAMES_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

const u32 = fc.nat(2 ** 32 - 1);
const u48 = fc.nat(2 ** 48 - 1);
const digest = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map(bytes => Buffer.from(bytes).toString('hex'));
const error = fc
  .tuple(fc.constantFrom('FILE_CHANGED', 'LAYER_DAMAGED'), fc.string())
  .map(([code, message]) => ({ code, message, retry: 'later' as const }));

const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    type: fc.constant('hello' as const),
    protocol: u32,
    connection: u32,
    token: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytes => Buffer.from(bytes)),
  }),
  fc.record({ type: fc.constant('layer' as const), sizeBytes: u48, workBytes: u48 }),
  fc.record({
    type: fc.constant('window' as const),
    index: u32,
    own: fc.array(
      fc.record({
        offset: u48,
        length: u32,
        kind: fc.constantFrom('data' as const, 'zero' as const),
      }),
      { minLength: 1, maxLength: 50 },
    ),
  }),
  fc.record({
    type: fc.constant('data' as const),
    offset: u48,
    parts: fc.uint8Array({ minLength: 1, maxLength: 5_000 }).map(bytes => [Buffer.from(bytes)]),
  }),
  fc.record({ type: fc.constant('sealed' as const), index: u32, digest }),
  fc.record({ type: fc.constant('end' as const), windows: u32, digest }),
  fc.record({
    type: fc.constant('held' as const),
    windows: fc.array(fc.record({ index: u32, digest }), { minLength: 1, maxLength: 20 }),
  }),
  fc.record({ type: fc.constant('welcome' as const), creditBytes: u32, isComplete: fc.boolean() }),
  fc.record({ type: fc.constant('credit' as const), takenBytes: u48 }),
  fc.record({ type: fc.constant('ack' as const), index: u32 }),
  fc.record({ type: fc.constantFrom('failed' as const, 'refused' as const), error }),
  fc.record({ type: fc.constantFrom('stop' as const, 'ping' as const) }),
);

function wire(one: Frame): Buffer {
  return Buffer.concat([encodeFrame(one), ...(one.type === 'data' ? one.parts : [])]);
}

/** Payloads in one part and without `undefined`, to compare. */
function plain(one: Frame): unknown {
  return JSON.parse(
    JSON.stringify(
      one.type === 'data'
        ? { ...one, parts: [Buffer.concat(one.parts).toString('hex')] }
        : one.type === 'hello'
          ? { ...one, token: one.token.toString('hex') }
          : one,
    ),
  );
}

/** Cuts at random places, the same for the same numbers. */
function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places.map(place => place % (bytes.length + 1)), bytes.length].sort(
    (one, other) => one - other,
  );
  return sorted.slice(1).map((to, nth) => bytes.subarray(sorted[nth], to));
}

function readAll(chunks: readonly Buffer[], accepted = ALL): Frame[] {
  const reader = new FrameReader(accepted);
  return chunks.flatMap(chunk => [...reader.add(chunk)]);
}

it(`frames come out as they went in, however they are cut (FRAMES_SEED=${SEED})`, () => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 12 }),
      fc.array(fc.nat(), { maxLength: 40 }),
      (frames, places) => {
        const read = readAll(cutAt(Buffer.concat(frames.map(wire)), places));
        expect(read.map(plain)).toEqual(frames.map(plain));
      },
    ),
    { seed: SEED, numRuns: 300 },
  );
});

it(`a changed byte is refused by name, or is of a frame that is not whole yet (FRAMES_SEED=${SEED})`, () => {
  fc.assert(
    fc.property(frame, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, at, flip) => {
      const bytes = wire(one);
      bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ flip;
      let read: Frame[];
      try {
        read = readAll([bytes]);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(EngineError);
        expect((thrown as EngineError).code).toBe('MOVER_FAILED');
        return;
      }
      expect(read).toEqual([]);
    }),
    { seed: SEED, numRuns: 1_000 },
  );
});

it(`anything at all is refused by name or waits for more, and never keeps more than a frame (FRAMES_SEED=${SEED})`, () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), chunks => {
      try {
        readAll(chunks.map(chunk => Buffer.from(chunk)));
      } catch (thrown) {
        expect((thrown as EngineError).code).toBe('MOVER_FAILED');
      }
    }),
    { seed: SEED, numRuns: 1_000 },
  );
});

it('a length that no frame may have is refused before its bytes come', () => {
  const head = encodeFrame({ type: 'data', offset: 0, parts: [randomBytes(8)] }).subarray(
    0,
    HEAD_BYTES,
  );
  head.writeUInt32LE(PUSH_CHUNK_BYTES + 7, 0);
  expect(() => readAll([head])).toThrow(/a frame data of/);
});

it('a type that is not accepted now is refused at its head', () => {
  const head = wire({ type: 'ping' });
  expect(() => readAll([head], ['hello'])).toThrow(/a frame of type ping at this point/);
});
