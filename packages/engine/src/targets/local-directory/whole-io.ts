/** One read or write call may do less than asked; these do all of it. */
import type { FileHandle } from 'node:fs/promises';

export async function readWhole(file: FileHandle, into: Buffer, offset: number): Promise<void> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await file.read(into, done, into.length - done, offset + done);
    if (bytesRead === 0)
      throw Object.assign(new Error(`the file ended at byte ${offset + done}`), { code: 'EIO' });
    done += bytesRead;
  }
}

export async function writeWhole(file: FileHandle, from: Buffer, offset: number): Promise<void> {
  let done = 0;
  while (done < from.length) {
    const { bytesWritten } = await file.write(from, done, from.length - done, offset + done);
    done += bytesWritten;
  }
}
