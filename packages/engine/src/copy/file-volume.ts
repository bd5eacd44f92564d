/**
 * VolumeIo over a raw file or a block device of this machine. Writes are synchronous: they go to the
 * page cache, and a blocking call costs the least; only who writes behind (wrappers/write-behind.ts) goes past
 * the cache of a device. Flush and direct reads wait for the medium, so
 * they are asynchronous: whoever reads back can hash one piece while the next one comes.
 *
 * Never creates, extends or shortens: what exists was made by the target.
 */
import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  openSync,
  read,
  readSync,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';

import { alignDown, alignUp, MIB, SECTOR_BYTES } from '../bytes';
import { EngineError } from '../errors';
import { DIRECT_ALIGNMENT_BYTES, alignedBuffer, isAligned } from '../native/aligned-buffer';
import { isUnsupported, volumeError } from '../native/errno';
import { posix } from '../native/posix';
import { EmptiedCacheReader } from './emptied-cache-reader';
import { DirectWriter } from './direct-writer';
import type { VolumeIo, VolumeWays } from './volume-io';

/** Where the bytes are; a VolumeAddress of an order fits. */
export interface VolumePlace {
  readonly kind: 'file' | 'block';
  readonly path: string;
  readonly sizeBytes: number;
}

/**
 * Which way is tried first. `direct`: past the page cache, the cheapest alone. `emptied-cache`: from
 * the medium as well, beside somebody who writes (emptied-cache-reader.ts). `cache`: only for
 * measuring, it says nothing about the medium.
 */
export type ReadBackWay = 'direct' | 'emptied-cache' | 'cache';

/** `direct`: past the page cache, on block devices and for aligned bytes. */
export type WriteWay = 'cache' | 'direct';

const ZEROS = Buffer.alloc(MIB);
const BOUNCE_BYTES = MIB;
const datasync = promisify(fdatasync);
const readAsync = promisify(read);

export class FileVolume implements VolumeIo {
  readonly sizeBytes: number;
  private zeros: VolumeWays['zeros'] = 'none';
  private reads: VolumeWays['readBack'] = 'none';
  private canPunch = posix() !== undefined;
  private direct: DirectReader | undefined;
  private writer: DirectWriter | undefined;
  private emptied: EmptiedCacheReader | undefined;
  private open = true;

  private constructor(
    private readonly place: VolumePlace,
    private readonly fd: number,
    private readonly readBackWay: ReadBackWay,
    writeWay: WriteWay,
  ) {
    this.sizeBytes = place.sizeBytes;
    if (writeWay === 'direct' && place.kind === 'block')
      this.writer = DirectWriter.open(place.path);
  }

  /** @throws EngineError VOLUME_MISSING, VOLUME_IO, VOLUME_UNEXPECTED when kind or size differ */
  static open(
    place: VolumePlace,
    access: 'read' | 'write',
    readBackWay: ReadBackWay = 'direct',
    writeWay: WriteWay = 'cache',
  ): FileVolume {
    const fd = openExisting(place.path, access === 'write' ? constants.O_RDWR : constants.O_RDONLY);
    try {
      assertPlace(fd, place);
      return new FileVolume(place, fd, readBackWay, writeWay);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    this.assertInside(offset, from.length);
    if ((await this.writer?.write(offset, from)) === true) return;
    this.writeAll(offset, from);
  }

  async zero(offset: number, length: number): Promise<void> {
    this.assertInside(offset, length);
    if (length === 0) return;
    if (this.canPunch && this.tryPunch(offset, length)) return;
    this.zeros = 'written';
    for (let done = 0; done < length; done += ZEROS.length) {
      this.writeAll(offset + done, ZEROS.subarray(0, Math.min(ZEROS.length, length - done)));
    }
  }

  async flush(): Promise<void> {
    this.assertOpen();
    // Not retried, ever: after a failed fsync the kernel forgets which pages were lost.
    await datasync(this.fd).catch((error: unknown) => {
      throw volumeError(error, this.place.path);
    });
  }

  async readBack(offset: number, into: Uint8Array): Promise<void> {
    this.assertInside(offset, into.length);
    if (this.readBackWay === 'cache') {
      this.reads = 'buffered';
      readAll(this.fd, this.place.path, offset, into);
      return;
    }
    if (await this.readThroughEmptiedCache(offset, into)) return;
    if (this.reads !== 'dropped-cache' && this.reads !== 'buffered') {
      this.direct ??= DirectReader.open(this.place);
      if ((await this.direct?.read(offset, into)) === true) {
        if (this.reads === 'none') this.reads = 'direct';
        return;
      }
    }
    this.reads = this.dropCache(offset, into.length) ? 'dropped-cache' : 'buffered';
    readAll(this.fd, this.place.path, offset, into);
  }

  nextStored(offset: number): number {
    if (this.place.kind === 'block') return offset;
    const found = posix()?.seekData(this.fd, offset) ?? offset;
    return found < 0 ? this.sizeBytes : Math.min(Math.max(found, offset), this.sizeBytes);
  }

  ways(): VolumeWays {
    return { zeros: this.zeros, readBack: this.reads };
  }

  async close(): Promise<void> {
    if (!this.open) return;
    this.open = false;
    this.direct?.close();
    this.writer?.close();
    closeSync(this.fd);
  }

  /** Files only: a direct read of a device holds up nobody. */
  private async readThroughEmptiedCache(offset: number, into: Uint8Array): Promise<boolean> {
    if (this.readBackWay !== 'emptied-cache' || this.place.kind !== 'file') return false;
    this.emptied ??= EmptiedCacheReader.over(this.fd);
    try {
      if ((await this.emptied?.read(offset, into)) !== true) return false;
    } catch (error) {
      throw volumeError(error, this.place.path, offset);
    }
    if (this.reads === 'none' || this.reads === 'direct') this.reads = 'emptied-cache';
    return true;
  }

  /** False: the medium cannot, so from now on zeros are written. */
  private tryPunch(offset: number, length: number): boolean {
    const calls = posix();
    if (calls === undefined) return false;
    // A device takes whole sectors only; an odd rest is written.
    if (this.place.kind === 'block' && (offset % SECTOR_BYTES !== 0 || length % SECTOR_BYTES !== 0))
      return false;
    try {
      if (this.place.kind === 'block') calls.blkZeroOut(this.fd, offset, length);
      else calls.punchHole(this.fd, offset, length);
    } catch (error) {
      if (!isUnsupported(error)) throw volumeError(error, this.place.path, offset);
      this.canPunch = false;
      return false;
    }
    if (this.zeros === 'none') this.zeros = 'punched';
    return true;
  }

  private writeAll(offset: number, from: Uint8Array): void {
    for (let done = 0; done < from.length;) {
      try {
        done += writeSync(this.fd, from, done, from.length - done, offset + done);
      } catch (error) {
        throw volumeError(error, this.place.path, offset + done);
      }
    }
  }

  private dropCache(offset: number, length: number): boolean {
    try {
      posix()?.fadviseDontNeed(this.fd, offset, length);
      return posix() !== undefined;
    } catch {
      return false;
    }
  }

  private assertInside(offset: number, length: number): void {
    this.assertOpen();
    if (
      Number.isSafeInteger(offset) &&
      offset >= 0 &&
      length >= 0 &&
      offset + length <= this.sizeBytes
    )
      return;
    throw new EngineError('INTERNAL', {
      where: { file: this.place.path, offsetBytes: offset },
      expected: `a range inside the volume of ${this.sizeBytes} bytes`,
      found: `${length} bytes at ${offset}`,
    });
  }

  private assertOpen(): void {
    // A closed number may already belong to another file.
    if (!this.open)
      throw new EngineError('INTERNAL', {
        where: { file: this.place.path },
        found: 'a call on a closed volume',
      });
  }
}

/** Reads past the page cache. Owns a descriptor and, for ranges that do not fit O_DIRECT, a bounce buffer. */
class DirectReader {
  private bounce: Buffer | undefined;

  private constructor(
    private readonly path: string,
    private readonly fd: number,
  ) {}

  /** `undefined` where the file system or the platform has no O_DIRECT. */
  static open(place: VolumePlace): DirectReader | undefined {
    if (constants.O_DIRECT === undefined) return undefined;
    try {
      return new DirectReader(
        place.path,
        openSync(place.path, constants.O_RDONLY | constants.O_DIRECT),
      );
    } catch {
      return undefined;
    }
  }

  /** False: O_DIRECT does not work here after all. */
  async read(offset: number, into: Uint8Array): Promise<boolean> {
    if (
      isAligned(into) &&
      offset % DIRECT_ALIGNMENT_BYTES === 0 &&
      into.length % DIRECT_ALIGNMENT_BYTES === 0
    ) {
      return this.readAligned(offset, into, into.length);
    }
    // Taken away while it is in use: a second read at the same time makes its own.
    const bounce = this.bounce ?? alignedBuffer(BOUNCE_BYTES);
    this.bounce = undefined;
    if (bounce === undefined) return false;
    for (let done = 0; done < into.length;) {
      const from = alignDown(offset + done, DIRECT_ALIGNMENT_BYTES);
      const skip = offset + done - from;
      const take = Math.min(into.length - done, bounce.length - skip);
      if (!(await this.readAligned(from, bounce, skip + take))) return false;
      into.set(bounce.subarray(skip, skip + take), done);
      done += take;
    }
    this.bounce = bounce;
    return true;
  }

  /** Reads whole sectors; at least `needed` bytes must be there (a file may end inside the last sector). */
  private async readAligned(offset: number, into: Uint8Array, needed: number): Promise<boolean> {
    const wanted = alignUp(needed, DIRECT_ALIGNMENT_BYTES);
    for (let done = 0; done < needed;) {
      let count: number;
      try {
        count = (await readAsync(this.fd, into, done, wanted - done, offset + done)).bytesRead;
      } catch (error) {
        if (isUnsupported(error)) return false;
        throw volumeError(error, this.path, offset + done);
      }
      const reached = done + count;
      if (reached >= needed) return true;
      // A short read that is not at the end leaves an odd position, which O_DIRECT refuses: start there again.
      const next = alignDown(reached, DIRECT_ALIGNMENT_BYTES);
      if (next === done) throw cutShort(this.path, offset + reached);
      done = next;
    }
    return true;
  }

  close(): void {
    closeSync(this.fd);
  }
}

function readAll(fd: number, path: string, offset: number, into: Uint8Array): void {
  for (let done = 0; done < into.length;) {
    let count: number;
    try {
      count = readSync(fd, into, done, into.length - done, offset + done);
    } catch (error) {
      throw volumeError(error, path, offset + done);
    }
    if (count === 0) throw cutShort(path, offset + done);
    done += count;
  }
}

function cutShort(path: string, offsetBytes: number): EngineError {
  return new EngineError('VOLUME_UNEXPECTED', {
    where: { file: path, offsetBytes },
    expected: 'more bytes',
    found: 'the end of the volume',
  });
}

function openExisting(path: string, flags: number): number {
  try {
    return openSync(path, flags);
  } catch (error) {
    throw volumeError(error, path);
  }
}

function assertPlace(fd: number, place: VolumePlace): void {
  const stats = fstatSync(fd);
  const kind = stats.isFile() ? 'file' : stats.isBlockDevice() ? 'block' : 'something else';
  if (kind !== place.kind) {
    throw new EngineError('VOLUME_UNEXPECTED', {
      where: { file: place.path },
      expected: place.kind,
      found: kind,
    });
  }
  // fstat says 0 for a block device. Without the native call the device is believed; a read past its end fails.
  const size = kind === 'file' ? stats.size : (posix()?.blkSize(fd) ?? place.sizeBytes);
  const fits = kind === 'file' ? size === place.sizeBytes : size >= place.sizeBytes;
  if (fits) return;
  throw new EngineError('VOLUME_UNEXPECTED', {
    where: { file: place.path },
    expected: `a ${kind} of ${place.sizeBytes} bytes`,
    found: `${size} bytes`,
  });
}
