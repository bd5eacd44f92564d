/** The built program as it serves orders from files: what it holds between two of them, and how it ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import path from 'node:path';

import { MIB } from '../bytes';
import { buildMover } from '../testing/build-mover';
import { moverScene, plainStateDigest, type MoverScene } from '../testing/mover-scene';
import { tempFolder } from '../testing/temp-folder';
import { CONTROL_ANNOTATIONS } from './control-file';
import type { ApplyOrder, MoverReport } from './mover';
import { packOrder } from './packed-order';

const folder = tempFolder();
let made = 0;

describe('a mover that serves orders in turn', () => {
  let program: string;
  let scene: MoverScene;
  let at: string;
  let child: ChildProcess;
  let reports: MoverReport[];
  let ended: Promise<unknown[]>;

  beforeAll(() => {
    program = buildMover();
  }, 180_000);
  beforeEach(() => {
    at = path.join(folder, `serve-${++made}`);
    fs.mkdirSync(at);
    scene = moverScene(path.join(at, 'scene'), 2 * MIB, made);
    reports = [];
  });
  afterEach(() => {
    child.kill('SIGKILL');
  });

  const control = () => path.join(at, 'annotations');
  const say = (annotations: Readonly<Record<string, string>>) => {
    const lines = Object.entries(annotations).map(
      ([key, value]) => `${key}=${JSON.stringify(value)}`,
    );
    fs.writeFileSync(`${control()}.new`, lines.join('\n'));
    fs.renameSync(`${control()}.new`, control());
  };
  const start = (order: ApplyOrder, restMs = 60_000) => {
    const orderFile = path.join(at, 'order.json');
    fs.writeFileSync(orderFile, packOrder(order));
    const files = ['--order-file', orderFile, '--control-file', control()];
    const result = ['--result-file', path.join(at, 'result'), '--rest-ms', String(restMs)];
    child = spawn(process.execPath, [program, ...files, ...result], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    ended = once(child, 'exit');
    let rest = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      reports.push(...lines.map(line => JSON.parse(line) as MoverReport));
    });
  };
  const doneOf = async (layerId: string) => {
    const limit = performance.now() + 30_000;
    for (;;) {
      const failed = reports.find(report => report.type === 'failed');
      if (failed !== undefined || performance.now() > limit)
        throw new Error(`not done: ${JSON.stringify(reports.at(-1))}`);
      for (const report of reports)
        if (report.type === 'done' && report.receipt.layerId === layerId) return report.receipt;
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  };
  /** Of the program and all that it started. */
  const holdsVolume = () =>
    [child.pid ?? 0, ...childrenOf(child.pid ?? 0)].some(pid =>
      fs
        .readdirSync(`/proc/${pid}/fd`)
        .some(fd => linkOf(`/proc/${pid}/fd/${fd}`) === scene.volume),
    );

  it('has closed the volume when it says that a layer is done, and writes the next one when told', async () => {
    start(await scene.base({ afterwards: 'rest' }));
    const base = await doneOf('base');
    expect(holdsVolume()).toBe(false);
    expect(base.stateDigest).toBe(plainStateDigest(scene.baseContent));
    expect(fs.readFileSync(scene.volume).equals(scene.baseContent)).toBe(true);
    const { source: _, ...next } = await scene.delta();
    const packed = packOrder({ ...next, runId: 'm/next/1' } as ApplyOrder).toString('base64');
    say({ [CONTROL_ANNOTATIONS.nextOrder]: packed });
    const delta = await doneOf('delta');
    expect(delta.stateDigest).toBe(plainStateDigest(scene.deltaContent));
    expect(await ended).toEqual([0, null]);
    expect(fs.readFileSync(path.join(at, 'result'), 'utf8')).toContain('"layerId":"delta"');
    expect(fs.readFileSync(scene.volume).equals(scene.deltaContent)).toBe(true);
  }, 180_000);

  it.each<[string, () => void]>([
    ['its time is over', () => undefined],
    ['it is told to stop', () => say({ [CONTROL_ANNOTATIONS.stop]: 'true' })],
    ['its pod is deleted', () => child.kill('SIGTERM')],
  ])(
    'ends well with what it said last when %s',
    async (why, act) => {
      start(await scene.base({ afterwards: 'rest' }), why.startsWith('its time') ? 300 : 60_000);
      await doneOf('base');
      act();
      expect(await ended).toEqual([0, null]);
      expect(fs.readFileSync(path.join(at, 'result'), 'utf8')).toContain('"layerId":"base"');
    },
    180_000,
  );

  it('fails on a next order that is none', async () => {
    start(await scene.base({ afterwards: 'rest' }));
    await doneOf('base');
    say({ [CONTROL_ANNOTATIONS.nextOrder]: Buffer.from('{').toString('base64') });
    expect(await ended).toEqual([1, null]);
    expect(reports.at(-1)).toMatchObject({ type: 'failed', error: { code: 'MOVER_FAILED' } });
  }, 180_000);
});

function childrenOf(pid: number): number[] {
  const text = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

function linkOf(file: string): string | undefined {
  try {
    return fs.readlinkSync(file);
  } catch {
    return undefined;
  }
}
