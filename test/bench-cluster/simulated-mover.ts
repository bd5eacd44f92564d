/** A Mover that moves nothing: a run reports its windows and a receipt a moment after it was begun. */
import { createHash } from 'node:crypto';

import type {
  ApplyOrder,
  Mover,
  MoverOrder,
  MoverStatus,
  Receipt,
  WindowReport,
} from '../../packages/engine/src/mover/mover';

/** In two calls, so that progress and windows are stored while it runs, as of a real one. */
export class SimulatedMover implements Mover {
  private readonly begun = new Set<string>();

  attend(order: MoverOrder): Promise<MoverStatus> {
    if (order.order !== 'apply') return Promise.reject(new Error(`no ${order.order} here`));
    const window = windowOf(order);
    if (!this.begun.has(order.runId)) {
      this.begun.add(order.runId);
      const bytesTotal = 2 * window.dataBytes;
      const progress = {
        bytesDone: window.dataBytes,
        bytesTotal,
        bytesPerSecond: bytesTotal,
        phase: 'copying' as const,
      };
      return Promise.resolve({ state: 'running', progress, windows: [window] });
    }
    this.begun.delete(order.runId);
    return Promise.resolve({ state: 'done', receipt: receiptOf(order, window), windows: [] });
  }

  renew(): void {}

  async stop(): Promise<void> {}

  async handOver(): Promise<void> {}

  async close(): Promise<void> {}
}

function windowOf({ layerId }: ApplyOrder): WindowReport {
  return { index: 0, dataBytes: 1024 * 1024, zeroBytes: 0, digest: digestOf(layerId) };
}

function receiptOf(order: ApplyOrder, window: WindowReport): Receipt {
  const now = new Date().toISOString();
  return {
    order: 'apply',
    runId: order.runId,
    layerId: order.layerId,
    fence: order.fence,
    bytes: { data: window.dataBytes, zero: 0, written: window.dataBytes, read: window.dataBytes },
    windowBytes: order.windowBytes,
    windows: 1,
    windowsDigest: digestOf(window.digest),
    stateDigest: digestOf(order.layerId),
    volumeDigest: digestOf(order.layerId),
    table: { path: order.proof?.table ?? '', sha256: digestOf('table') },
    startedAt: now,
    finishedAt: now,
    durationMs: 1,
    moverVersion: 'simulated',
  };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
