/**
 * Carries out an apply order: lanes copy windows, checkpoints make them durable, the proof reads
 * them back, and only then they are reported.
 *
 *   copied -> (64 MiB or a second later: fdatasync) durable -> read back, table flushed -> reported
 *
 * All of it goes on at the same time; what is copied but not proved is bounded by the lanes.
 */
import { availableParallelism } from 'node:os';

import { MIB } from '../bytes';
import type { CopiedWindow } from '../copy/copy-layer';
import { FileVolume, type WriteWay } from '../copy/file-volume';
import type { VolumeIo, VolumeWays } from '../copy/volume-io';
import { assertWindowBytes } from '../copy/windows';
import { leased } from '../copy/wrappers/leased';
import { EngineError } from '../errors';
import type { LayerFormat } from '../formats/layer';
import { ApplyTally } from './apply-tally';
import { copySpans } from './copy-lane';
import { Deferred } from './deferred';
import { assertManifest } from './manifest-check';
import type { ApplyOrder } from './mover';
import { openOrderLayer, readersOf } from './order-source';
import { ownWork } from './own-work';
import { ProofThread } from './proof-thread';
import { isPushed, type PushedApplyOrder, WindowFeed } from './push/window-feed';
import type { ReceiptFacts, RunContext } from './run-context';
import { MoverThread, revived } from './threads';
import { checkMark, lockVolume } from './volume-lock';

const CHECKPOINT_BYTES = 64 * MIB;
const CHECKPOINT_MS = 1_000;
const TICK_MS = 100;

/** @throws EngineError; nothing of this process writes to the volume any more when it does */
export async function runApply(order: ApplyOrder, context: RunContext): Promise<ReceiptFacts> {
  assertWindowBytes(order.windowBytes);
  lockVolume(order.volume, 'write');
  if (order.volume.markPath !== undefined) checkMark(order.volume.markPath, order.mark);
  const run = new ApplyRun(order, context);
  let failure: unknown;
  try {
    return await run.toTheEnd();
  } catch (error) {
    failure = error;
    context.control.stopAtOnce();
    throw error;
  } finally {
    await run.close(failure);
  }
}

class ApplyRun {
  private readonly tally: ApplyTally;
  /** Opened before the first write: an error of writeback reaches every descriptor that was open then. */
  private readonly flusher: VolumeIo;
  private readonly threads: MoverThread[] = [];
  private readonly lanes: Promise<VolumeWays>[] = [];
  private proof: ProofThread | undefined;
  private feed: WindowFeed | undefined;
  /** Copied, not durable. */
  private fresh: CopiedWindow[] = [];
  private freshBytes = 0;
  private checkpointAt = Date.now();
  private flushing: Promise<void> | undefined;
  private phase: 'copying' | 'verifying' = 'copying';
  private readonly failed = new Deferred<never>();
  private readonly ticker: NodeJS.Timeout;

  constructor(
    private readonly order: ApplyOrder,
    private readonly context: RunContext,
  ) {
    this.tally = new ApplyTally(order);
    this.flusher = leased(FileVolume.open(order.volume, 'write'), context.control);
    this.ticker = setInterval(() => this.tick(), TICK_MS);
    this.failed.promise.catch(() => undefined);
  }

  async toTheEnd(): Promise<ReceiptFacts> {
    const { context, order } = this;
    if (isPushed(order)) await this.startFeed(order);
    else await this.startLanes();
    const ways = await this.unlessFailed(Promise.all(this.lanes));
    this.phase = 'verifying';
    await this.unlessFailed(this.lastCheckpoint());
    await this.unlessFailed(Promise.resolve(this.proof?.drained()));
    if (!context.control.mayGoOn()) throw context.control.stopError();
    return this.tally.receipt(ways, await this.unlessFailed(Promise.resolve(this.proof?.finish())));
  }

  /** Lanes end by themselves at their next write; only then the descriptors may go. */
  async close(failure: unknown): Promise<void> {
    clearInterval(this.ticker);
    await Promise.allSettled(this.lanes);
    await Promise.allSettled([
      this.flushing,
      this.proof?.terminate(),
      ...this.threads.map(thread => thread.terminate()),
    ]);
    await this.flusher.close();
    await this.feed?.close(failure);
  }

  private async startLanes(): Promise<void> {
    const laneCount = await this.lookAtLayer();
    this.startProof();
    for (let extra = 1; extra < laneCount; extra++) this.lanes.push(this.startLane());
    this.lanes.push(
      copySpans(this.order, this.context.control, this.way, window => this.onCopied(window)),
    );
  }

  /** The engine reads the layer; here its windows are received. */
  private async startFeed(order: PushedApplyOrder): Promise<void> {
    this.feed = await WindowFeed.open(order, this.context.control, {
      onWork: bytes => (this.tally.bytesTotal = bytes),
      onWindow: window => this.onCopied(window),
    });
    this.startProof();
    this.lanes.push(this.feed.receive());
  }

  /** Opens the layer once for its format and what there is to do; each lane opens it again. */
  private async lookAtLayer(): Promise<number> {
    const layer = await openOrderLayer(this.order.source, this.order.layer.file);
    try {
      await assertManifest(layer, this.order.layer.manifest);
      this.tally.bytesTotal = await ownWork(layer, this.order.content);
      const lanes = this.context.lanes ?? lanesFor(layer.format);
      return Math.min(lanes, readersOf(this.order.source));
    } finally {
      await layer.close();
    }
  }

  private startProof(): void {
    const { order, context } = this;
    if (order.proof === undefined) return;
    this.proof = new ProofThread(
      context.program,
      {
        role: 'proof',
        order,
        control: context.control.memory,
        readBackWay: context.flush === 'none' ? 'cache' : 'emptied-cache',
      },
      windows => {
        context.control.addUnproved(-windows.length);
        for (const window of windows) {
          context.onWindow(this.tally.proved(window));
          this.feed?.acknowledge(window.index);
        }
      },
    );
    this.proof.ended.catch((error: unknown) => this.fail(error));
  }

  private startLane(): Promise<VolumeWays> {
    const { order, context } = this;
    const ways = new Deferred<VolumeWays>();
    const thread = new MoverThread(
      context.program,
      { role: 'copy', order, control: context.control.memory, way: this.way },
      report => {
        if (report.type === 'copied') this.onCopied(revived(report.window));
        if (report.type === 'lane-end') ways.resolve(report.ways);
      },
    );
    this.threads.push(thread);
    // After `lane-end` neither changes anything.
    thread.ended.then(
      () => ways.reject(new EngineError('INTERNAL', { found: 'a lane that ended without a word' })),
      error => ways.reject(error),
    );
    return ways.promise;
  }

  /** Who leaves out the flush leaves the bytes in the page cache. */
  private get way(): WriteWay {
    return this.context.flush === 'none' ? 'cache' : 'direct';
  }

  private onCopied(window: CopiedWindow): void {
    this.tally.copied(window);
    if (this.proof === undefined) {
      this.context.control.addUnproved(-1);
      this.feed?.acknowledge(window.index);
    } else {
      this.fresh.push(window);
    }
    this.freshBytes += window.dataBytes + window.zeroBytes;
    if (this.freshBytes >= CHECKPOINT_BYTES) this.checkpoint();
  }

  private tick(): void {
    const { control } = this.context;
    control.watch();
    this.context.onProgress(this.tally.progress(control.bytesDone(), this.phase));
    if (this.freshBytes > 0 && Date.now() - this.checkpointAt >= CHECKPOINT_MS) this.checkpoint();
  }

  /** Makes what is fresh durable and hands it to the proof; one at a time, the next one takes what came meanwhile. */
  private checkpoint(): void {
    if (this.flushing !== undefined || this.freshBytes === 0) return;
    const windows = this.fresh;
    this.fresh = [];
    this.freshBytes = 0;
    this.checkpointAt = Date.now();
    this.flushing = this.flush()
      .then(() => {
        if (windows.length > 0) this.proof?.prove(windows);
      })
      .catch((error: unknown) => this.fail(error))
      .finally(() => {
        this.flushing = undefined;
        if (this.freshBytes >= CHECKPOINT_BYTES) this.checkpoint();
      });
  }

  private async lastCheckpoint(): Promise<void> {
    while (this.flushing !== undefined || this.freshBytes > 0) {
      this.checkpoint();
      await this.flushing;
    }
  }

  private async flush(): Promise<void> {
    if (this.context.flush === 'checkpoints') await this.flusher.flush();
  }

  private fail(error: unknown): void {
    this.context.control.stopAtOnce();
    this.failed.reject(error);
  }

  /** What comes first: the work, or the failure of something that goes on beside it. */
  private unlessFailed<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.failed.promise]);
  }
}

/** Unpacking keeps one processor busy for longer than everything else: share it. */
function lanesFor(format: LayerFormat): number {
  switch (format) {
    case 'stream-optimized':
      return Math.max(1, Math.min(4, availableParallelism()));
    case 'raw':
    case 'flat':
    case 'hosted-sparse':
    case 'cowd':
    case 'se-sparse':
      return 1;
  }
}
