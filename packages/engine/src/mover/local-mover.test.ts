import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';

import { MIB } from '../bytes';
import { buildMover } from '../testing/build-mover';
import {
  hugeScene,
  moverScene,
  plainStateDigest,
  plainWindowsDigest,
  type MoverScene,
} from '../testing/mover-scene';
import { itOnMount, mountTmpfs } from '../testing/scratch-mount';
import { tempFolder } from '../testing/temp-folder';
import { LocalMover } from './local-mover';
import type { MoverOrder, MoverStatus, WindowReport } from './mover';

const folder = tempFolder();
// Processes on a busy machine take their time.
jest.setTimeout(180_000);
let scenes = 0;
const newScene = (sizeBytes = 6 * MIB + 3 * 512, extraBytes = 0): MoverScene =>
  moverScene(path.join(folder, `scene-${++scenes}`), sizeBytes, scenes, extraBytes);

const PATIENCE_MS = 20_000;
const movers: LocalMover[] = [];
function newMover(program = buildMover(), ...programArguments: string[]): LocalMover {
  const mover = new LocalMover({ program, programArguments });
  movers.push(mover);
  return mover;
}
afterEach(() => Promise.all(movers.splice(0).map(mover => mover.close())));

/** Attends until it ends; all windows together. */
async function toTheEnd(
  mover: LocalMover,
  order: MoverOrder,
): Promise<MoverStatus & { windows: readonly WindowReport[] }> {
  const windows: WindowReport[] = [];
  for (;;) {
    const status = await mover.attend(order, PATIENCE_MS);
    windows.push(...status.windows);
    if (status.state !== 'running') return { ...status, windows };
  }
}

async function done(mover: LocalMover, order: MoverOrder) {
  const status = await toTheEnd(mover, order);
  if (status.state !== 'done') throw new Error(JSON.stringify(status, null, 1).slice(0, 3000));
  return { receipt: status.receipt, windows: status.windows };
}

/** A program that behaves as the script says, instead of a mover. */
function fakeProgram(script: string): string {
  const file = path.join(folder, `fake-${++scenes}.cjs`);
  fs.writeFileSync(file, script);
  return file;
}

describe('applying layers', () => {
  it.each(['--lanes=1', '--lanes=3'])(
    'base, then delta: the volume holds each state, proved, with its digests (%s)',
    async lanes => {
      const scene = newScene(6 * MIB + 3 * 512, 100_000);
      const mover = newMover(buildMover(), lanes);
      const base = await done(mover, await scene.base());
      expect(
        fs.readFileSync(scene.volume).subarray(0, scene.sizeBytes).equals(scene.baseContent),
      ).toBe(true);
      expect(base.receipt).toMatchObject({
        order: 'apply',
        layerId: 'base',
        fence: 1,
        windows: base.windows.length,
        windowsDigest: plainWindowsDigest(base.windows),
      });
      expect(base.receipt.stateDigest).toBe(plainStateDigest(scene.baseContent));
      expect(base.receipt.volumeDigest).toBe(plainStateDigest(fs.readFileSync(scene.volume)));

      const delta = await done(mover, await scene.delta());
      expect(
        fs.readFileSync(scene.volume).subarray(0, scene.sizeBytes).equals(scene.deltaContent),
      ).toBe(true);
      expect(delta.receipt.stateDigest).toBe(plainStateDigest(scene.deltaContent));
      expect(delta.receipt.volumeDigest).toBe(plainStateDigest(fs.readFileSync(scene.volume)));
      expect(delta.receipt.bytes.zero).toBeGreaterThan(0);
      expect(fs.readdirSync(path.dirname(scene.table('x'))).sort()).toEqual(['base', 'delta']);

      const [volume, chain] = [
        await done(mover, scene.hashVolume()),
        await done(mover, scene.hashChain()),
      ];
      expect(volume.receipt.stateDigest).toBe(delta.receipt.stateDigest);
      expect(volume.receipt.volumeDigest).toBe(delta.receipt.volumeDigest);
      expect(chain.receipt.stateDigest).toBe(delta.receipt.stateDigest);
    },
  );

  it('a lost parent table is made again by reading', async () => {
    const scene = newScene();
    const mover = newMover();
    await done(mover, await scene.base());
    fs.rmSync(scene.table('base'));
    expect((await done(mover, await scene.delta())).receipt.stateDigest).toBe(
      plainStateDigest(scene.deltaContent),
    );
  });

  it('makes the same table by reading the whole volume, and finds a changed byte by a sample', async () => {
    const scene = newScene();
    const mover = newMover();
    const { receipt } = await done(mover, await scene.base());
    const made = await done(mover, scene.hashVolume({ table: scene.table('made') }));
    expect(made.receipt.table?.sha256).toBe(receipt.table?.sha256);
    expect(fs.readFileSync(scene.table('made')).equals(fs.readFileSync(scene.table('base')))).toBe(
      true,
    );
    const sample = { windows: 100, seed: 5, table: scene.table('base') };
    expect((await done(mover, scene.hashVolume({ sample }))).receipt.windowsCompared).toBe(
      Math.ceil(scene.sizeBytes / MIB),
    );
    const fd = fs.openSync(scene.volume, 'r+');
    fs.writeSync(fd, Buffer.from([(scene.baseContent[99] ?? 0) ^ 1]), 0, 1, 99);
    fs.closeSync(fd);
    expect(await toTheEnd(mover, scene.hashVolume({ sample }))).toMatchObject({
      state: 'failed',
      error: { code: 'VERIFY_MISMATCH', where: { offsetBytes: 0 } },
    });
  });

  it('a volume that was not empty is found out', async () => {
    const scene = newScene();
    const fd = fs.openSync(scene.volume, 'r+');
    const hole = scene.baseContent.indexOf(Buffer.alloc(512 * 1024));
    expect(hole).toBeGreaterThan(-1);
    fs.writeSync(fd, Buffer.from('x'), 0, 1, hole + 300_000);
    fs.closeSync(fd);
    expect(await toTheEnd(newMover(), await scene.base())).toMatchObject({
      state: 'failed',
      error: { code: 'VERIFY_MISMATCH' },
    });
  });

  it('many runs go on at the same time', async () => {
    const all = [newScene(), newScene(), newScene(), newScene()];
    const mover = newMover();
    const receipts = await Promise.all(all.map(async scene => done(mover, await scene.base())));
    expect(receipts.map(({ receipt }) => receipt.stateDigest)).toEqual(
      all.map(scene => plainStateDigest(scene.baseContent)),
    );
  });
});

describe('resuming', () => {
  it('does only the windows that are missing and ends with the same receipt', async () => {
    const scene = newScene();
    const whole = await done(newMover(), await scene.base());
    const stopped = newScene();
    // The same content on a new volume; half of the windows count as done, and are.
    const first = await done(newMover(), await stopped.base());
    const windowsDone = first.windows.filter(window => window.index % 2 === 0);
    const again = await done(newMover(), await stopped.base({ windowsDone }));
    expect(again.windows.map(window => window.index).sort()).toEqual(
      first.windows
        .filter(window => window.index % 2 === 1)
        .map(window => window.index)
        .sort(),
    );
    expect(again.receipt.windowsDigest).toBe(first.receipt.windowsDigest);
    expect(again.receipt.stateDigest).toBe(first.receipt.stateDigest);
    expect(again.receipt.bytes.data).toBe(first.receipt.bytes.data);
    expect(again.receipt.bytes.written).toBeLessThan(first.receipt.bytes.written);
    expect(whole.receipt.stateDigest).toBe(plainStateDigest(scene.baseContent));
  });

  it('stop finishes and reports what is in hand', async () => {
    const scene = newScene();
    const mover = newMover();
    const order = await scene.base({ bytesPerSecond: 512 * 1024 });
    const begun = await mover.attend(order, 700);
    expect(begun.state).toBe('running');
    await mover.stop(order.runId);
    const status = await mover.attend(order, 0);
    expect(status).toMatchObject({
      state: 'failed',
      error: { code: 'MOVER_STOPPED', retry: 'later' },
    });
    const windowsDone = [...begun.windows, ...status.windows];
    expect(windowsDone.length).toBeGreaterThan(0);
    const { receipt } = await done(newMover(), await scene.base({ windowsDone }));
    expect(receipt.stateDigest).toBe(plainStateDigest(scene.baseContent));
  });
});

describe('one writer', () => {
  it('a second mover on the volume is turned away', async () => {
    const scene = newScene();
    const [one, other] = [newMover(), newMover()];
    const slow = await scene.base({ bytesPerSecond: 1024 * 1024 });
    while (
      (await one.attend(slow, 10)).state === 'running' &&
      fs.statSync(scene.volume).blocks === 0
    );
    expect(await toTheEnd(other, await scene.base())).toMatchObject({
      state: 'failed',
      error: { code: 'VOLUME_BUSY', retry: 'later' },
    });
    one.renew(slow.runId, 0);
    expect((await done(one, slow)).receipt.stateDigest).toBe(plainStateDigest(scene.baseContent));
  });

  it('a mark that is not the expected one: nothing is written', async () => {
    const scene = newScene();
    const order = await scene.base();
    scene.setMark({ ...order.mark, fence: 2 });
    expect(await toTheEnd(newMover(), order)).toMatchObject({
      state: 'failed',
      error: { code: 'VOLUME_UNEXPECTED', expected: 'fence 1', found: 'fence 2' },
    });
    expect(fs.statSync(scene.volume).blocks).toBe(0);
  });

  it('ends by itself when it is not renewed for half of its lease', async () => {
    const scene = newScene();
    const order = await scene.base({ leaseMs: 1000, bytesPerSecond: 100_000 });
    expect(await toTheEnd(newMover(), order)).toMatchObject({
      state: 'failed',
      error: { code: 'MOVER_STOPPED' },
    });
  });

  it('lives as long as it is renewed, at the rate that it is given', async () => {
    const scene = newScene();
    const mover = newMover();
    // Half of the lease is what one renewal lasts.
    const leaseMs = 4_000;
    // At this rate the layer takes several times as long as it is looked at.
    const bytesPerSecond = 256 * 1024;
    const order = await scene.base({ leaseMs, bytesPerSecond });
    const started = performance.now();
    let status = await mover.attend(order, 100);
    while (status.state === 'running' && performance.now() - started < 0.75 * leaseMs) {
      mover.renew(order.runId, bytesPerSecond);
      status = await mover.attend(order, 100);
    }
    expect(status.state).toBe('running');
    mover.renew(order.runId, 0);
    expect((await toTheEnd(mover, order)).state).toBe('done');
  });

  it('continued after it slept longer than its lease, it writes nothing more', async () => {
    const scene = newScene();
    const mover = newMover();
    const order = await scene.base({ leaseMs: 8000, bytesPerSecond: 512 * 1024 });
    while (
      (await mover.attend(order, 10)).state === 'running' &&
      fs.statSync(scene.volume).blocks === 0
    );
    const pid = moverPid(scene.volume);
    process.kill(pid, 'SIGSTOP');
    const before = fs.readFileSync(scene.volume);
    // A renewal that waits in the pipe must not revive it.
    mover.renew(order.runId, 0);
    await new Promise(resolve => setTimeout(resolve, 4100));
    process.kill(pid, 'SIGCONT');
    expect(await toTheEnd(mover, order)).toMatchObject({
      state: 'failed',
      error: { code: 'MOVER_STOPPED' },
    });
    expect(fs.readFileSync(scene.volume).equals(before)).toBe(true);
  });
});

describe('failures have names', () => {
  it('a source that changed before the read', async () => {
    const scene = newScene();
    const order = await scene.base();
    const file = path.join(scene.source.folder, 'disk.vmdk');
    fs.utimesSync(file, new Date(), new Date(1e12));
    expect(await toTheEnd(newMover(), order)).toMatchObject({
      state: 'failed',
      error: { code: 'FILE_CHANGED' },
    });
    expect(fs.statSync(scene.volume).blocks).toBe(0);
  });

  it('a source that changes while it is read', async () => {
    const scene = newScene();
    const mover = newMover();
    const order = await scene.base({ bytesPerSecond: 1024 * 1024 });
    while (
      (await mover.attend(order, 10)).state === 'running' &&
      fs.statSync(scene.volume).blocks === 0
    );
    fs.utimesSync(path.join(scene.source.folder, 'disk.vmdk'), new Date(), new Date(1e12));
    mover.renew(order.runId, 0);
    expect(await toTheEnd(mover, order)).toMatchObject({
      state: 'failed',
      error: { code: 'FILE_CHANGED' },
    });
  });

  it('a source that is cut short', async () => {
    const scene = newScene();
    const order = await scene.base();
    const file = path.join(scene.source.folder, 'disk.vmdk');
    fs.truncateSync(file, Math.floor(fs.statSync(file).size / 2));
    expect(await toTheEnd(newMover(), order)).toMatchObject({
      state: 'failed',
      error: { code: expect.stringMatching(/^(LAYER_DAMAGED|FILE_CHANGED)$/) as string },
    });
    expect(fs.statSync(scene.volume).blocks).toBe(0);
  });

  it('a source that is gone', async () => {
    const scene = newScene();
    const order = await scene.base();
    fs.rmSync(path.join(scene.source.folder, 'disk.vmdk'));
    expect(await toTheEnd(newMover(), order)).toMatchObject({
      state: 'failed',
      error: { code: 'FILE_MISSING' },
    });
  });

  itOnMount(
    'a tmpfs of 1 MiB',
    mountTmpfs(MIB),
    'a full target: after space came, it goes on',
    async small => {
      const scene = newScene();
      const volume = path.join(small, 'disk.img');
      fs.writeFileSync(volume, '');
      fs.truncateSync(volume, scene.sizeBytes);
      const order = await scene.base();
      const onSmall = { ...order, volume: { ...order.volume, path: volume } };
      const failed = await toTheEnd(newMover(), onSmall);
      expect(failed).toMatchObject({
        state: 'failed',
        error: { code: 'VOLUME_FULL', where: { file: volume } },
      });
      execFileSync('mount', ['-o', `remount,size=${16 * MIB}`, small]);
      const again = await done(newMover(), {
        ...onSmall,
        runId: 'again',
        windowsDone: failed.windows,
      });
      expect(again.receipt.stateDigest).toBe(plainStateDigest(scene.baseContent));
    },
  );

  it('a mover that dies without a result: its last words', async () => {
    const scene = newScene();
    const program = fakeProgram(`process.stderr.write('out of luck\\n'); process.exit(3)`);
    expect(await toTheEnd(newMover(program), await scene.base())).toMatchObject({
      state: 'failed',
      error: {
        code: 'MOVER_FAILED',
        retry: 'later',
        found: 'exit code 3; its last words: out of luck',
      },
    });
  });

  it('another version', async () => {
    const scene = newScene();
    const program = fakeProgram(
      `console.log(JSON.stringify({type:'started',protocol:99,version:'9',pid:1,startedAt:''})); setInterval(() => {}, 1e6)`,
    );
    expect(await toTheEnd(newMover(program), await scene.base())).toMatchObject({
      state: 'failed',
      error: { code: 'MOVER_VERSION' },
    });
    expect(
      await toTheEnd(newMover(), { ...(await scene.base()), protocol: 99 as 1 }),
    ).toMatchObject({ state: 'failed', error: { code: 'MOVER_VERSION' } });
  });

  it.each([
    `'hello'`,
    `'{"type":"window","window":{"index":-1}}'`,
    `'{"type":"surprise"}'`,
    `'null'`,
  ])('something that is no mover: %s', async line => {
    const scene = newScene();
    const program = fakeProgram(`console.log(${line}); setInterval(() => {}, 1e6)`);
    expect(await toTheEnd(newMover(program), await scene.base())).toMatchObject({
      state: 'failed',
      error: { code: 'MOVER_FAILED' },
    });
  });
});

describe('a disk of 1 TiB with next to nothing on it', () => {
  it('is written and proved in seconds, in less than 150 MiB of memory', async () => {
    const scene = hugeScene(path.join(folder, 'huge'));
    const mover = newMover();
    const order = await scene.base({ windowBytes: 16 * MIB });
    let largestKib = 0;
    let status = await mover.attend(order, 20);
    while (status.state === 'running') {
      largestKib = Math.max(largestKib, largestMemoryKib(scene.volume));
      status = await mover.attend(order, 20);
    }
    expect(status).toMatchObject({
      state: 'done',
      receipt: { bytes: { data: 3 * 65_536 }, ways: { zeros: 'none' } },
    });
    expect(largestKib).toBeGreaterThan(0);
    expect(largestKib).toBeLessThan(150 * 1024);
    expect(fs.statSync(scene.volume).blocks * 512).toBeLessThan(MIB);
    expect(fs.statSync(scene.table('base')).blocks * 512).toBeLessThan(MIB);
  });
});

describe('asking again', () => {
  it('gives the end again, windows once', async () => {
    const scene = newScene();
    const mover = newMover();
    const order = await scene.base();
    const first = await done(mover, order);
    expect(first.windows.length).toBeGreaterThan(0);
    expect(await mover.attend(order, 0)).toMatchObject({
      state: 'done',
      receipt: first.receipt,
      windows: [],
    });
  });

  it('does not wait longer than its patience', async () => {
    const scene = newScene();
    const mover = newMover();
    const started = performance.now();
    expect((await mover.attend(await scene.base({ bytesPerSecond: 1000 }), 50)).state).toBe(
      'running',
    );
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

/** VmHWM of the process that has the volume open; 0 when there is none (yet). */
function largestMemoryKib(volume: string): number {
  try {
    const status = fs.readFileSync(`/proc/${moverPid(volume)}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Process that has the volume open for writing. */
function moverPid(volume: string): number {
  for (const pid of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      for (const fd of fs.readdirSync(`/proc/${pid}/fd`)) {
        if (fs.readlinkSync(`/proc/${pid}/fd/${fd}`) === volume) return Number(pid);
      }
    } catch {
      // Gone or not ours.
    }
  }
  throw new Error(`nobody has ${volume} open`);
}
