/** The listening mover against the pusher, each a process of its own, over sockets that are cut, stalled and garbled. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import path from 'node:path';

import { MIB } from '../../bytes';
import { openSource } from '../../sources/open-source';
import { buildMover } from '../../testing/build-mover';
import { descriptorText } from '../../testing/encoders/descriptor-text';
import {
  moverScene,
  type MoverScene,
  plainStateDigest,
  plainWindowsDigest,
} from '../../testing/mover-scene';
import { type Meddle, type PushedEnd, type PushedRun, runPushed } from '../../testing/pushed-run';
import { tempFolder } from '../../testing/temp-folder';
import { LocalMover } from '../local-mover';
import type { ApplyOrder, Receipt, WindowReport } from '../mover';
import { CREDIT_BYTES } from './push-connection';

const folder = tempFolder();
jest.setTimeout(60_000);
const SEED = Number(process.env['PUSH_SEED'] ?? Math.floor(Math.random() * 1e9));

let scenes = 0;
const newScene = (sizeBytes = 6 * MIB): MoverScene =>
  moverScene(path.join(folder, `scene-${++scenes}`), sizeBytes, scenes);

function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function receiptOf({ status }: PushedEnd): Receipt {
  if (status.state !== 'done') throw new Error(JSON.stringify(status));
  return status.receipt;
}

/** What the model says must be there, and what the receipt says of it. */
function expectState(
  scene: MoverScene,
  content: Buffer,
  receipt: Receipt,
  windows: readonly WindowReport[],
): void {
  expect(fs.readFileSync(scene.volume).equals(content)).toBe(true);
  expect(receipt.stateDigest).toBe(plainStateDigest(content));
  expect(receipt.windowsDigest).toBe(plainWindowsDigest(windows));
  expect(receipt.windows).toBe(windows.length);
  expect(new Set(windows.map(({ index }) => index)).size).toBe(windows.length);
}

/** The same order as a mover carries it out that reads the file itself. */
async function pulled(order: ApplyOrder): Promise<Receipt> {
  const mover = new LocalMover({ program: buildMover() });
  try {
    const status = await mover.attend(order, 30_000);
    if (status.state !== 'done') throw new Error(JSON.stringify(status));
    return status.receipt;
  } finally {
    await mover.close();
  }
}

it('base and delta come out as the model has them, with the receipt that a mover gives that reads itself', async () => {
  const scene = newScene();
  const twin = moverScene(path.join(folder, 'twin'), 6 * MIB, scenes);
  for (const layer of ['base', 'delta'] as const) {
    const end = await runPushed(await scene[layer]());
    const receipt = receiptOf(end);
    expectState(scene, scene[`${layer}Content`], receipt, end.windows);
    expect(end.connections).toBe(1);
    const { bytes, windowsDigest, windows, stateDigest } = await pulled(await twin[layer]());
    expect(receipt).toMatchObject({ bytes, windowsDigest, windows, stateDigest });
  }
});

it(`goes on after cuts at random bytes (PUSH_SEED=${SEED})`, async () => {
  const scene = newScene(12 * MIB);
  const random = randomOf(SEED);
  for (const layer of ['base', 'delta'] as const) {
    // So that the delta, too, is cut for certain: it is a fraction of the base.
    const apartBytes = layer === 'base' ? 2 * MIB : MIB / 2;
    let left = Math.floor((random() * apartBytes) / 2);
    let cuts = 0;
    const meddle: Meddle = chunk => {
      left -= chunk.length;
      if (left > 0 || cuts >= 8) return chunk;
      left = Math.floor(random() * apartBytes);
      cuts++;
      return 'cut';
    };
    const end = await runPushed(await scene[layer](), { meddle });
    expect(cuts).toBeGreaterThan(0);
    expectState(scene, scene[`${layer}Content`], receiptOf(end), end.windows);
  }
});

it(`refuses garbled frames and has them sent again (PUSH_SEED=${SEED})`, async () => {
  const scene = newScene(8 * MIB);
  const random = randomOf(SEED + 1);
  let until = 200_000;
  let garbled = 0;
  const meddle: Meddle = (chunk, to) => {
    until -= to === 'mover' ? chunk.length : 0;
    if (until > 0 || garbled >= 5) return chunk;
    until = Math.floor(random() * 1.5 * MIB);
    garbled++;
    const bytes = Buffer.from(chunk);
    const at = Math.floor(random() * bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    return bytes;
  };
  const end = await runPushed(await scene.base(), { meddle });
  expect(garbled).toBeGreaterThan(1);
  expect(end.waits.join()).toMatch(/frame|window|hello/);
  expectState(scene, scene.baseContent, receiptOf(end), end.windows);
});

it('skips windows that are done, of an earlier run and of an earlier connection', async () => {
  const scene = newScene(8 * MIB);
  const first = await runPushed(await scene.base());
  const windowsDone = first.windows.slice(0, 10);
  let sent = 0;
  let cut = false;
  const end = await runPushed(await scene.base({ windowsDone }), {
    meddle(chunk, to) {
      if (to === 'mover') sent += chunk.length;
      if (cut || sent < 4 * MIB) return chunk;
      cut = true;
      return 'cut';
    },
  });
  expect(end.windows).toHaveLength(first.windows.length - windowsDone.length);
  expectState(scene, scene.baseContent, receiptOf(end), [...windowsDone, ...end.windows]);
  // The credit that was under way is all that may come twice.
  expect(end.pushedBytes).toBeLessThan(first.pushedBytes + 2 * MIB);
});

it('a killed pusher is started again', async () => {
  const scene = newScene(24 * MIB);
  let run: PushedRun | undefined;
  let kills = 0;
  const end = await runPushed(await scene.base({ bytesPerSecond: 12 * MIB }), {
    onRunning: started => (run = started),
    meddle(chunk) {
      if (run !== undefined && kills < 2 && run.pushedBytes() > (kills + 1) * 1.5 * MIB) {
        kills++;
        process.kill(pusherOf(run), 'SIGKILL');
      }
      return chunk;
    },
  });
  expect(kills).toBe(2);
  expect(end.connections).toBe(3);
  expect(end.waits.join()).toContain('signal SIGKILL');
  expectState(scene, scene.baseContent, receiptOf(end), end.windows);
});

it('fails by name when the file changes while it is pushed', async () => {
  const scene = newScene(8 * MIB);
  const order = await scene.base({ bytesPerSecond: 4 * MIB });
  let changed = false;
  const { status } = await runPushed(order, {
    meddle(chunk, to) {
      if (to === 'mover' && !changed) {
        changed = true;
        const folderOf = order.source.kind === 'vm-directory' ? order.source.folder : '';
        fs.utimesSync(path.join(folderOf, 'disk.vmdk'), new Date(), new Date());
      }
      return chunk;
    },
  });
  expect(status).toMatchObject({ state: 'failed', error: { code: 'FILE_CHANGED' } });
});

it('fails by name when the file is not there', async () => {
  const order = await newScene().base();
  const { status } = await runPushed({ ...order, layer: { ...order.layer, file: 'gone.vmdk' } });
  expect(status).toMatchObject({ state: 'failed', error: { code: 'FILE_MISSING' } });
});

it('ends by itself when nobody pushes any more', async () => {
  const scene = newScene();
  let run: PushedRun | undefined;
  const order = await scene.base({ bytesPerSecond: 3 * MIB });
  const { status, windows } = await runPushed(order, {
    silenceMs: 700,
    onRunning: started => (run = started),
    meddle(chunk) {
      if (run !== undefined && run.pushedBytes() > 2 * MIB) void run.relay.close();
      return chunk;
    },
  });
  expect(status).toMatchObject({ state: 'failed', error: { code: 'MOVER_FAILED' } });
  if (status.state === 'failed')
    expect(status.error.found).toContain('no connection for more than 700 ms');
  // What it had is proved and reported, and the next run goes on from there.
  const end = await runPushed(await scene.base({ windowsDone: windows }));
  expectState(scene, scene.baseContent, receiptOf(end), [...windows, ...end.windows]);
});

it('a pusher ends when whoever started it is gone', async () => {
  const { layer, windowBytes, content, source } = await newScene().base();
  const child = spawn(process.execPath, [buildMover(), '--push'], {
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
  });
  const ended = new Promise(resolve => child.once('close', resolve));
  const order = { order: 'push', protocol: 1, source, layer, windowBytes, content };
  child.stdin?.write(`${JSON.stringify({ ...order, connection: 1, token: '00'.repeat(32) })}\n`);
  // It has said hello and waits for its welcome.
  await new Promise(resolve => child.stdio[3]?.once('data', resolve));
  child.stdin?.end();
  expect(await ended).toBe(1);
});

it('a stop over the connection ends it after the window in hand', async () => {
  const scene = newScene(24 * MIB);
  let run: PushedRun | undefined;
  let stopped = false;
  const { status, windows } = await runPushed(await scene.base({ bytesPerSecond: 4 * MIB }), {
    onRunning: started => (run = started),
    meddle(chunk) {
      if (run !== undefined && !stopped && run.pushedBytes() > 3 * MIB) {
        stopped = true;
        run.relay.stop();
      }
      return chunk;
    },
  });
  expect(status).toMatchObject({ state: 'failed', error: { code: 'MOVER_STOPPED' } });
  expect(windows.length).toBeGreaterThan(0);
  const end = await runPushed(await scene.base({ windowsDone: windows }));
  expectState(scene, scene.baseContent, receiptOf(end), [...windows, ...end.windows]);
});

it('no more than the credit is under way to a mover that may not write', async () => {
  const order = await randomBase(CREDIT_BYTES + 8 * MIB);
  let run: PushedRun | undefined;
  let most = 0;
  const looks = setInterval(() => {
    if (run !== undefined) most = Math.max(most, run.pushedBytes());
    // All that it would ever send while the mover takes nothing has come.
    if (most >= CREDIT_BYTES - MIB) {
      clearInterval(looks);
      setTimeout(() => void run?.relay.stop(), 500);
    }
  }, 50);
  const { status } = await runPushed(
    { ...order, bytesPerSecond: 100_000 },
    { onRunning: started => (run = started) },
  );
  clearInterval(looks);
  expect(status).toMatchObject({ state: 'failed', error: { code: 'MOVER_STOPPED' } });
  expect(most).toBeGreaterThan(CREDIT_BYTES - MIB);
  expect(most).toBeLessThan(CREDIT_BYTES + 4 * MIB);
});

it('gives up by name when the mover cannot be reached', async () => {
  const order = await newScene().base();
  await expect(runPushed(order, { patienceMs: 400, meddle: () => 'cut' })).rejects.toMatchObject({
    code: 'CLUSTER_UNREACHABLE',
  });
});

/** A base of nothing but random bytes, quickly made. */
async function randomBase(sizeBytes: number): Promise<ApplyOrder> {
  const order = await newScene().base();
  const at = path.join(folder, `random-${scenes}`);
  fs.mkdirSync(at);
  fs.writeFileSync(path.join(at, 'flat.raw'), randomBytes(sizeBytes));
  fs.writeFileSync(
    path.join(at, 'flat.vmdk'),
    descriptorText({
      createType: 'monolithicFlat',
      extents: [`RW ${sizeBytes / 512} FLAT "flat.raw" 0`],
    }),
  );
  fs.truncateSync(order.volume.path, sizeBytes);
  const source = { kind: 'vm-directory', folder: at, roots: [], datastores: {} } as const;
  const layer = await openSource(source).openLayer('flat.vmdk');
  const manifest = await layer.manifest();
  await layer.close();
  return {
    ...order,
    source,
    layer: { file: 'flat.vmdk', manifest },
    volume: { ...order.volume, sizeBytes },
    proof: { stateSizeBytes: sizeBytes, table: `${at}/table` },
  };
}

/** The only child of this process that was started with --push. */
function pusherOf(_run: PushedRun): number {
  const pids = fs
    .readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => {
      try {
        const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
        return (
          parent === process.pid &&
          fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--push')
        );
      } catch {
        return false;
      }
    });
  return Number(pids.at(-1));
}
