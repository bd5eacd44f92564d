import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';

import { MIB } from '../bytes';
import { buildMover } from '../testing/build-mover';
import {
  moverScene,
  plainStateDigest,
  plainWindowsDigest,
  SCENE_WINDOW_BYTES,
  type MoverScene,
} from '../testing/mover-scene';
import { tempFolder } from '../testing/temp-folder';
import type { ApplyOrder, MoverOrder, MoverReport, WindowReport } from './mover';
import { packOrder } from './packed-order';
import { parseReport } from './parse-report';

const folder = tempFolder();
jest.setTimeout(60_000);
let scenes = 0;
const newScene = (sizeBytes = 6 * MIB, extraBytes = 0): MoverScene =>
  moverScene(path.join(folder, `scene-${++scenes}`), sizeBytes, scenes, extraBytes);

interface Run {
  readonly reports: MoverReport[];
  readonly result: Extract<MoverReport, { type: 'done' | 'failed' }>;
  readonly resultBytes: number;
  readonly code: number | null;
}

interface RunOptions {
  /** Splits the order's file as several Secrets would. */
  readonly parts?: number;
  readonly annotations?: string;
  /** Called with every report, to steer the run. */
  onReport?(report: MoverReport, steer: Steering): void;
}

interface Steering {
  annotate(text: string): void;
  signal(name: NodeJS.Signals): void;
}

/** The built program with files, as a pod runs it. */
function runWithFiles(order: MoverOrder, options: RunOptions = {}): Promise<Run> {
  const place = fs.mkdtempSync(path.join(folder, 'run-'));
  const [orderFile, controlFile, resultFile] = ['order.json', 'annotations', 'result'].map(name =>
    path.join(place, name),
  ) as [string, string, string];
  const { parts = 1 } = options;
  const packed = packOrder(order);
  const partBytes = Math.ceil(packed.length / parts);
  for (let part = 0; part < parts; part++) {
    const bytes = packed.subarray(part * partBytes, (part + 1) * partBytes);
    fs.writeFileSync(part === 0 ? orderFile : `${orderFile}.${part}`, bytes);
  }
  const annotate = (text: string) => fs.writeFileSync(controlFile, text);
  annotate(options.annotations ?? '');
  const child = spawn(process.execPath, [
    buildMover(),
    `--order-file=${orderFile}`,
    `--control-file=${controlFile}`,
    `--result-file=${resultFile}`,
  ]);
  child.stdin.end();
  const reports: MoverReport[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const report = parseReport(line);
      reports.push(report);
      options.onReport?.(report, { annotate, signal: name => void child.kill(name) });
    }
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  return new Promise((resolve, reject) => {
    child.on('close', code => {
      try {
        const text = fs.readFileSync(resultFile, 'utf8');
        resolve({
          reports,
          result: parseReport(text) as Run['result'],
          resultBytes: Buffer.byteLength(text),
          code,
        });
      } catch (error) {
        reject(new Error(`${String(error)}; stderr: ${stderr}`));
      }
    });
  });
}

function windowsOf({ reports }: Run): WindowReport[] {
  return reports.flatMap(report => (report.type === 'window' ? [report.window] : []));
}

/** As the Kubernetes target gives it out: no file yet, no lock and no mark of a shared machine. */
function podOrder(order: ApplyOrder): ApplyOrder {
  const { kind, path: file, sizeBytes } = order.volume;
  return {
    ...order,
    leaseMs: 1,
    volume: { kind, path: file, sizeBytes, name: 'web-0', missingFile: 'made' },
  };
}

describe('the mover program with files', () => {
  it('makes disk.img sparse, writes the layer, and leaves its receipt in the result file', async () => {
    const scene = newScene(6 * MIB, MIB);
    fs.rmSync(scene.volume);
    // A lease of 1 ms would end any mover that minds it.
    const run = await runWithFiles(podOrder(await scene.base()));
    expect(run.code).toBe(0);
    if (run.result.type !== 'done') throw new Error(JSON.stringify(run.result));
    const { receipt } = run.result;
    expect(run.resultBytes).toBeLessThanOrEqual(4096);
    expect(run.reports.at(-1)).toEqual(run.result);
    expect(receipt.windowsDigest).toBe(plainWindowsDigest(windowsOf(run)));
    expect(receipt.stateDigest).toBe(plainStateDigest(scene.baseContent));
    const stat = fs.statSync(scene.volume);
    expect(stat.size).toBe(7 * MIB);
    expect(stat.mode & 0o777).toBe(0o660);
    expect(
      fs
        .readFileSync(scene.volume)
        .subarray(0, 6 * MIB)
        .equals(scene.baseContent),
    ).toBe(true);
  });

  it('takes an order in parts, and skips the windows that it names', async () => {
    const scene = newScene();
    const order = await scene.base();
    const first = await runWithFiles(order);
    const windows = windowsOf(first);
    expect(windows.length).toBeGreaterThan(2);
    const kept = windows.slice(0, windows.length - 2);
    const second = await runWithFiles({ ...order, windowsDone: kept }, { parts: 3 });
    expect(
      windowsOf(second)
        .map(window => window.index)
        .sort(),
    ).toEqual(
      windows
        .slice(-2)
        .map(window => window.index)
        .sort(),
    );
    if (first.result.type !== 'done' || second.result.type !== 'done') throw new Error('failed');
    expect(second.result.receipt.windowsDigest).toBe(first.result.receipt.windowsDigest);
    expect(second.result.receipt.stateDigest).toBe(first.result.receipt.stateDigest);
  });

  it.each<[string, (scene: MoverScene) => Promise<ApplyOrder>]>([
    ['a delta', async scene => podOrder(await scene.delta())],
    [
      'a base of which windows are done',
      async scene => {
        const window = { index: 0, dataBytes: 1, zeroBytes: 0, digest: 'ab'.repeat(32) };
        return podOrder(await scene.base({ windowsDone: [window] }));
      },
    ],
  ])('never makes the file for %s: then the volume is lost', async (_, make) => {
    const scene = newScene();
    const order = await make(scene);
    fs.rmSync(scene.volume);
    const { result, code } = await runWithFiles(order);
    expect(code).toBe(1);
    expect(result).toMatchObject({ type: 'failed', error: { code: 'VOLUME_MISSING' } });
    expect(fs.existsSync(scene.volume)).toBe(false);
  });

  it('makes a file that a crash left empty, and leaves any other size alone', async () => {
    const scene = newScene();
    fs.truncateSync(scene.volume, 0);
    const order = podOrder(await scene.base());
    expect((await runWithFiles(order)).result.type).toBe('done');
    fs.truncateSync(scene.volume, MIB);
    expect((await runWithFiles(order)).result).toMatchObject({
      error: { code: 'VOLUME_UNEXPECTED' },
    });
    expect(fs.statSync(scene.volume).size).toBe(MIB);
  });

  const slow = (order: ApplyOrder): ApplyOrder => ({
    ...order,
    bytesPerSecond: 2 * SCENE_WINDOW_BYTES,
  });

  it.each<[string, (steer: Steering) => void]>([
    ['an annotation', ({ annotate }) => annotate('a="b"\nvm-migrate.io/stop="true"\n')],
    ['SIGTERM', ({ signal }) => signal('SIGTERM')],
  ])('finishes the window in hand and ends when it is told by %s', async (_, tell) => {
    const scene = newScene();
    const order = slow(await scene.base());
    let told = false;
    const run = await runWithFiles(order, {
      onReport: (report, steer) => {
        if (told || report.type !== 'window') return;
        told = true;
        tell(steer);
      },
    });
    expect(run.code).toBe(1);
    expect(run.result).toMatchObject({ error: { code: 'MOVER_STOPPED', retry: 'later' } });
    const windows = windowsOf(run);
    // What was reported counts: the rest alone is done by the next one.
    const next = await runWithFiles({ ...order, bytesPerSecond: 0, windowsDone: windows });
    if (next.result.type !== 'done') throw new Error(JSON.stringify(next.result));
    const indexes = [...windows, ...windowsOf(next)].map(window => window.index);
    expect(new Set(indexes).size).toBe(indexes.length);
    expect(next.result.receipt.windowsDigest).toBe(
      plainWindowsDigest([...windows, ...windowsOf(next)]),
    );
    expect(fs.readFileSync(scene.volume).equals(scene.baseContent)).toBe(true);
  });

  it('takes its rate from the annotations', async () => {
    const scene = newScene();
    // At this rate it would take hours; the annotation that comes later lets it go on.
    const run = await runWithFiles(
      { ...(await scene.base()), bytesPerSecond: 1_000 },
      { annotations: 'vm-migrate.io/bytes-per-second="0"\n' },
    );
    expect(run.result.type).toBe('done');
  });

  it('says why it cannot begin, also in the result file', async () => {
    const scene = newScene();
    const order = { ...(await scene.base()), protocol: 99 } as unknown as MoverOrder;
    const { code, result } = await runWithFiles(order);
    expect(code).toBe(1);
    expect(result).toMatchObject({ error: { code: 'MOVER_VERSION' } });
  });
});

describe('patterns', () => {
  const pattern = (scene: MoverScene, change: Partial<Extract<MoverOrder, { order: 'pattern' }>>) =>
    ({
      protocol: 1,
      runId: 'probe',
      leaseMs: 1,
      bytesPerSecond: 0,
      order: 'pattern',
      act: 'write',
      volume: {
        kind: 'file',
        path: scene.volume,
        sizeBytes: 6 * MIB,
        name: 'p',
        missingFile: 'made',
      },
      seed: 'first',
      lengthBytes: 4 * MIB,
      ...change,
    }) as const;

  it('are written to a new volume, read back, and differ where somebody changed them', async () => {
    const scene = newScene();
    fs.rmSync(scene.volume);
    const written = await runWithFiles(pattern(scene, {}));
    expect(written.result).toMatchObject({ receipt: { bytes: { written: 4 * MIB } } });
    expect(fs.statSync(scene.volume).size).toBe(6 * MIB);
    const same = await runWithFiles(pattern(scene, { act: 'compare' }));
    expect(same.result.type === 'done' && same.result.receipt.differsAt).toBeUndefined();
    const other = await runWithFiles(pattern(scene, { act: 'compare', seed: 'second' }));
    expect(other.result).toMatchObject({ receipt: { differsAt: 0 } });
    const file = fs.openSync(scene.volume, 'r+');
    fs.writeSync(file, Buffer.from([1, 2, 3]), 0, 3, 2 * MIB + 5);
    fs.closeSync(file);
    const changed = await runWithFiles(pattern(scene, { act: 'compare' }));
    expect(changed.result).toMatchObject({ receipt: { differsAt: 2 * MIB } });
  });

  it('are the very bytes of the engine’s own probe', async () => {
    const scene = newScene();
    await runWithFiles(pattern(scene, {}));
    // targets/probe-pattern.ts is behind a wall from here: its definition, written down plainly.
    const { createCipheriv, createHash } = await import('node:crypto');
    const key = createHash('sha256').update('first').digest();
    const counter = Buffer.from('0000000000000003'.padEnd(32, '0'), 'hex');
    const expected = createCipheriv('aes-256-ctr', key, counter).update(Buffer.alloc(MIB));
    expect(
      fs
        .readFileSync(scene.volume)
        .subarray(3 * MIB, 4 * MIB)
        .equals(expected),
    ).toBe(true);
  });
});
