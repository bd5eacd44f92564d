/**
 * The proof: what a volume holds, read back past the page cache where that works, must equal what
 * was read from the source, piece by piece; the same read keeps the block table up to date.
 * A block that was touched in part is read whole, for the table.
 */
import { endOf, type ByteRange } from '../bytes';
import { EngineError } from '../errors';
import type { Extent } from '../formats/layer';
import { ioBuffer } from '../native/aligned-buffer';
import type { BlockTable } from './block-table';
import { BLOCK_BYTES, DIGEST_BYTES, digestOf, isZero, pieces, zeroDigest } from './blocks';
import { windowDigest, type CopiedWindow } from './copy-layer';
import { blockCount, type StateDigest } from './state-digest';
import type { VolumeIo } from './volume-io';

/** What is proved of one window; the WindowReport of a mover. */
export interface ProvedWindow {
  readonly index: number;
  readonly dataBytes: number;
  readonly zeroBytes: number;
  /** SHA-256 over the digests of the pieces, hex. */
  readonly digest: string;
}

/** Bytes read at once. */
const READ_BYTES = 1024 * 1024;
/** Reads under way beside the one that is hashed: the medium does not wait for the processor. */
const READS_AHEAD = 3;

interface OwnPiece extends ByteRange {
  readonly kind: Extent['kind'];
  /** Position among the window's pieces. */
  readonly nth: number;
}

/** One touched block, its own pieces in order. */
interface TouchedBlock {
  readonly block: number;
  readonly pieces: OwnPiece[];
}

export class WindowProof {
  /** One is hashed while the others are read into. */
  private readonly buffers = Array.from({ length: READS_AHEAD + 1 }, () => ioBuffer(READ_BYTES));
  private readonly blockBuffer = ioBuffer(BLOCK_BYTES);
  /** Bytes read back so far. */
  readBytes = 0;

  /** The windows are durable before they come here. The volume may be larger than the table's state. */
  constructor(
    private readonly volume: VolumeIo,
    private readonly table: BlockTable,
  ) {}

  /**
   * Reads the windows' own extents back, compares, and writes their blocks' table entries (not yet
   * flushed). @throws EngineError VERIFY_MISMATCH with the volume's offset
   */
  async prove(windows: readonly CopiedWindow[]): Promise<readonly ProvedWindow[]> {
    const found = new Map(
      windows.map(window => [window, Buffer.allocUnsafe(window.pieceDigests.length)]),
    );
    const runs = this.runsOfAll(windows);
    const underWay: RunRead[] = [];
    let nth = 0;
    const readAhead = (): void => {
      while (underWay.length <= READS_AHEAD) {
        const run = runs.next().value;
        if (run === undefined) return;
        underWay.push(this.startRead(run, nth++ % this.buffers.length));
      }
    };
    readAhead();
    for (let reading = underWay.shift(); reading !== undefined; reading = underWay.shift()) {
      const { run, bytes, done } = reading;
      try {
        await done;
        this.proveRun(run, bytes, found.get(run.window) ?? Buffer.alloc(0));
      } catch (error) {
        // Whatever is under way still fills a buffer.
        await Promise.allSettled(underWay.map(other => other.done));
        throw error;
      }
      readAhead();
    }
    return windows.map(window => ({
      index: window.index,
      dataBytes: window.dataBytes,
      zeroBytes: window.zeroBytes,
      digest: windowDigest(found.get(window) ?? Buffer.alloc(0)),
    }));
  }

  /** Makes the table entries of single blocks from the volume. */
  async refresh(blocks: readonly number[]): Promise<void> {
    for (const block of blocks) {
      const bytes = this.blockBuffer.subarray(0, this.table.blockBytes(block));
      await this.volume.readBack(block * BLOCK_BYTES, bytes);
      this.readBytes += bytes.length;
      this.table.write(block, Buffer.from(digestOf(bytes)));
    }
  }

  private *runsOfAll(windows: readonly CopiedWindow[]): Generator<BlockRun, undefined> {
    for (const window of windows) yield* this.runsOf(window);
    return undefined;
  }

  /** Groups neighbouring blocks, as much as one read takes; runs inside a hole go without a read. */
  private *runsOf(window: CopiedWindow): Generator<BlockRun> {
    let run: { blocks: TouchedBlock[]; hole: boolean; window: CopiedWindow } | undefined;
    let stored = -1;
    for (const touched of touchedBlocks(window.own)) {
      const start = touched.block * BLOCK_BYTES;
      if (start >= stored) stored = this.volume.nextStored?.(start) ?? start;
      const hole = stored >= start + this.table.blockBytes(touched.block);
      const last = run?.blocks.at(-1);
      const joins =
        run !== undefined &&
        run.hole === hole &&
        last?.block === touched.block - 1 &&
        run.blocks.length < READ_BYTES / BLOCK_BYTES;
      if (run !== undefined && joins) {
        run.blocks.push(touched);
        continue;
      }
      if (run !== undefined) yield run;
      run = { blocks: [touched], hole, window };
    }
    if (run !== undefined) yield run;
  }

  private startRead(run: BlockRun, nthBuffer: number): RunRead {
    const [first, last, buffer] = [run.blocks[0], run.blocks.at(-1), this.buffers[nthBuffer]];
    if (run.hole || first === undefined || last === undefined || buffer === undefined)
      return { run, bytes: undefined, done: Promise.resolve() };
    const start = first.block * BLOCK_BYTES;
    const end = last.block * BLOCK_BYTES + this.table.blockBytes(last.block);
    const bytes = buffer.subarray(0, end - start);
    this.readBytes += bytes.length;
    const done = this.volume.readBack(start, bytes);
    // Looked at only after the run before it: a failure until then is no crash.
    done.catch(() => undefined);
    return { run, bytes, done };
  }

  private proveRun({ blocks, window }: BlockRun, bytes: Buffer | undefined, found: Buffer): void {
    const entries = Buffer.allocUnsafe(blocks.length * DIGEST_BYTES);
    for (const [at, touched] of blocks.entries()) {
      const from = at * BLOCK_BYTES;
      const block = bytes?.subarray(from, from + this.table.blockBytes(touched.block));
      entries.set(this.proveBlock(touched, block, window, found), at * DIGEST_BYTES);
    }
    this.table.write(blocks[0]?.block ?? 0, entries);
  }

  /** Compares the block's own pieces; answers the digest of the whole block. `undefined`: a block of zeros. */
  private proveBlock(
    touched: TouchedBlock,
    block: Uint8Array | undefined,
    window: CopiedWindow,
    found: Buffer,
  ): Uint8Array {
    const length = this.table.blockBytes(touched.block);
    const blockStart = touched.block * BLOCK_BYTES;
    let whole: Uint8Array | undefined;
    for (const piece of touched.pieces) {
      const view = block?.subarray(
        piece.offset - blockStart,
        piece.offset - blockStart + piece.length,
      );
      const digest = view === undefined ? zeroDigest(piece.length) : digestOf(view);
      const at = piece.nth * DIGEST_BYTES;
      if (window.pieceDigests.compare(digest, 0, DIGEST_BYTES, at, at + DIGEST_BYTES) !== 0)
        throw mismatch(piece, view);
      found.set(digest, at);
      if (piece.length === length) whole = digest;
    }
    return whole ?? (block === undefined ? zeroDigest(length) : digestOf(block));
  }
}

interface BlockRun {
  readonly window: CopiedWindow;
  readonly blocks: readonly TouchedBlock[];
  /** The volume says that nothing is stored there. */
  readonly hole: boolean;
}

interface RunRead {
  readonly run: BlockRun;
  /** `undefined`: a hole. */
  readonly bytes: Buffer | undefined;
  readonly done: Promise<void>;
}

function touchedBlocks(own: readonly Extent[]): TouchedBlock[] {
  const blocks: TouchedBlock[] = [];
  let nth = 0;
  for (const extent of own) {
    for (const range of pieces(extent)) {
      const piece = { ...range, kind: extent.kind, nth: nth++ };
      const block = Math.floor(range.offset / BLOCK_BYTES);
      const last = blocks.at(-1);
      if (last?.block === block) last.pieces.push(piece);
      else blocks.push({ block, pieces: [piece] });
    }
  }
  return blocks;
}

function mismatch(piece: OwnPiece, view: Uint8Array | undefined): EngineError {
  return new EngineError('VERIFY_MISMATCH', {
    where: { offsetBytes: piece.offset, object: 'the volume' },
    expected:
      piece.kind === 'zero'
        ? `${piece.length} bytes of zeros`
        : `the ${piece.length} bytes that were read from the source`,
    found: view === undefined || isZero(view) ? 'zeros' : 'other bytes',
    hint: 'The storage did not keep what was written. Look at its logs; `kubectl vm-migrate retry` writes the layer again from its parent.',
  });
}

/**
 * Reads a range that must hold zeros only; what the volume knows to be a hole is not read.
 * @throws EngineError VERIFY_MISMATCH with the offset of the first byte that is not
 */
export async function assertZeros(
  volume: VolumeIo,
  range: ByteRange,
  buffer: Buffer,
  onStep: () => void,
): Promise<void> {
  const end = endOf(range);
  for (let offset = range.offset; offset < end;) {
    onStep();
    const stored = volume.nextStored?.(offset) ?? offset;
    if (stored > offset) {
      offset = stored;
      continue;
    }
    const bytes = buffer.subarray(0, Math.min(buffer.length, end - offset));
    await volume.readBack(offset, bytes);
    if (!isZero(bytes)) {
      throw new EngineError('VERIFY_MISMATCH', {
        where: { offsetBytes: offset + bytes.findIndex(byte => byte !== 0), object: 'the volume' },
        expected: 'zeros: nothing was written there',
        found: 'other bytes',
        hint: 'The volume did not start empty, or something else wrote to it. Remove it and run `kubectl vm-migrate retry`.',
      });
    }
    offset += bytes.length;
  }
}

/** Makes all entries of a newly created table by reading the volume. What is a hole stays a zero entry. */
export async function rebuildTable(
  volume: VolumeIo,
  table: BlockTable,
  onStep: () => void,
): Promise<void> {
  const buffer = ioBuffer(READ_BYTES);
  const size = table.stateSizeBytes;
  for (let offset = 0; offset < size;) {
    onStep();
    const stored = volume.nextStored?.(offset) ?? offset;
    const next = stored >= size ? size : stored - (stored % BLOCK_BYTES);
    if (next > offset) {
      offset = next;
      continue;
    }
    const bytes = buffer.subarray(0, Math.min(READ_BYTES, size - offset));
    await volume.readBack(offset, bytes);
    table.write(offset / BLOCK_BYTES, blockDigests(bytes));
    offset += bytes.length;
  }
}

/** Digests of the blocks of a stretch that starts on the grid, 32 bytes each. */
export function blockDigests(bytes: Uint8Array): Buffer {
  const digests = Buffer.allocUnsafe(Math.ceil(bytes.length / BLOCK_BYTES) * DIGEST_BYTES);
  for (let at = 0, nth = 0; at < bytes.length; at += BLOCK_BYTES, nth++) {
    digests.set(
      digestOf(bytes.subarray(at, Math.min(at + BLOCK_BYTES, bytes.length))),
      nth * DIGEST_BYTES,
    );
  }
  return digests;
}

/**
 * The digest of the same state seen at the volume's size: its last block as long as the volume
 * makes it, zeros behind, which assertZeros has proved.
 */
export async function digestAtVolumeSize(
  volume: VolumeIo,
  beforeLast: StateDigest,
  stateSizeBytes: number,
): Promise<string> {
  const lastStart = Math.max(0, blockCount(stateSizeBytes) - 1) * BLOCK_BYTES;
  const last = ioBuffer(BLOCK_BYTES).subarray(
    0,
    Math.min(BLOCK_BYTES, volume.sizeBytes - lastStart),
  );
  if (last.length > 0) {
    await volume.readBack(lastStart, last);
    beforeLast.add(digestOf(last));
    beforeLast.addZeros(volume.sizeBytes - lastStart - last.length);
  }
  return beforeLast.finish(volume.sizeBytes);
}
