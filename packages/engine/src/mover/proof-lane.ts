/**
 * The proof of one application, in a thread of its own: it follows the durable checkpoints while
 * the lanes copy further windows, so that reading back costs no time of its own where two
 * processors are free.
 */
import { MIB, type ByteRange } from '../bytes';
import type { CopiedWindow } from '../copy/copy-layer';
import { FileVolume, type ReadBackWay } from '../copy/file-volume';
import {
  assertZeros,
  digestAtVolumeSize,
  rebuildTable,
  WindowProof,
  type ProvedWindow,
} from '../copy/verify';
import type { VolumeIo, VolumeWays } from '../copy/volume-io';
import { windowCount, windowRange } from '../copy/windows';
import { retrying } from '../copy/wrappers/retry';
import { ioBuffer } from '../native/aligned-buffer';
import { openWorkingTable, type WorkingTable } from './apply-table';
import type { MoverControl } from './control';
import type { ApplyOrder } from './mover';

/** What is known when everything is proved. */
export interface ProofResult {
  readonly stateDigest: string;
  readonly volumeDigest: string;
  readonly tableSha256: string;
  readonly readBytes: number;
  readonly readBack: VolumeWays['readBack'];
}

type ProofOrder = ApplyOrder & { readonly proof: NonNullable<ApplyOrder['proof']> };

export class ProofLane {
  private readonly volume: VolumeIo;
  private readonly proof: WindowProof;
  private readonly written: Set<number>;

  private constructor(
    private readonly order: ProofOrder,
    private readonly control: MoverControl,
    private readonly working: WorkingTable,
    readBackWay: ReadBackWay,
  ) {
    this.volume = retrying(FileVolume.open(order.volume, 'read', readBackWay), {
      attempts: 3,
      firstPauseMs: 200,
    });
    this.proof = new WindowProof(this.volume, working.table);
    this.written = new Set(order.windowsDone.map(window => window.index));
  }

  static async open(
    order: ProofOrder,
    control: MoverControl,
    readBackWay: ReadBackWay,
  ): Promise<ProofLane> {
    const working = await openWorkingTable(order, order.proof);
    const lane = new ProofLane(order, control, working, readBackWay);
    if (working.mustRebuild)
      await rebuildTable(lane.volume, working.table, () => control.assertHeld());
    return lane;
  }

  /** Proves windows that are durable; their table entries are durable when it resolves. */
  async prove(windows: readonly CopiedWindow[]): Promise<readonly ProvedWindow[]> {
    this.control.assertHeld();
    const proved = await this.proof.prove(windows);
    for (const { index } of proved) this.written.add(index);
    await this.working.table.flush();
    return proved;
  }

  /** After the last window: what was not written is as it must be, the table is named, the digests are made. */
  async finish(): Promise<ProofResult> {
    const { table } = this.working;
    const assertHeld = () => this.control.assertHeld();
    const buffer = ioBuffer(MIB);
    for (const range of this.mustReadZero())
      await assertZeros(this.volume, range, buffer, assertHeld);
    await this.proof.refresh(table.stale());
    const { stateDigest, tableSha256, beforeLast } = table.digests();
    const volumeDigest = await digestAtVolumeSize(this.volume, beforeLast, table.stateSizeBytes);
    assertHeld();
    await this.working.publish();
    const { readBack } = this.volume.ways();
    await this.volume.close();
    return { stateDigest, volumeDigest, tableSha256, readBytes: this.proof.readBytes, readBack };
  }

  /**
   * A new volume: everything that no window wrote, and what lies behind the state. A delta's volume:
   * only what lies behind the state, and only where holes make that free; the base's proof read it,
   * and no layer since reaches there.
   */
  private *mustReadZero(): Generator<ByteRange> {
    const { volume, windowBytes, content, proof } = this.order;
    const tail = { offset: proof.stateSizeBytes, length: volume.sizeBytes - proof.stateSizeBytes };
    if (content === 'parent') {
      if (volume.kind === 'file') yield tail;
      return;
    }
    let from: number | undefined;
    const windows = windowCount(proof.stateSizeBytes, windowBytes);
    for (let index = 0; index < windows; index++) {
      const { offset } = windowRange(index, windowBytes, proof.stateSizeBytes);
      if (!this.written.has(index)) from ??= offset;
      else if (from !== undefined) {
        yield { offset: from, length: offset - from };
        from = undefined;
      }
    }
    const start = from ?? tail.offset;
    yield { offset: start, length: volume.sizeBytes - start };
  }
}
