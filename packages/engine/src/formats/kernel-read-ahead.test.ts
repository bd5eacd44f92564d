import * as fs from 'node:fs';
import path from 'node:path';

import { KIB, MIB } from '../bytes';
import { posix, type Posix } from '../native/posix';
import { itOnMount, mountXfs } from '../testing/scratch-mount';
import { openLocalFile } from './local-file';

/** A file of 32 MiB of which nothing is in the cache. */
function coldFile(folder: string, name: string): { file: string; isCached(at: number): boolean } {
  const file = path.join(folder, name);
  fs.writeFileSync(file, Buffer.alloc(32 * MIB, 7), { flush: true });
  const about = <T>(ask: (calls: Posix, fd: number) => T): T => {
    const [calls, fd] = [posix(), fs.openSync(file, 'r')];
    if (calls === undefined) throw new Error('koffi does not load');
    try {
      return ask(calls, fd);
    } finally {
      fs.closeSync(fd);
    }
  };
  about((calls, fd) => calls.fadviseDontNeed(fd, 0, 0));
  expect(about((calls, fd) => calls.isCached(fd, 0, 32 * MIB))).toBe(false);
  return { file, isCached: at => about((calls, fd) => calls.isCached(fd, at, 64 * KIB)) };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve));
}

itOnMount('XFS', mountXfs(), 'a stream of reads is read ahead by the kernel', async folder => {
  const { file, isCached } = coldFile(folder, 'stream');
  const opened = await openLocalFile(file, 'sync');
  const piece = Buffer.alloc(256 * KIB);
  await opened.read(0, piece);
  expect(isCached(12 * MIB)).toBe(false);
  await opened.read(256 * KIB, piece);
  await until(() => isCached(12 * MIB));
  expect(isCached(20 * MIB)).toBe(false);
  await opened.close();
});

itOnMount('XFS', mountXfs(), 'reads here and there are not', async folder => {
  const { file, isCached } = coldFile(folder, 'scattered');
  const opened = await openLocalFile(file, 'sync');
  const piece = Buffer.alloc(64 * KIB);
  for (const at of [0, 24 * MIB, 4 * MIB, 16 * MIB]) await opened.read(at, piece);
  for (const at of [8, 12, 20, 28]) expect(isCached(at * MIB)).toBe(false);
  await opened.close();
});
