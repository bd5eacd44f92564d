/**
 * Carries out the two hash orders: the digest of a whole state, of a volume or of a chain at the
 * source, spans shared by several threads and put together in order; or a sample of a volume.
 */
import { renameSync } from 'node:fs';
import { availableParallelism } from 'node:os';

import { MIB } from '../bytes';
import { BlockTable, syncFolderOf } from '../copy/block-table';
import { BLOCK_BYTES, DIGEST_BYTES, zeroDigest } from '../copy/blocks';
import { FileVolume } from '../copy/file-volume';
import { compareSample } from '../copy/sample';
import { StateDigest } from '../copy/state-digest';
import { assertZeros, digestAtVolumeSize } from '../copy/verify';
import { EngineError } from '../errors';
import { ioBuffer } from '../native/aligned-buffer';
import { Deferred } from './deferred';
import { HASH_SPAN_BYTES, openHashLane, spanRange, type HashLane } from './hash-lane';
import type { HashChainOrder, HashVolumeOrder } from './mover';
import { readersOf } from './order-source';
import type { ReceiptFacts, RunContext } from './run-context';
import { MoverThread } from './threads';
import { lockVolume } from './volume-lock';

const TICK_MS = 100;
/** Results that may wait for an earlier span. */
const AHEAD = 256;

export async function runHashVolume(
  order: HashVolumeOrder,
  context: RunContext,
): Promise<ReceiptFacts> {
  lockVolume(order.volume, 'read');
  if (order.stateSizeBytes > order.volume.sizeBytes) {
    throw new EngineError('VOLUME_UNEXPECTED', {
      where: { file: order.volume.path },
      expected: `at least ${order.stateSizeBytes} bytes`,
      found: `${order.volume.sizeBytes} bytes`,
    });
  }
  const volume = FileVolume.open(order.volume, 'read');
  try {
    if (order.sample !== undefined) {
      const { windows, bytes } = await compareSample(
        volume,
        order.stateSizeBytes,
        order.sample,
        context.control,
      );
      return {
        bytes: readOnly(bytes),
        windowsCompared: windows,
        ways: { zeros: 'none', readBack: volume.ways().readBack },
      };
    }
    const tail = {
      offset: order.stateSizeBytes,
      length: order.volume.sizeBytes - order.stateSizeBytes,
    };
    await assertZeros(volume, tail, ioBuffer(MIB), () => context.control.assertHeld());
    const part = order.table === undefined ? undefined : `${order.table}.${process.pid}.part`;
    const table = part === undefined ? undefined : BlockTable.create(part, order.stateSizeBytes);
    const { digest, beforeLast } = await hashState(order, context, table);
    const volumeDigest = await digestAtVolumeSize(volume, beforeLast, order.stateSizeBytes);
    const facts = {
      bytes: readOnly(context.control.bytesDone()),
      stateDigest: digest,
      volumeDigest,
      ways: { zeros: 'none', readBack: volume.ways().readBack },
    };
    if (table === undefined || part === undefined || order.table === undefined) return facts;
    return {
      ...facts,
      table: { path: order.table, sha256: await publish(table, part, order.table) },
    };
  } finally {
    await volume.close();
  }
}

export async function runHashChain(
  order: HashChainOrder,
  context: RunContext,
): Promise<ReceiptFacts> {
  const { digest } = await hashState(order, context, undefined);
  return { bytes: readOnly(context.control.bytesDone()), stateDigest: digest };
}

function readOnly(read: number): ReceiptFacts['bytes'] {
  return { data: 0, zero: 0, written: 0, read };
}

async function publish(table: BlockTable, part: string, file: string): Promise<string> {
  const { tableSha256 } = table.digests();
  await table.flush();
  table.close();
  renameSync(part, file);
  await syncFolderOf(file);
  return tableSha256;
}

interface HashedState {
  readonly digest: string;
  readonly beforeLast: StateDigest;
}

async function hashState(
  order: HashVolumeOrder | HashChainOrder,
  context: RunContext,
  table: BlockTable | undefined,
): Promise<HashedState> {
  const state = new InOrder(order.stateSizeBytes, table);
  const lanes: HashLane[] = [await openHashLane(order, context.control)];
  const threads: MoverThread[] = [];
  const spans = Math.ceil(order.stateSizeBytes / HASH_SPAN_BYTES);
  for (
    let extra = 1;
    extra < Math.min(context.lanes ?? Math.min(4, availableParallelism()), mostLanes(order), spans);
    extra++
  ) {
    const { lane, thread } = threadLane(order, context);
    lanes.push(lane);
    threads.push(thread);
  }
  const ticker = setInterval(() => {
    context.control.watch();
    context.onProgress({
      bytesDone: context.control.bytesDone(),
      bytesTotal: Math.max(context.control.bytesDone(), order.stateSizeBytes),
      phase: 'hashing',
    });
  }, TICK_MS);
  try {
    await Promise.all(lanes.map(lane => state.fill(lane, spans, context)));
    if (!context.control.mayGoOn()) throw context.control.stopError();
    return state.finish();
  } catch (error) {
    context.control.stopAtOnce();
    throw error;
  } finally {
    clearInterval(ticker);
    await Promise.allSettled(threads.map(thread => thread.terminate()));
  }
}

function mostLanes(order: HashVolumeOrder | HashChainOrder): number {
  return order.order === 'hash-chain' ? readersOf(order.source) : Number.POSITIVE_INFINITY;
}

/** Puts the spans' digests together, whoever is ready first. */
class InOrder {
  private readonly digest = new StateDigest();
  private beforeLast: StateDigest | undefined;
  private readonly waiting = new Map<number, Uint8Array | undefined>();
  private next = 0;
  private moved = new Deferred<void>();

  constructor(
    private readonly stateSizeBytes: number,
    private readonly table: BlockTable | undefined,
  ) {}

  /** Lets a lane hash span after span. */
  async fill(lane: HashLane, spans: number, { control }: RunContext): Promise<void> {
    for (
      let span = control.takeSpan();
      span < spans && control.mayGoOn();
      span = control.takeSpan()
    ) {
      while (span - this.next > AHEAD && control.mayGoOn())
        await Promise.race([this.moved.promise, pause()]);
      this.deliver(span, await lane.hash(span));
    }
    await lane.finish();
  }

  finish(): HashedState {
    return {
      digest: this.digest.finish(this.stateSizeBytes),
      beforeLast: this.beforeLast ?? new StateDigest(),
    };
  }

  private deliver(span: number, digests: Uint8Array | undefined): void {
    if (digests !== undefined)
      this.table?.write((span * HASH_SPAN_BYTES) / BLOCK_BYTES, Buffer.from(digests));
    this.waiting.set(span, digests);
    while (this.waiting.has(this.next)) {
      this.append(this.next, this.waiting.get(this.next));
      this.waiting.delete(this.next);
      this.next++;
    }
    this.moved.resolve();
    this.moved = new Deferred<void>();
  }

  private append(span: number, digests: Uint8Array | undefined): void {
    const { offset, length } = spanRange(span, this.stateSizeBytes);
    const isLast = offset + length === this.stateSizeBytes;
    const lastBytes = isLast ? length % BLOCK_BYTES || BLOCK_BYTES : 0;
    if (digests === undefined) this.digest.addZeros(length - lastBytes);
    else this.digest.add(isLast ? digests.subarray(0, digests.length - DIGEST_BYTES) : digests);
    if (!isLast) return;
    this.beforeLast = this.digest.fork();
    this.digest.add(digests?.subarray(digests.length - DIGEST_BYTES) ?? zeroDigest(lastBytes));
  }
}

function pause(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, TICK_MS));
}

/** A lane in a thread: one question at a time. */
function threadLane(
  order: HashVolumeOrder | HashChainOrder,
  context: RunContext,
): { lane: HashLane; thread: MoverThread } {
  let answer = new Deferred<Uint8Array | undefined>();
  const thread = new MoverThread(
    context.program,
    { role: 'hash', order, control: context.control.memory },
    report => {
      if (report.type === 'hashed') answer.resolve(report.digests);
      if (report.type === 'hash-end') answer.resolve(undefined);
    },
  );
  const broken = thread.ended.then(() =>
    Promise.reject(new EngineError('INTERNAL', { found: 'a hash lane that ended without a word' })),
  );
  broken.catch(() => undefined);
  const ask = (request: Parameters<MoverThread['send']>[0]): Promise<Uint8Array | undefined> => {
    answer = new Deferred();
    thread.send(request);
    return Promise.race([answer.promise, broken]);
  };
  return {
    thread,
    lane: {
      hash: span => ask({ type: 'hash', span }),
      finish: async () => void (await ask({ type: 'finish' })),
    },
  };
}
