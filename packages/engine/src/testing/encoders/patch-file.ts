import { closeSync, openSync, writeSync } from 'node:fs';

/** Overwrites bytes of a file of a test where they stand. */
export function patchFile(file: string, offset: number, bytes: Uint8Array): void {
  const fd = openSync(file, 'r+');
  try {
    writeSync(fd, bytes, 0, bytes.length, offset);
  } finally {
    closeSync(fd);
  }
}
