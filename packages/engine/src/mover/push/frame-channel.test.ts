import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { MIB } from '../../bytes';
import { connected } from '../../testing/pushed-run';
import { FrameChannel } from './frame-channel';
import { type Frame, PUSH_CHUNK_BYTES } from './frames';

let server: Server;
let near: Socket;
let far: Socket;

beforeEach(async () => {
  const came = new Promise<Socket>(resolve => {
    server = createServer(resolve);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  near = await connected((server.address() as AddressInfo).port);
  far = await came;
  far.on('error', () => undefined);
});

afterEach(() => {
  near.destroy();
  far.destroy();
  server.close();
});

const SILENCE_MS = 400;
/** Both ends share this process with everything else: longer than it may hang. */
const LONG_SILENCE_MS = 2_000;

function channelOn(socket: Socket, silenceMs = SILENCE_MS, frames: Frame[] = []): FrameChannel {
  return new FrameChannel(socket, {
    pingMs: 40,
    silenceMs,
    accepts: ['ack', 'data', 'ping'],
    onFrame: frame => frames.push(frame),
  });
}

it('closes by name when nothing came for too long', async () => {
  const channel = channelOn(near);
  expect((await channel.closed)?.found).toBe('nothing came for more than 400 ms');
});

it('two ends that have nothing to say keep each other alive', async () => {
  const frames: Frame[] = [];
  const ends = [channelOn(near, LONG_SILENCE_MS), channelOn(far, LONG_SILENCE_MS, frames)];
  for (const end of ends) void end.send({ type: 'ack', index: 1 });
  const first = await Promise.race([
    ...ends.map(end => end.closed),
    new Promise(resolve => setTimeout(() => resolve('both alive'), 2 * LONG_SILENCE_MS)),
  ]);
  expect(first).toBe('both alive');
  expect(frames).toEqual([{ type: 'ack', index: 1 }]);
  for (const end of ends) end.close(undefined);
});

it('says nothing, not even a ping, before its owner does', async () => {
  let came = 0;
  far.on('data', (chunk: Buffer) => (came += chunk.length));
  await channelOn(near).closed;
  expect(came).toBe(0);
});

it('a send waits until the other end reads, and is let go when it closes', async () => {
  far.pause();
  const channel = channelOn(near, 60_000);
  const parts = [Buffer.alloc(PUSH_CHUNK_BYTES, 1)];
  let sent = 0;
  let isBlocked = false;
  while (!isBlocked && sent < 200 * MIB) {
    const sending = channel.send({ type: 'data', offset: 0, parts }).then(() => 'sent');
    const late = new Promise(resolve => setTimeout(() => resolve('blocked'), 100));
    isBlocked = (await Promise.race([sending, late])) === 'blocked';
    sent += PUSH_CHUNK_BYTES;
    if (isBlocked) {
      channel.close(undefined);
      expect(await sending).toBe('sent');
    }
  }
  expect(isBlocked).toBe(true);
  expect(await channel.closed).toBeUndefined();
});

it('what is no frame ends it by name', async () => {
  const channel = channelOn(near);
  far.write(Buffer.alloc(64, 0xff));
  expect((await channel.closed)?.found).toMatch(/a frame of type 255/);
});
