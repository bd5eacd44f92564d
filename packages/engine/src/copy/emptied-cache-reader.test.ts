import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import path from 'node:path';

import { KIB, MIB } from '../bytes';
import { itOnMount, mountXfs } from '../testing/scratch-mount';
import { seededBytes } from '../testing/seeded-bytes';
import { FileVolume } from './file-volume';

/** Another byte on the medium, under a file system that has the right one in its cache. */
function changeOnMedium(mount: string, content: Buffer, at: number): void {
  const image = path.join(path.dirname(mount), 'image');
  const bytes = fs.readFileSync(image);
  const found = bytes.indexOf(content.subarray(at, at + 64));
  expect(found).toBeGreaterThan(0);
  const fd = fs.openSync(image, 'r+');
  fs.writeSync(fd, Buffer.from([content.readUInt8(at) ^ 0xff]), 0, 1, found);
  fs.closeSync(fd);
}

/** Piece by piece, as a mover writes: one large write makes folios that reach beyond what is read back. */
async function written(folder: string, name: string, content: Buffer): Promise<string> {
  const file = path.join(folder, name);
  const fd = fs.openSync(file, 'w');
  for (let at = 0; at < content.length; at += 256 * KIB) fs.writeSync(fd, content, at, 256 * KIB);
  fs.fsyncSync(fd);
  fs.closeSync(fd);
  expect(fs.readFileSync(file).equals(content)).toBe(true);
  return file;
}

itOnMount(
  'XFS',
  mountXfs(),
  'a read through the emptied cache is what the medium holds',
  async folder => {
    const content = Buffer.from(seededBytes(4 * MIB, 1));
    const file = await written(folder, 'changed', content);
    const at = 2 * MIB + 12_345;
    changeOnMedium(folder, content, at);
    expect(fs.readFileSync(file)[at]).toBe(content[at]);

    const volume = FileVolume.open(
      { kind: 'file', path: file, sizeBytes: content.length },
      'read',
      'emptied-cache',
    );
    const piece = Buffer.alloc(MIB);
    await volume.readBack(MIB, piece);
    expect(piece.equals(content.subarray(MIB, 2 * MIB))).toBe(true);
    await volume.readBack(2 * MIB, piece);
    expect(piece[at - 2 * MIB]).toBe(content.readUInt8(at) ^ 0xff);
    expect(volume.ways().readBack).toBe('emptied-cache');
    await volume.close();
  },
);

itOnMount('XFS', mountXfs(), 'what stays in the cache is read directly', async folder => {
  const content = Buffer.from(seededBytes(MIB, 2));
  const file = await written(folder, 'held', content);
  const script = `const k=require(${JSON.stringify(require.resolve('koffi'))});const l=k.load(null);
    const at=l.func('void *mmap(void*,size_t,int,int,int,int64_t)')(null,${MIB},1,1,require('fs').openSync(${JSON.stringify(file)},'r'),0);
    k.decode(at,'uint8_t',${MIB});console.log('held');setInterval(()=>{},1e6)`;
  const holder = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(holder.stdout, 'data');
    changeOnMedium(folder, content, 300 * KIB);
    const volume = FileVolume.open(
      { kind: 'file', path: file, sizeBytes: content.length },
      'read',
      'emptied-cache',
    );
    const piece = Buffer.alloc(MIB);
    await volume.readBack(0, piece);
    expect(piece[300 * KIB]).toBe(content.readUInt8(300 * KIB) ^ 0xff);
    expect(volume.ways().readBack).toBe('direct');
    await volume.close();
  } finally {
    holder.kill('SIGKILL');
    await once(holder, 'close');
  }
});
