/** What an application has done so far: window reports, bytes by kind, and at the end its receipt. */
import { createHash } from 'node:crypto';

import type { CopiedWindow } from '../copy/copy-layer';
import type { ProvedWindow } from '../copy/verify';
import type { VolumeWays } from '../copy/volume-io';
import type { ApplyOrder, MoverProgress, WindowReport } from './mover';
import type { ProofResult } from './proof-lane';
import type { ReceiptFacts } from './run-context';

export class ApplyTally {
  bytesTotal = 0;
  private readonly reports = new Map<number, WindowReport>();
  private readonly bytes = { data: 0, zero: 0, written: 0, read: 0 };
  private readonly workBefore: number;

  constructor(private readonly order: ApplyOrder) {
    for (const window of order.windowsDone) {
      this.reports.set(window.index, window);
      this.count(window);
    }
    this.workBefore = order.windowsDone.reduce(
      (sum, { dataBytes, zeroBytes }) =>
        sum + dataBytes + (order.content === 'parent' ? zeroBytes : 0),
      0,
    );
  }

  copied(window: CopiedWindow): void {
    this.bytes.written += window.writtenBytes;
    this.bytes.read += window.dataBytes;
    // With a proof a window counts when it is proved.
    if (this.order.proof === undefined) this.count(window);
  }

  proved(window: ProvedWindow): WindowReport {
    this.count(window);
    this.reports.set(window.index, window);
    return window;
  }

  /** `bytesOfRun`: own bytes dealt with in this run. */
  progress(
    bytesOfRun: number,
    phase: MoverProgress['phase'],
  ): Omit<MoverProgress, 'bytesPerSecond'> {
    const bytesDone = this.workBefore + bytesOfRun;
    return { bytesDone, bytesTotal: Math.max(bytesDone, this.bytesTotal), phase };
  }

  /** `proof` absent: nothing was proved, so no digest is claimed. */
  receipt(ways: readonly VolumeWays[], proof: ProofResult | undefined): ReceiptFacts {
    const { order } = this;
    const zeros =
      (['written', 'punched'] as const).find(way => ways.some(one => one.zeros === way)) ?? 'none';
    const facts = {
      layerId: order.layerId,
      fence: order.fence,
      bytes: { ...this.bytes },
      windowBytes: order.windowBytes,
    };
    if (proof === undefined || order.proof === undefined)
      return { ...facts, ways: { zeros, readBack: 'none' } };
    return {
      ...facts,
      windows: this.reports.size,
      windowsDigest: windowsDigest(this.reports.values()),
      stateDigest: proof.stateDigest,
      volumeDigest: proof.volumeDigest,
      table: { path: order.proof.table, sha256: proof.tableSha256 },
      ways: { zeros, readBack: proof.readBack },
    };
  }

  private count({ dataBytes, zeroBytes }: { dataBytes: number; zeroBytes: number }): void {
    this.bytes.data += dataBytes;
    this.bytes.zero += zeroBytes;
  }
}

/** SHA-256 over the windows' digests in the order of the windows, hex. */
export function windowsDigest(windows: Iterable<Pick<WindowReport, 'index' | 'digest'>>): string {
  const hash = createHash('sha256');
  for (const { digest } of [...windows].sort((one, other) => one.index - other.index))
    hash.update(Buffer.from(digest, 'hex'));
  return hash.digest('hex');
}
