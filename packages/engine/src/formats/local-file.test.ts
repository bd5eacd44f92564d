import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

import { patternBytes } from '../testing/encoders/grains';
import { tempFolder } from '../testing/temp-folder';
import { posix } from '../native/posix';
import { openLocalFile, type LocalFileMode } from './local-file';

const folder = tempFolder();
let files = 0;

function newFile(bytes: Uint8Array): string {
  const file = path.join(folder, `file-${files++}`);
  writeFileSync(file, bytes);
  return file;
}

describe.each<LocalFileMode>(['async', 'sync'])('a local file, %s', mode => {
  it('reads any range', async () => {
    const bytes = patternBytes(300_000, 1);
    const file = await openLocalFile(newFile(bytes), mode);
    expect(file.sizeBytes).toBe(300_000);
    for (const [offset, length] of [
      [0, 1],
      [299_999, 1],
      [0, 300_000],
      [12_345, 100_000],
      [300_000, 0],
    ] as const) {
      const into = new Uint8Array(length);
      await file.read(offset, into);
      expect(Buffer.compare(into, bytes.subarray(offset, offset + length))).toBe(0);
    }
    await file.close();
  });

  it('fills only the piece of a buffer that it was given', async () => {
    const file = await openLocalFile(newFile(Buffer.from('abcdef')), mode);
    const buffer = Buffer.from('----------');
    await file.read(1, buffer.subarray(3, 6));
    expect(buffer.toString()).toBe('---bcd----');
    await file.close();
  });

  it('refuses a range that passes its end, with the place', async () => {
    const name = newFile(Buffer.alloc(100));
    const file = await openLocalFile(name, mode);
    await expect(file.read(90, new Uint8Array(11))).rejects.toMatchObject({
      code: 'LAYER_DAMAGED',
      where: { file: name, offsetBytes: 90 },
    });
    await expect(file.read(-1, new Uint8Array(1))).rejects.toMatchObject({ code: 'LAYER_DAMAGED' });
    await file.close();
  });

  it('names a file that was cut short while it was open', async () => {
    const name = newFile(Buffer.alloc(100_000));
    const file = await openLocalFile(name, mode);
    truncateSync(name, 50_000);
    await expect(file.read(40_000, new Uint8Array(20_000))).rejects.toMatchObject({
      code: 'FILE_CHANGED',
      where: { file: name, offsetBytes: 50_000 },
    });
    await file.close();
  });

  it('shows in its facts that it was written to', async () => {
    const name = newFile(Buffer.alloc(10));
    const file = await openLocalFile(name, mode);
    const before = await file.stat();
    expect(await file.stat()).toEqual(before);
    appendFileSync(name, 'x');
    expect(await file.stat()).toMatchObject({ sizeBytes: 11, inode: before.inode });
    await file.close();
  });

  it('reads no more once it is closed', async () => {
    const file = await openLocalFile(newFile(Buffer.alloc(10)), mode);
    await file.close();
    await expect(file.read(0, new Uint8Array(1))).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
    });
  });

  it('refuses what is not a regular file', async () => {
    const pipe = path.join(folder, `pipe-${mode}`);
    execFileSync('mkfifo', [pipe]);
    const link = path.join(folder, `link-${mode}`);
    symlinkSync(newFile(Buffer.alloc(1)), link);
    const sub = path.join(folder, `sub-${mode}`);
    mkdirSync(sub);
    await expect(openLocalFile(pipe, mode)).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      found: 'a pipe',
    });
    await expect(openLocalFile(sub, mode)).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      found: 'a folder',
    });
    await expect(openLocalFile('/dev/null', mode)).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      found: 'a character device',
    });
    await expect(openLocalFile(link, mode)).rejects.toMatchObject({
      code: 'FILE_OUTSIDE_ROOT',
      found: 'a symbolic link',
    });
    await expect(openLocalFile(path.join(folder, 'gone'), mode)).rejects.toMatchObject({
      code: 'FILE_MISSING',
    });
  });

  const itWithHoles = posix() === undefined ? it.skip : it;
  itWithHoles('tells holes from data (skipped where native calls are absent)', async () => {
    const name = path.join(folder, `sparse-${mode}`);
    const fd = openSync(name, 'w');
    for (const mib of [1, 5])
      writeSync(fd, patternBytes(1024 * 1024, mib), 0, 1024 * 1024, mib * 1024 * 1024);
    closeSync(fd);
    truncateSync(name, 8 * 1024 * 1024);
    const file = await openLocalFile(name, mode);
    const runs = await file.allocated?.(0, file.sizeBytes);
    const MIB = 1024 * 1024;
    expect(runs).toEqual([
      { offset: 0, length: MIB, kind: 'hole' },
      { offset: MIB, length: MIB, kind: 'data' },
      { offset: 2 * MIB, length: 3 * MIB, kind: 'hole' },
      { offset: 5 * MIB, length: MIB, kind: 'data' },
      { offset: 6 * MIB, length: 2 * MIB, kind: 'hole' },
    ]);
    expect(await file.allocated?.(MIB + 10, 20)).toEqual([
      { offset: MIB + 10, length: 20, kind: 'data' },
    ]);
    expect(await file.allocated?.(7 * MIB, MIB)).toEqual([
      { offset: 7 * MIB, length: MIB, kind: 'hole' },
    ]);
    await file.close();
  });
});
