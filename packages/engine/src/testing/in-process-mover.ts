/**
 * Runs orders in the test's own process: the same code as the mover program without the cost of a
 * process each. For tests of many small migrations; whatever kills or stops a mover takes LocalMover.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { EngineError } from '../errors';
import type { Mover, MoverOrder, MoverProgress, MoverStatus, WindowReport } from '../mover/mover';
import { startOrder, type OrderRun } from '../mover/run-order';

interface InProcessRun {
  readonly run: OrderRun;
  windows: WindowReport[];
  progress: MoverProgress | undefined;
  status: MoverStatus | undefined;
}

/** A mover keeps the volume's lock until its process ends, which here never comes: each run locks a file of its own. */
function withLock(order: MoverOrder, folder: string): MoverOrder {
  if (order.order === 'hash-chain') return order;
  const lockPath = path.join(folder, 'lock');
  writeFileSync(lockPath, '');
  return { ...order, volume: { ...order.volume, lockPath } };
}

export class InProcessMover implements Mover {
  private readonly runs = new Map<string, InProcessRun>();

  /** `program`: the built mover, whose threads are used for reading back. */
  constructor(private readonly program: string) {}

  async attend(order: MoverOrder, patienceMs: number): Promise<MoverStatus> {
    const entry = this.runs.get(order.runId) ?? this.start(order);
    const { promise: patience, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, patienceMs);
    await Promise.race([entry.run.ended, patience]);
    clearTimeout(timer);
    const windows = entry.windows;
    entry.windows = [];
    if (entry.status !== undefined) return { ...entry.status, windows };
    return { state: 'running', progress: entry.progress, windows };
  }

  renew(runId: string, bytesPerSecond: number): void {
    const run = this.runs.get(runId)?.run;
    run?.command({ type: 'renew' });
    run?.command({ type: 'limit', bytesPerSecond });
  }

  async stop(runId: string): Promise<void> {
    const entry = this.runs.get(runId);
    entry?.run.command({ type: 'stop' });
    await entry?.run.ended;
  }

  handOver(runId: string): Promise<void> {
    return this.stop(runId);
  }

  async close(): Promise<void> {
    for (const { run } of this.runs.values()) run.abandon();
    await Promise.all([...this.runs.values()].map(({ run }) => run.ended));
  }

  private start(order: MoverOrder): InProcessRun {
    // Filled in before the first report can come: reports are said from a later turn of the loop.
    const entry = { windows: [], progress: undefined, status: undefined } as unknown as {
      -readonly [K in keyof InProcessRun]: InProcessRun[K];
    };
    const lockFolder = mkdtempSync(path.join(tmpdir(), 'vm-migrate-lock-'));
    entry.run = startOrder(withLock(order, lockFolder), {
      program: this.program,
      lanes: 1,
      flush: 'checkpoints',
      say: report => {
        if (report.type === 'window') entry.windows.push(report.window);
        if (report.type === 'progress') entry.progress = report.progress;
        if (report.type === 'done')
          entry.status = { state: 'done', receipt: report.receipt, windows: [] };
        if (report.type === 'failed')
          entry.status = { state: 'failed', error: report.error, windows: [] };
      },
    });
    this.runs.set(order.runId, entry);
    void entry.run.ended.finally(() => rmSync(lockFolder, { recursive: true, force: true }));
    void entry.run.ended.catch((error: unknown) => {
      entry.status = {
        state: 'failed',
        error: new EngineError('INTERNAL', { cause: error }).toJSON(),
        windows: [],
      };
    });
    return entry;
  }
}
