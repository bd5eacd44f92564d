/**
 * The copy loop: a layer's own changes, window by window, onto a volume. It knows no threads, files
 * or orders; who calls it decides which spans it gets and how fast it may go.
 *
 * Memory: one buffer of CopyOptions.chunkBytes and the piece digests of one window.
 */
import type { ByteRange } from '../bytes';
import type { Extent, Layer, LayerFormat } from '../formats/layer';
import {
  BLOCK_BYTES,
  DIGEST_BYTES,
  isZero,
  pieceCount,
  pieces,
  sha256,
  zeroDigest,
} from './blocks';
import type { VolumeIo } from './volume-io';
import { bytesOfKind, chunks, ownWindows, type Content, type OwnWindow } from './windows';

export interface CopyOptions {
  readonly windowBytes: number;
  readonly content: Content;
  /** Most bytes read at once; see chunkBytesFor. */
  readonly chunkBytes: number;
  /** `pieces`: hash what is read. `none`: no proof will follow (only the bench does that). */
  readonly hashing: 'pieces' | 'none';
  /** Stretches of whole windows to copy, asked one by one. */
  readonly spans: Iterable<ByteRange>;
  /** Windows that are done already are passed over without a read. */
  isDone(index: number): boolean;
  /** Called before each window: waits while too much is unproved, answers false to stop before it. */
  mayStart(index: number): boolean | Promise<boolean>;
  /** Called before each chunk: a thread that has other duties attends to them. */
  breathe?(): Promise<void>;
  /** Own bytes that needed work and got it, since the last call. */
  onBytes?(bytes: number): void;
}

export type WindowCopyOptions = Pick<
  CopyOptions,
  'content' | 'chunkBytes' | 'hashing' | 'breathe' | 'onBytes'
>;

/** One window whose bytes were handed to the volume; nothing is durable or proved yet. */
export interface CopiedWindow {
  readonly index: number;
  readonly own: readonly Extent[];
  readonly dataBytes: number;
  readonly zeroBytes: number;
  /** Bytes given to write(): zeros that were recognised are not among them. */
  readonly writtenBytes: number;
  /** SHA-256 of every piece of `own` (64 KiB grid) as read from the source, 32 bytes each; empty without hashing. */
  readonly pieceDigests: Buffer;
}

/**
 * 256 KiB keeps a chunk in the processor's cache (measured: faster than 1 MiB and 4 MiB). Formats
 * whose grains lie in no order get more, so that the layer can sort its reads by file position.
 */
export function chunkBytesFor(format: LayerFormat): number {
  switch (format) {
    case 'cowd':
    case 'se-sparse':
      return 1024 * 1024;
    case 'raw':
    case 'flat':
    case 'hosted-sparse':
    case 'stream-optimized':
      return 256 * 1024;
  }
}

/** Copies span after span and yields each window that needed work, in the order of the spans. */
export async function* copyLayer(
  layer: Layer,
  volume: VolumeIo,
  options: CopyOptions,
): AsyncGenerator<CopiedWindow> {
  const buffer = Buffer.allocUnsafeSlow(options.chunkBytes);
  for (const span of options.spans) {
    for await (const window of ownWindows(layer, span, options.windowBytes, options.content)) {
      if (options.isDone(window.index)) continue;
      if (!(await options.mayStart(window.index))) return;
      yield await copyWindow(layer, volume, window, buffer, options);
    }
  }
}

/**
 * Copies one window. `layer` is asked for exactly the parts that `chunks` cuts its data runs into, in order.
 * @param buffer of at least options.chunkBytes
 */
export async function copyWindow(
  layer: Pick<Layer, 'read'>,
  volume: VolumeIo,
  { index, own }: OwnWindow,
  buffer: Buffer,
  options: WindowCopyOptions,
): Promise<CopiedWindow> {
  const digests = new PieceDigests(options.hashing === 'pieces' ? own : []);
  let writtenBytes = 0;
  for (const run of own) {
    if (run.kind === 'zero') {
      if (options.content === 'parent') await volume.zero(run.offset, run.length);
      for (const piece of pieces(run)) digests.add(zeroDigest(piece.length));
      if (options.content === 'parent') options.onBytes?.(run.length);
      continue;
    }
    for (const chunk of chunks(run, options.chunkBytes)) {
      const bytes = buffer.subarray(0, chunk.length);
      await options.breathe?.();
      await layer.read(chunk.offset, bytes);
      writtenBytes += await writeChunk(volume, chunk.offset, bytes, options.content, digests);
      options.onBytes?.(chunk.length);
    }
  }
  return {
    index,
    own,
    dataBytes: bytesOfKind(own, 'data'),
    zeroBytes: bytesOfKind(own, 'zero'),
    writtenBytes,
    pieceDigests: digests.bytes,
  };
}

/**
 * Writes one chunk, its digests made from the very buffer that was read. Pieces of zeros are not
 * written: skipped on a volume that reads as zeros, zeroed as whole blocks on one that holds data.
 */
async function writeChunk(
  volume: VolumeIo,
  offset: number,
  bytes: Buffer,
  content: Content,
  digests: PieceDigests,
): Promise<number> {
  let written = 0;
  const put = async (run: ChunkRun): Promise<void> => {
    const length = run.to - run.from;
    if (run.kind === 'data') {
      await volume.write(offset + run.from, bytes.subarray(run.from, run.to));
      written += length;
    } else if (content === 'parent') {
      await volume.zero(offset + run.from, length);
    }
  };
  let run: ChunkRun | undefined;
  for (const piece of pieces({ offset, length: bytes.length })) {
    const from = piece.offset - offset;
    const to = from + piece.length;
    const view = bytes.subarray(from, to);
    const zeros = isZero(view);
    if (digests.wanted) digests.add(zeros ? zeroDigest(piece.length) : sha256(view));
    // A hole smaller than a block would only fragment a volume that holds something there.
    const kind = zeros && (content === 'zeros' || piece.length === BLOCK_BYTES) ? 'zero' : 'data';
    if (run?.kind === kind) {
      run.to = to;
      continue;
    }
    if (run !== undefined) await put(run);
    run = { kind, from, to };
  }
  if (run !== undefined) await put(run);
  return written;
}

interface ChunkRun {
  readonly kind: 'data' | 'zero';
  readonly from: number;
  to: number;
}

/** Digests of the pieces of some extents, one behind the other. */
class PieceDigests {
  readonly bytes: Buffer;
  readonly wanted: boolean;
  private at = 0;

  constructor(extents: readonly Extent[]) {
    const count = extents.reduce((sum, extent) => sum + pieceCount(extent), 0);
    this.bytes = Buffer.allocUnsafe(count * DIGEST_BYTES);
    this.wanted = count > 0;
  }

  add(digest: Uint8Array): void {
    if (!this.wanted) return;
    this.bytes.set(digest, this.at);
    this.at += DIGEST_BYTES;
  }
}

export function windowDigest(pieceDigests: Uint8Array): string {
  return sha256(pieceDigests).toString('hex');
}
