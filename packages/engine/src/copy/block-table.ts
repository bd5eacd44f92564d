/**
 * Digests of all 64 KiB blocks of one state, 32 bytes each, in a sparse file: entry n at 32 n. An
 * entry of zeros means "a block of zeros" and is a hole; it stands for sha256 of so many zeros.
 * The file holds nothing else, so its own SHA-256 is that of its bytes, holes read as zeros.
 *
 * With it a delta's state digest costs what the delta costs: only touched blocks are hashed again.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

import { alignDown, MIB } from '../bytes';
import { EngineError } from '../errors';
import { isSystemError, volumeError } from '../native/errno';
import { storedRuns } from '../native/posix';
import { BLOCK_BYTES, DIGEST_BYTES, isZero, zeroDigest } from './blocks';
import { blockCount, StateDigest } from './state-digest';

const datasync = promisify(fs.fdatasync);
const CHUNK_BYTES = MIB;
const ZERO_ENTRY = Buffer.alloc(DIGEST_BYTES);

export class BlockTable {
  /** Entries; the state's last block may be short. */
  readonly blocks: number;
  private parentBlocks: number | undefined;

  private constructor(
    private readonly file: string,
    private readonly fd: number,
    readonly stateSizeBytes: number,
  ) {
    this.blocks = blockCount(stateSizeBytes);
  }

  /** A new table of a state of zeros; replaces what is there. @throws EngineError VOLUME_IO, VOLUME_FULL, VOLUME_MISSING */
  static create(file: string, stateSizeBytes: number): BlockTable {
    return wrapped(file, () => {
      const fd = fs.openSync(
        file,
        fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_TRUNC,
        0o640,
      );
      const table = new BlockTable(file, fd, stateSizeBytes);
      fs.ftruncateSync(fd, table.blocks * DIGEST_BYTES);
      return table;
    });
  }

  /**
   * A table that starts as its parent's; by reflink where that works, else a copy that keeps holes.
   * The parent's last block and this state's last block may now be longer: stale() names them.
   */
  static createFrom(parent: string, file: string, stateSizeBytes: number): BlockTable {
    return wrapped(file, () => {
      const parentBytes = tableBytes(parent, stateSizeBytes);
      copySparse(parent, file);
      const fd = fs.openSync(file, fs.constants.O_RDWR);
      const table = new BlockTable(file, fd, stateSizeBytes);
      fs.ftruncateSync(fd, table.blocks * DIGEST_BYTES);
      table.parentBlocks = parentBytes / DIGEST_BYTES;
      return table;
    });
  }

  /** @throws EngineError VOLUME_MISSING; VOLUME_UNEXPECTED when its size is not that of a table of this state */
  static open(file: string, stateSizeBytes: number, access: 'read' | 'write'): BlockTable {
    return wrapped(file, () => {
      const fd = fs.openSync(
        file,
        access === 'write' ? fs.constants.O_RDWR : fs.constants.O_RDONLY,
      );
      const table = new BlockTable(file, fd, stateSizeBytes);
      const { size } = fs.fstatSync(fd);
      if (size === table.blocks * DIGEST_BYTES) return table;
      fs.closeSync(fd);
      throw new EngineError('VOLUME_UNEXPECTED', {
        where: { file },
        expected: `a block table of ${table.blocks} entries (${table.blocks * DIGEST_BYTES} bytes)`,
        found: `${size} bytes`,
        hint: 'A lost or damaged table is made again by `kubectl vm-migrate verify --full`.',
      });
    });
  }

  /** Blocks whose length may differ from the parent's: their entries must be made again. */
  stale(): readonly number[] {
    if (this.parentBlocks === undefined || this.blocks === 0) return [];
    const last = Math.min(this.parentBlocks, this.blocks) - 1;
    return last < 0 || last === this.blocks - 1 ? [this.blocks - 1] : [last, this.blocks - 1];
  }

  /** Bytes of block n of this state. */
  blockBytes(block: number): number {
    return Math.min(BLOCK_BYTES, this.stateSizeBytes - block * BLOCK_BYTES);
  }

  /** Writes entries from `first` on; a digest of zeros is stored as the zero entry (and changed in `digests`). */
  write(first: number, digests: Buffer): void {
    for (let at = 0; at < digests.length; at += DIGEST_BYTES) {
      const entry = digests.subarray(at, at + DIGEST_BYTES);
      if (entry.equals(zeroDigest(this.blockBytes(first + at / DIGEST_BYTES)))) entry.fill(0);
    }
    wrapped(this.file, () => {
      for (let done = 0; done < digests.length;) {
        done += fs.writeSync(
          this.fd,
          digests,
          done,
          digests.length - done,
          first * DIGEST_BYTES + done,
        );
      }
    });
  }

  /** Digests of blocks, with zero entries spelled out. */
  read(first: number, count: number): Buffer {
    const bytes = this.readRaw(first * DIGEST_BYTES, count * DIGEST_BYTES);
    for (let at = 0; at < bytes.length; at += DIGEST_BYTES) {
      const entry = bytes.subarray(at, at + DIGEST_BYTES);
      if (entry.equals(ZERO_ENTRY))
        entry.set(zeroDigest(this.blockBytes(first + at / DIGEST_BYTES)));
    }
    return bytes;
  }

  async flush(): Promise<void> {
    await datasync(this.fd).catch((error: unknown) => {
      throw volumeError(error, this.file);
    });
  }

  /** Digest of the state, and of the table itself, in one pass over what is stored. */
  digests(): TableDigests {
    const state = new StateDigest();
    const own = createHash('sha256');
    const lastBlock = Math.max(0, this.blocks - 1);
    // All but the last block, which a larger volume sees longer.
    for (const run of this.chunks(lastBlock)) {
      if (run.bytes === undefined) {
        state.addZeros(run.count * BLOCK_BYTES);
        for (let done = 0; done < run.count * DIGEST_BYTES; done += CHUNK_BYTES) {
          own.update(
            ZERO_CHUNK.subarray(0, Math.min(CHUNK_BYTES, run.count * DIGEST_BYTES - done)),
          );
        }
      } else {
        own.update(run.bytes);
        state.add(spelledOut(run.bytes));
      }
    }
    const beforeLast = state.fork();
    if (this.blocks > 0) {
      own.update(this.readRaw(lastBlock * DIGEST_BYTES, DIGEST_BYTES));
      state.add(this.read(lastBlock, 1));
    }
    return {
      stateDigest: state.finish(this.stateSizeBytes),
      tableSha256: own.digest('hex'),
      beforeLast,
    };
  }

  close(): void {
    fs.closeSync(this.fd);
  }

  /** `undefined` bytes: a hole of so many entries. */
  private *chunks(blocks: number): Generator<{ readonly count: number; readonly bytes?: Buffer }> {
    const end = blocks * DIGEST_BYTES;
    const zeros = (from: number, to: number) => ({ count: (to - from) / DIGEST_BYTES });
    let at = 0;
    for (const run of storedRuns(this.fd, end)) {
      // File systems cut at their own blocks, a multiple of an entry; only `end` need not be.
      const runEnd = Math.min(run.offset + run.length, end);
      if (run.kind === 'hole') {
        const to = runEnd === end ? end : alignDown(runEnd, DIGEST_BYTES);
        if (to > at) yield zeros(at, to);
        at = Math.max(at, to);
        continue;
      }
      while (at < runEnd) {
        const bytes = this.readRaw(at, Math.min(CHUNK_BYTES, end - at));
        yield isZero(bytes)
          ? zeros(at, at + bytes.length)
          : { count: bytes.length / DIGEST_BYTES, bytes };
        at += bytes.length;
      }
    }
  }

  private readRaw(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    wrapped(this.file, () => {
      for (let done = 0; done < length;) {
        const count = fs.readSync(this.fd, bytes, done, length - done, offset + done);
        if (count === 0) throw new Error(`the table ends at ${offset + done}`);
        done += count;
      }
    });
    return bytes;
  }
}

export interface TableDigests {
  readonly stateDigest: string;
  /** SHA-256 of the table's bytes, hex. */
  readonly tableSha256: string;
  /** The state without its last block: from here the same state at the volume's size is finished. */
  readonly beforeLast: StateDigest;
}

const ZERO_CHUNK = Buffer.alloc(CHUNK_BYTES);

function spelledOut(entries: Buffer): Buffer {
  const zero = zeroDigest(BLOCK_BYTES);
  const digests = Buffer.from(entries);
  for (let at = 0; at < digests.length; at += DIGEST_BYTES) {
    if (digests.readUInt32LE(at) !== 0) continue;
    if (digests.compare(ZERO_ENTRY, 0, DIGEST_BYTES, at, at + DIGEST_BYTES) === 0)
      digests.set(zero, at);
  }
  return digests;
}

/** Bytes of a parent's table. It may have fewer entries than the child's, never more. */
function tableBytes(file: string, stateSizeBytes: number): number {
  const { size } = fs.statSync(file);
  if (size % DIGEST_BYTES === 0 && size <= blockCount(stateSizeBytes) * DIGEST_BYTES) return size;
  throw new EngineError('VOLUME_UNEXPECTED', {
    where: { file },
    expected: `a block table of at most ${blockCount(stateSizeBytes)} entries`,
    found: `${size} bytes`,
  });
}

function copySparse(from: string, to: string): void {
  fs.rmSync(to, { force: true });
  try {
    fs.copyFileSync(from, to, fs.constants.COPYFILE_FICLONE_FORCE);
    fs.chmodSync(to, 0o640);
    return;
  } catch (error) {
    if (!isSystemError(error, 'ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'ENOSYS', 'EINVAL', 'ENOTTY'))
      throw error;
  }
  const source = fs.openSync(from, 'r');
  const target = fs.openSync(to, 'w', 0o640);
  try {
    const { size } = fs.fstatSync(source);
    fs.ftruncateSync(target, size);
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (const run of storedRuns(source, size)) {
      if (run.kind === 'hole') continue;
      for (let at = run.offset; at < run.offset + run.length;) {
        const count = fs.readSync(
          source,
          buffer,
          0,
          Math.min(CHUNK_BYTES, run.offset + run.length - at),
          at,
        );
        if (count === 0) throw new Error('the table was cut short while it was copied');
        for (let done = 0; done < count;)
          done += fs.writeSync(target, buffer, done, count - done, at + done);
        at += count;
      }
    }
  } finally {
    fs.closeSync(source);
    fs.closeSync(target);
  }
}

/** Makes a file's name durable, after it was created or renamed. */
export async function syncFolderOf(file: string): Promise<void> {
  const folder = await fs.promises.open(path.dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function wrapped<T>(file: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw volumeError(error, file);
  }
}
