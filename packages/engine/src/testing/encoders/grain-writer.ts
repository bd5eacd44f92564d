import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';

const BUFFER_BYTES = 1 << 20;

/**
 * Writes a file of a test at chosen offsets, as holes where nothing is written: a table of a
 * 62 TiB disk costs only the pages that hold entries. Neighbouring writes are gathered, so that
 * grains of 512 bytes do not cost one call each.
 */
export class GrainWriter {
  private readonly fd: number;
  private readonly buffer = Buffer.alloc(BUFFER_BYTES);
  private start = 0;
  private filled = 0;

  constructor(file: string) {
    this.fd = openSync(file, 'w');
  }

  /** Writes `bytes` padded with zeros to `length`. */
  write(offset: number, bytes: Uint8Array, length = bytes.length): void {
    if (offset !== this.start + this.filled || this.filled + length > BUFFER_BYTES) {
      this.flush();
      this.start = offset;
    }
    if (length > BUFFER_BYTES) {
      this.writeAll(bytes.subarray(0, length), offset);
      this.start = offset + length;
      return;
    }
    const room = this.buffer.subarray(this.filled, this.filled + length);
    room.fill(0);
    room.set(bytes.subarray(0, length));
    this.filled += length;
  }

  /** Ends the file at exactly `fileBytes`. */
  close(fileBytes: number): void {
    this.flush();
    ftruncateSync(this.fd, fileBytes);
    closeSync(this.fd);
  }

  private flush(): void {
    this.writeAll(this.buffer.subarray(0, this.filled), this.start);
    this.filled = 0;
  }

  private writeAll(bytes: Uint8Array, offset: number): void {
    let done = 0;
    while (done < bytes.length)
      done += writeSync(this.fd, bytes, done, bytes.length - done, offset + done);
  }
}
