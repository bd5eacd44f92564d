/** Who knocks at a mover without the key, and who has it and does not keep to the language. Nothing of it may be written. */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import type { Socket } from 'node:net';
import path from 'node:path';

import { MIB } from '../../bytes';
import { buildMover } from '../../testing/build-mover';
import {
  moverScene,
  type MoverScene,
  plainStateDigest,
  SCENE_WINDOW_BYTES,
} from '../../testing/mover-scene';
import { connected, pushedSource } from '../../testing/pushed-run';
import { tempFolder } from '../../testing/temp-folder';
import { LocalMover } from '../local-mover';
import type { ApplyOrder, PushedSource } from '../mover';
import { FrameReader } from './frame-reader';
import { encodeFrame, type Frame, type FrameType, PUSH_PROTOCOL } from './frames';
import { pushLayer } from './pusher';
import { pushToken } from './push-token';

const folder = tempFolder();
jest.setTimeout(60_000);
const SEED = Number(process.env['PUSH_SEED'] ?? Math.floor(Math.random() * 1e9));
const FROM_MOVER: readonly FrameType[] = [
  'held',
  'welcome',
  'credit',
  'ack',
  'refused',
  'failed',
  'ping',
];

interface Listening {
  readonly order: ApplyOrder;
  readonly source: PushedSource;
  readonly scene: MoverScene;
}

let scenes = 0;
const movers: LocalMover[] = [];
let at: Listening;
let connections = 0;

beforeEach(async () => {
  const scene = moverScene(path.join(folder, `scene-${++scenes}`), 6 * MIB, scenes);
  const source = await pushedSource();
  const order = await scene.base();
  const mover = new LocalMover({ program: buildMover() });
  movers.push(mover);
  at = { order, source, scene };
  connections = 0;
  await mover.attend({ ...order, source }, 0);
  (await untilOpen()).destroy();
});

afterEach(async () => {
  await Promise.all(movers.splice(0).map(mover => mover.close()));
});

async function untilOpen(): Promise<Socket> {
  for (;;) {
    const socket = await connected(at.source.port).catch(() => undefined);
    if (socket !== undefined) return socket;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

function token(connection: number, key = at.source.key, runId = at.order.runId): Frame {
  return {
    type: 'hello',
    protocol: PUSH_PROTOCOL,
    connection,
    token: pushToken(key, runId, connection),
  };
}

/** Sends and gives all that comes back until the mover closes the connection, or `enough` has come. */
async function say(
  frames: readonly (Frame | Buffer)[],
  enough: (answer: Frame) => boolean = () => false,
): Promise<Frame[]> {
  const socket = await untilOpen();
  const reader = new FrameReader(FROM_MOVER);
  const answers: Frame[] = [];
  const ended = new Promise<void>(resolve => {
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.on('end', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      for (const answer of reader.add(chunk)) {
        answers.push(answer);
        if (enough(answer)) socket.destroy();
      }
    });
  });
  for (const frame of frames) {
    socket.write(Buffer.isBuffer(frame) ? frame : encodeFrame(frame));
    if (!Buffer.isBuffer(frame) && frame.type === 'data')
      for (const part of frame.parts) socket.write(part);
  }
  await ended;
  return answers;
}

const volumeIsEmpty = (): boolean => !fs.readFileSync(at.scene.volume).some(byte => byte !== 0);

/** After all of it the right pusher still gets its layer written. */
async function pushRightly(): Promise<void> {
  const connection = connections + 1_000;
  const { layer, windowBytes, content, source } = at.order;
  if (source.kind === 'pushed') throw new Error("not the engine's order");
  const end = await pushLayer(
    {
      order: 'push',
      protocol: PUSH_PROTOCOL,
      source,
      layer,
      windowBytes,
      content,
      connection,
      token: pushToken(at.source.key, at.order.runId, connection).toString('hex'),
    },
    await untilOpen(),
    {},
  );
  expect(end).toBe('all-acknowledged');
  const status = await movers[0]?.attend({ ...at.order, source: at.source }, 30_000);
  if (status?.state !== 'done') throw new Error(JSON.stringify(status));
  expect(status.receipt.stateDigest).toBe(plainStateDigest(at.scene.baseContent));
  expect(fs.readFileSync(at.scene.volume).equals(at.scene.baseContent)).toBe(true);
}

it('answers nobody without a token of this key, this run and a number that was not used', async () => {
  const welcome = (frames: readonly Frame[]): boolean =>
    frames.some(({ type }) => type === 'welcome');
  expect(welcome(await say([token(5)], ({ type }) => type === 'welcome'))).toBe(true);
  const strangers: (Frame | Buffer)[][] = [
    [token(5)], // used
    [token(4)], // older than one that was used
    [token(6, randomBytes(32).toString('hex'))],
    [token(6, at.source.key, 'another/run/1')],
    [{ type: 'hello', protocol: PUSH_PROTOCOL, connection: 7, token: Buffer.alloc(32) }],
    [
      {
        type: 'hello',
        protocol: PUSH_PROTOCOL + 1,
        connection: 8,
        token: pushToken(at.source.key, at.order.runId, 8),
      },
    ],
    [{ type: 'layer', sizeBytes: at.scene.sizeBytes, workBytes: 0 }], // no hello
    [{ type: 'stop' }],
    [randomBytes(64)],
    [Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ];
  for (const frames of strangers) expect(await say(frames)).toEqual([]);
  expect(volumeIsEmpty()).toBe(true);
  await pushRightly();
});

it('a newer connection replaces the older one, whose half window is dropped', async () => {
  const window: Frame = {
    type: 'window',
    index: 0,
    own: [{ offset: 0, length: SCENE_WINDOW_BYTES, kind: 'data' }],
  };
  const layer: Frame = { type: 'layer', sizeBytes: at.scene.sizeBytes, workBytes: MIB };
  let admit = (): void => undefined;
  const admitted = new Promise<void>(resolve => (admit = resolve));
  const older = say([token(1), layer, window], ({ type }) => {
    if (type === 'welcome') admit();
    return false;
  });
  await admitted;
  await pushRightly();
  expect((await older).at(-1)).toMatchObject({
    type: 'refused',
    error: { found: 'a newer connection' },
  });
});

it(`whoever has the key and lies is refused by name, and nothing of it counts (PUSH_SEED=${SEED})`, async () => {
  const size = at.scene.sizeBytes;
  const full = (index: number): Frame => ({
    type: 'window',
    index,
    own: [{ offset: index * SCENE_WINDOW_BYTES, length: SCENE_WINDOW_BYTES, kind: 'data' }],
  });
  const layer: Frame = { type: 'layer', sizeBytes: size, workBytes: 0 };
  const run = (offset: number, length: number, kind: 'data' | 'zero' = 'data') => ({
    offset,
    length,
    kind,
  });
  const data = (offset: number, length: number): Frame => ({
    type: 'data',
    offset,
    parts: [Buffer.alloc(length, 0)],
  });
  const sealed = (index: number): Frame => ({ type: 'sealed', index, digest: '00'.repeat(32) });
  const lies: [string | RegExp, (Frame | Buffer)[]][] = [
    [/before its layer/, [full(0)]],
    [/of a layer of/, [layer, full(size / SCENE_WINDOW_BYTES)]],
    [/a run of/, [layer, { type: 'window', index: 1, own: [run(0, 65_536)] }]],
    [
      /a run of/,
      [layer, { type: 'window', index: 0, own: [run(SCENE_WINDOW_BYTES - 512, 1_024)] }],
    ],
    [/a run of/, [layer, { type: 'window', index: 0, own: [run(4_096, 4_096), run(0, 4_096)] }]],
    [
      /a run of/,
      [layer, { type: 'window', index: 0, own: [run(0, 8_192), run(4_096, 8_192, 'zero')] }],
    ],
    [/a run of/, [layer, { type: 'window', index: 0, own: [run(0, 4_096), run(4_096, 4_096)] }]],
    [/a run of/, [layer, { type: 'window', index: 0, own: [run(0, 0)] }]],
    [/without work/, [layer, { type: 'window', index: 0, own: [run(0, 4_096, 'zero')] }]],
    [/where data at 0 should be/, [layer, full(0), data(65_536, 65_536)]],
    [/instead of/, [layer, full(0), data(0, 512)]],
    [/where data at 0 should be/, [layer, full(0), sealed(0)]],
    [/another digest than at the source/, [layer, full(0), data(0, SCENE_WINDOW_BYTES), sealed(0)]],
    [/should be sealed/, [layer, full(0), data(0, SCENE_WINDOW_BYTES), sealed(1)]],
    [/between two windows/, [layer, data(0, 512)]],
    [/an end after 0 windows/, [layer, { type: 'end', windows: 0, digest: '11'.repeat(32) }]],
    [/an end after 1 windows/, [layer, { type: 'end', windows: 1, digest: '11'.repeat(32) }]],
    [/credit/, [layer, layer, layer, layer, layer, layer, layer, layer]],
    [/at this point/, [encodeFrame({ type: 'welcome', creditBytes: 1, isComplete: true })]],
    [/of type/, [randomBytes(256)]],
  ];
  for (const [named, frames] of lies) {
    const answers = await say([token(++connections), ...frames]);
    const last = answers.at(-1);
    expect(last?.type).toBe('refused');
    if (last?.type === 'refused') expect(last.error.found).toMatch(named);
  }
  expect(volumeIsEmpty()).toBe(true);
  await pushRightly();
});

it('a layer that does not fit ends the run', async () => {
  const answers = await say([token(1), { type: 'layer', sizeBytes: 1e12, workBytes: 0 }]);
  expect(answers.at(-1)).toMatchObject({ type: 'failed', error: { code: 'VOLUME_UNEXPECTED' } });
  expect(volumeIsEmpty()).toBe(true);
});
