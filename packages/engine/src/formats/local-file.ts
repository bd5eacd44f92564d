/**
 * RandomAccess over a regular file of this machine, in two variants of one behaviour: `async` for
 * the engine's process, where other work goes on meanwhile, and `sync` for the mover's, where
 * nothing else has to run and a blocking read costs the least.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

import { EngineError } from '../errors';
import type { AllocatedRun, FileFacts, RandomAccess } from './random-access';
import { holeFinder, type HoleFinder } from './hole-finder';
import { KernelReadAhead } from './kernel-read-ahead';

export type LocalFileMode = 'async' | 'sync';

/**
 * Opens a regular file; the last part of the path must not be a symbolic link.
 * @throws EngineError FILE_MISSING, FILE_UNREADABLE, FILE_OUTSIDE_ROOT for a symbolic link
 */
export async function openLocalFile(
  path: string,
  mode: LocalFileMode = 'async',
): Promise<RandomAccess> {
  switch (mode) {
    case 'async':
      return openAsync(path);
    case 'sync':
      return openInStep(path);
  }
}

// O_NONBLOCK: opening a FIFO must not wait for a writer; it means nothing for regular files.
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

async function openAsync(path: string): Promise<RandomAccess> {
  const handle = await open(path, FLAGS).catch((error: unknown) => {
    throw openFailure(path, error);
  });
  try {
    const facts = await handle.stat({ bigint: true });
    assertRegular(path, facts);
    return new AsyncFile(path, handle, Number(facts.size), holeFinder());
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openInStep(path: string): Promise<RandomAccess> {
  let fd: number;
  try {
    fd = openSync(path, FLAGS);
  } catch (error) {
    throw openFailure(path, error);
  }
  try {
    const facts = fstatSync(fd, { bigint: true });
    assertRegular(path, facts);
    return new SyncFile(path, fd, Number(facts.size), holeFinder());
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

class AsyncFile implements RandomAccess {
  readonly allocated?: NonNullable<RandomAccess['allocated']>;

  constructor(
    readonly name: string,
    private readonly handle: FileHandle,
    readonly sizeBytes: number,
    holes: HoleFinder | undefined,
  ) {
    if (holes !== undefined)
      this.allocated = async (offset, length) => findRuns(holes, handle.fd, this, offset, length);
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    assertInside(this, offset, into.length);
    for (let done = 0; done < into.length;) {
      const { bytesRead } = await this.handle
        .read(into, done, into.length - done, offset + done)
        .catch((error: unknown) => {
          throw readFailure(this, offset + done, error);
        });
      if (bytesRead === 0) throw cutShort(this, offset + done);
      done += bytesRead;
    }
  }

  async stat(): Promise<FileFacts> {
    return factsOf(await this.handle.stat({ bigint: true }));
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

class SyncFile implements RandomAccess {
  readonly allocated?: NonNullable<RandomAccess['allocated']>;
  private readonly ahead: KernelReadAhead;
  private open = true;

  constructor(
    readonly name: string,
    private readonly fd: number,
    readonly sizeBytes: number,
    holes: HoleFinder | undefined,
  ) {
    this.ahead = new KernelReadAhead(fd, sizeBytes);
    if (holes !== undefined)
      this.allocated = async (offset, length) => findRuns(holes, fd, this, offset, length);
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    assertInside(this, offset, into.length);
    if (this.open) this.ahead.before(offset, into.length);
    for (let done = 0; done < into.length;) {
      const bytesRead = this.readOnce(offset + done, into, done);
      if (bytesRead === 0) throw cutShort(this, offset + done);
      done += bytesRead;
    }
  }

  private readOnce(offset: number, into: Uint8Array, done: number): number {
    // A closed number may already belong to another file.
    if (!this.open) throw readFailure(this, offset, new Error('the file was closed'));
    try {
      return readSync(this.fd, into, done, into.length - done, offset);
    } catch (error) {
      throw readFailure(this, offset, error);
    }
  }

  async stat(): Promise<FileFacts> {
    if (!this.open) throw readFailure(this, 0, new Error('the file was closed'));
    return factsOf(fstatSync(this.fd, { bigint: true }));
  }

  async close(): Promise<void> {
    if (!this.open) return;
    this.open = false;
    closeSync(this.fd);
  }
}

/** SEEK_DATA and SEEK_HOLE as runs; at most RUNS_AT_ONCE, what lies behind them counts as data. */
function findRuns(
  holes: HoleFinder,
  fd: number,
  file: RandomAccess,
  offset: number,
  length: number,
): readonly AllocatedRun[] {
  assertInside(file, offset, length);
  const end = offset + length;
  const runs: AllocatedRun[] = [];
  const add = (kind: AllocatedRun['kind'], from: number, to: number): void => {
    if (to > from) runs.push({ offset: from, length: to - from, kind });
  };
  let position = offset;
  while (position < end) {
    if (runs.length >= RUNS_AT_ONCE) {
      add('data', position, end);
      break;
    }
    const dataStart = Math.min(nextData(holes, fd, position, end), end);
    add('hole', position, dataStart);
    if (dataStart >= end) break;
    const hole = holes.seekHole(fd, dataStart);
    // A file always ends with a hole; -1 is an error of the file system: take it for data.
    const dataEnd = hole <= dataStart ? end : Math.min(hole, end);
    add('data', dataStart, dataEnd);
    position = dataEnd;
  }
  return runs;
}

const RUNS_AT_ONCE = 100_000;

/**
 * -1 from SEEK_DATA means "only a hole up to the end", or that the call failed. A hole reads as
 * zeros, so a failure taken for one would lose data: SEEK_HOLE has to agree.
 */
function nextData(holes: HoleFinder, fd: number, position: number, end: number): number {
  const data = holes.seekData(fd, position);
  if (data >= position) return data;
  return holes.seekHole(fd, position) === position ? end : position;
}

function factsOf(stats: BigIntStats): FileFacts {
  return {
    sizeBytes: Number(stats.size),
    mtimeNs: stats.mtimeNs.toString(),
    inode: stats.ino.toString(),
  };
}

function assertRegular(path: string, stats: BigIntStats): void {
  if (stats.isFile()) return;
  throw new EngineError('FILE_UNREADABLE', {
    where: { file: path },
    expected: 'a regular file',
    found: kindOf(stats),
    hint: 'Disks are read from files only; devices, pipes and folders are refused.',
  });
}

function kindOf(stats: BigIntStats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isBlockDevice()) return 'a block device';
  if (stats.isCharacterDevice()) return 'a character device';
  if (stats.isFIFO()) return 'a pipe';
  return 'something that is not a file';
}

function assertInside(file: RandomAccess, offset: number, length: number): void {
  if (Number.isSafeInteger(offset) && offset >= 0 && offset + length <= file.sizeBytes) return;
  throw new EngineError('LAYER_DAMAGED', {
    where: { file: file.name, offsetBytes: offset },
    expected: `a read inside the file of ${file.sizeBytes} bytes`,
    found: `${length} bytes at offset ${offset}`,
    hint: 'The file is cut short or damaged. Copy it again, or leave its snapshots out of the plan.',
  });
}

function cutShort(file: RandomAccess, offset: number): EngineError {
  return new EngineError('FILE_CHANGED', {
    where: { file: file.name, offsetBytes: offset },
    expected: `${file.sizeBytes} bytes, as when it was opened`,
    found: `the file now ends at or before offset ${offset}`,
    hint: 'Something shortened the file while it was read. Put it back, then run `kubectl vm-migrate retry`.',
  });
}

function readFailure(file: RandomAccess, offset: number, cause: unknown): EngineError {
  return new EngineError('FILE_UNREADABLE', {
    where: { file: file.name, offsetBytes: offset },
    found: textOf(cause),
    retry: 'later',
    cause,
  });
}

function openFailure(path: string, cause: unknown): EngineError {
  const code = (cause as NodeJS.ErrnoException).code;
  const where = { file: path };
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new EngineError('FILE_MISSING', { where, cause });
  if (code === 'ELOOP') {
    return new EngineError('FILE_OUTSIDE_ROOT', {
      where,
      expected: 'a regular file',
      found: 'a symbolic link',
      hint: 'Links are not followed: put the file itself there.',
      cause,
    });
  }
  return new EngineError('FILE_UNREADABLE', { where, found: textOf(cause), cause });
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
