/**
 * RandomAccess over Range requests. Reads are served from blocks; blocks that are missing are asked
 * for in ranges of up to 2 MiB at the same time, and whoever walks forward finds the next ones on
 * their way already: a reader of grain tables makes thousands of small reads, and none of them may
 * cost a round trip. Memory is bounded by the cache that all files of the server share.
 */
import { alignDown, endOf, KIB, MIB } from '../../bytes';
import { EngineError } from '../../errors';
import type { FileFacts, RandomAccess } from '../../formats/random-access';
import { BLOCK_BYTES, type Block } from './block-cache';
import { glanceAt, readRange, type FileVersion, type Glance } from './ranges';
import type { SourceServer } from './source-server';
import { Walks } from './walks';

/** Asked for at once. */
const RANGE_BYTES = 2 * MIB;
/** A longer read is made of several, so that blocks under way stay few. */
const PIECE_BYTES = 4 * MIB;
/** Asked for ahead in steps of at least this, so that not every read makes a request of its own. */
const STEP_BYTES = 512 * KIB;

/**
 * One request tells size and version, and brings the first block.
 * @throws EngineError FILE_MISSING, FILE_UNREADABLE, SOURCE_…
 */
export async function openServerFile(server: SourceServer, name: string): Promise<ServerFile> {
  return new ServerFile(server, name, await glanceAt(server, name, BLOCK_BYTES));
}

let filesOpened = 0;

export class ServerFile implements RandomAccess {
  readonly sizeBytes: number;
  private readonly version: FileVersion;
  private readonly walks = new Walks();
  /** Blocks of another opening of the same file are of another version, perhaps. */
  private readonly id = `${(filesOpened += 1)}`;
  private readonly own = new Set<string>();
  private open = true;

  constructor(
    private readonly server: SourceServer,
    readonly name: string,
    { version, bytes }: Glance,
  ) {
    this.version = version;
    this.sizeBytes = version.sizeBytes;
    if (bytes.length > 0) this.keep(0, { bytes, whole: Promise.resolve(), underWay: false });
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    this.assertOpen();
    this.assertInside(offset, into.length);
    for (let done = 0; done < into.length; done += PIECE_BYTES)
      await this.readPiece(offset + done, into.subarray(done, done + PIECE_BYTES));
  }

  async stat(): Promise<FileFacts> {
    this.assertOpen();
    return factsOf((await glanceAt(this.server, this.name, 1)).version);
  }

  /** What is read from now on is as new as the read. */
  forget(): void {
    for (const key of this.own) this.server.cache.delete(key);
    this.own.clear();
  }

  async close(): Promise<void> {
    this.open = false;
    this.forget();
  }

  private async readPiece(offset: number, into: Uint8Array): Promise<void> {
    const end = offset + into.length;
    const blocks = this.blocksOf(offset, end);
    this.readAhead(offset, end);
    for (const [start, block] of blocks) {
      // A whole block costs no turn of the queue.
      if (block.underWay) await block.whole;
      const from = Math.max(offset, start);
      const to = Math.min(end, start + block.bytes.length);
      into.set(block.bytes.subarray(from - start, to - start), from - offset);
    }
  }

  /** The blocks under a range, by their offsets; missing ones are on their way afterwards. */
  private blocksOf(offset: number, end: number): Map<number, Block> {
    const blocks = new Map<number, Block>();
    for (let start = alignDown(offset, BLOCK_BYTES); start < end;) {
      const known = this.server.cache.get(this.key(start));
      const found: readonly (readonly [number, Block])[] =
        known === undefined ? this.ask(start, this.missingFrom(start, end)) : [[start, known]];
      for (const [at, block] of found) blocks.set(at, block);
      start += found.length * BLOCK_BYTES;
    }
    return blocks;
  }

  private readAhead(offset: number, end: number): void {
    const wanted = Math.min(this.sizeBytes, end + this.walks.ahead(offset, end));
    let start = alignDown(end + BLOCK_BYTES - 1, BLOCK_BYTES);
    while (start < wanted && this.server.cache.has(this.key(start))) start += BLOCK_BYTES;
    if (wanted - start < STEP_BYTES && wanted < this.sizeBytes) return;
    while (start < wanted) {
      const stop = this.missingFrom(start, wanted);
      if (stop > start) {
        if (!this.server.cache.makeRoomFor(stop - start)) return;
        this.ask(start, stop);
      }
      start = Math.max(stop, start + BLOCK_BYTES);
    }
  }

  /** Where the run of missing blocks that begins at `start` ends: at a block that is there, at `end`, or after one range. */
  private missingFrom(start: number, end: number): number {
    let stop = start;
    while (stop < end && stop - start < RANGE_BYTES && !this.server.cache.has(this.key(stop)))
      stop += BLOCK_BYTES;
    return Math.min(stop, this.sizeBytes);
  }

  /** Asks for the blocks of [start, stop) with one request; each is there for readers as soon as it is whole. */
  private ask(start: number, stop: number): readonly (readonly [number, Block])[] {
    const parts: Part[] = [];
    for (let at = start; at < stop; at += BLOCK_BYTES) {
      const part = newPart(at, Math.min(BLOCK_BYTES, stop - at));
      parts.push(part);
      this.keep(at, part.block);
    }
    const range = { offset: start, length: stop - start };
    readRange(this.server, this.name, this.version, range, (at, chunk) => {
      // What was asked for ahead is not read to its end for nobody.
      this.assertOpen();
      fillParts(parts, at, chunk);
    }).catch((error: unknown) => {
      for (const part of parts) {
        if (!part.block.underWay) continue;
        this.server.cache.delete(this.key(part.offset), part.block);
        part.fail(error);
      }
    });
    return parts.map(({ offset, block }) => [offset, block] as const);
  }

  private keep(start: number, block: Block): void {
    const key = this.key(start);
    this.own.add(key);
    this.server.cache.put(key, block);
  }

  private key(start: number): string {
    return `${this.id}:${start}`;
  }

  private assertOpen(): void {
    if (this.open) return;
    throw new EngineError('FILE_UNREADABLE', {
      where: { file: this.name },
      found: 'the file was closed',
    });
  }

  private assertInside(offset: number, length: number): void {
    const range = { offset, length };
    if (Number.isSafeInteger(offset) && offset >= 0 && endOf(range) <= this.sizeBytes) return;
    throw new EngineError('LAYER_DAMAGED', {
      where: { file: this.name, offsetBytes: offset },
      expected: `a read inside the file of ${this.sizeBytes} bytes`,
      found: `${length} bytes at offset ${offset}`,
      hint: 'The file is cut short or damaged. Copy it again, or leave its snapshots out of the plan.',
    });
  }
}

/** A block that is being filled. */
interface Part {
  readonly offset: number;
  readonly block: Block;
  filledBytes: number;
  done(): void;
  fail(error: unknown): void;
}

function newPart(offset: number, length: number): Part {
  let done: () => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const whole = new Promise<void>((resolve, reject) => {
    done = resolve;
    fail = reject;
  });
  // Nobody may be waiting for what is read ahead.
  whole.catch(() => undefined);
  const block: Block = { bytes: Buffer.allocUnsafeSlow(length), whole, underWay: true };
  return { offset, block, filledBytes: 0, done, fail };
}

/** `at` counts from the first part; chunks come in order. */
function fillParts(parts: readonly Part[], at: number, chunk: Buffer): void {
  for (let taken = 0; taken < chunk.length;) {
    const part = parts[Math.floor((at + taken) / BLOCK_BYTES)];
    if (part === undefined) return;
    const { bytes } = part.block;
    const piece = chunk.subarray(taken, taken + bytes.length - part.filledBytes);
    bytes.set(piece, part.filledBytes);
    part.filledBytes += piece.length;
    taken += piece.length;
    if (part.filledBytes < bytes.length) continue;
    part.block.underWay = false;
    part.done();
  }
}

/** Seconds are all that HTTP says of a time; the ETag takes the place of the inode. */
function factsOf({ sizeBytes, etag, lastModified }: FileVersion): FileFacts {
  const ms = lastModified === undefined ? Number.NaN : Date.parse(lastModified);
  return {
    sizeBytes,
    mtimeNs: Number.isFinite(ms) ? (BigInt(ms) * 1_000_000n).toString() : '0',
    inode: etag ?? '0',
  };
}
