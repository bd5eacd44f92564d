/** The class proof's bytes through mover pods: each write and each comparison is an order of its own. */
import { randomBytes } from 'node:crypto';

import { EngineError } from '../../../errors';
import { type Mover, MOVER_PROTOCOL, type PatternOrder, type Receipt } from '../../../mover/mover';
import type { ProbeComparison, ProbeIo } from '../../probe-io';
import type { ProbePattern } from '../../probe-pattern';
import type { Pending, Volume } from '../../target';

/** A look at a pod takes as long at most. */
const PATIENCE_MS = 2_000;

export class PodProbeIo implements ProbeIo {
  /** Orders under way. One that has ended is forgotten, so that the same question later is a new look. */
  private readonly underWay = new Map<string, PatternOrder>();

  constructor(private readonly mover: Mover) {}

  async write(
    volume: Volume,
    pattern: ProbePattern,
  ): Promise<{ readonly durationMs: number } | Pending> {
    const receipt = await this.run('write', volume, pattern);
    return 'pending' in receipt ? receipt : { durationMs: Math.max(1, receipt.durationMs) };
  }

  async compare(volume: Volume, pattern: ProbePattern): Promise<ProbeComparison | Pending> {
    const receipt = await this.run('compare', volume, pattern);
    if ('pending' in receipt) return receipt;
    const { differsAt } = receipt;
    return differsAt === undefined ? { equal: true } : { equal: false, offsetBytes: differsAt };
  }

  private async run(
    act: PatternOrder['act'],
    volume: Volume,
    pattern: ProbePattern,
  ): Promise<Receipt | Pending> {
    const key = JSON.stringify([act, volume.name, volume.mark.generation, pattern]);
    const order = this.underWay.get(key) ?? orderFor(act, volume, pattern);
    this.underWay.set(key, order);
    const status = await this.mover.attend(order, PATIENCE_MS);
    if (status.state === 'running') {
      const reason = status.waitingFor ?? `pod ${volume.name}, which is at work on the pattern`;
      return { pending: true, retryMs: 200, reason };
    }
    this.underWay.delete(key);
    if (status.state === 'failed') throw EngineError.fromJSON(status.error);
    return status.receipt;
  }
}

function orderFor(act: PatternOrder['act'], volume: Volume, pattern: ProbePattern): PatternOrder {
  return {
    protocol: MOVER_PROTOCOL,
    order: 'pattern',
    act,
    runId: `${volume.mark.migrationId}/probe-${act}/${randomBytes(6).toString('hex')}`,
    leaseMs: 60_000,
    bytesPerSecond: 0,
    volume: volume.address,
    seed: pattern.seed,
    lengthBytes: pattern.lengthBytes,
  };
}
