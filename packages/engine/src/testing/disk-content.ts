/**
 * The naive model of a disk: every byte that was ever written, by block. Copies share blocks until
 * one of them writes, so a snapshot costs a map, not a disk.
 */
import { createHash } from 'node:crypto';

import { KIB, MIB } from '../bytes';

export const BLOCK_BYTES = 64 * KIB;

const ZEROS = new Uint8Array(MIB);

export class DiskContent {
  /** Blocks that this copy alone holds. */
  private readonly own = new Set<number>();

  constructor(
    readonly sizeBytes: number,
    private readonly blocks = new Map<number, Uint8Array>(),
  ) {}

  /** A copy; neither sees what is written to the other from now on. */
  clone(): DiskContent {
    this.own.clear();
    return new DiskContent(this.sizeBytes, new Map(this.blocks));
  }

  write(offset: number, bytes: Uint8Array): void {
    if (!Number.isSafeInteger(offset) || offset < 0 || offset + bytes.length > this.sizeBytes)
      throw new RangeError(
        `write at ${offset} of ${bytes.length} bytes, disk of ${this.sizeBytes}`,
      );
    for (let done = 0; done < bytes.length;) {
      const at = offset + done;
      const start = at % BLOCK_BYTES;
      const length = Math.min(BLOCK_BYTES - start, bytes.length - done);
      this.writable((at - start) / BLOCK_BYTES).set(bytes.subarray(done, done + length), start);
      done += length;
    }
  }

  writeZeros(offset: number, length: number): void {
    for (let done = 0; done < length; done += ZEROS.length)
      this.write(offset + done, ZEROS.subarray(0, Math.min(ZEROS.length, length - done)));
  }

  /** The bytes themselves, not to be changed; `undefined` where nothing was ever written. */
  block(index: number): Uint8Array | undefined {
    return this.blocks.get(index);
  }

  /** A copy of a range. */
  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const at = offset + done;
      const start = at % BLOCK_BYTES;
      const part = Math.min(BLOCK_BYTES - start, length - done);
      const block = this.blocks.get((at - start) / BLOCK_BYTES);
      if (block) bytes.set(block.subarray(start, start + part), done);
      done += part;
    }
    return bytes;
  }

  /** In order. */
  blockIndexes(): number[] {
    return [...this.blocks.keys()].sort((a, b) => a - b);
  }

  /** SHA-256 (hex) of the whole disk, holes as zeros. */
  sha256(): string {
    const hash = createHash('sha256');
    let position = 0;
    const zerosUpTo = (end: number): void => {
      for (; position < end; position += ZEROS.length)
        hash.update(ZEROS.subarray(0, Math.min(ZEROS.length, end - position)));
      position = end;
    };
    for (const index of this.blockIndexes()) {
      zerosUpTo(index * BLOCK_BYTES);
      const bytes =
        this.blocks.get(index)?.subarray(0, Math.min(BLOCK_BYTES, this.sizeBytes - position)) ??
        ZEROS.subarray(0, 0);
      hash.update(bytes);
      position += bytes.length;
    }
    zerosUpTo(this.sizeBytes);
    return hash.digest('hex');
  }

  private writable(index: number): Uint8Array {
    const present = this.blocks.get(index);
    if (present && this.own.has(index)) return present;
    const block = present ? present.slice() : new Uint8Array(BLOCK_BYTES);
    this.blocks.set(index, block);
    this.own.add(index);
    return block;
  }
}
