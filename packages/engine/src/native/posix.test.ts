import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import path from 'node:path';

import { MIB } from '../bytes';
import { tempFolder } from '../testing/temp-folder';
import { alignedBuffer, isAligned } from './aligned-buffer';
import { systemError, volumeError } from './errno';
import { posix, storedRuns } from './posix';

const folder = tempFolder();
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('native calls', () => {
  const calls = posix();
  if (calls === undefined) throw new Error('koffi does not load');

  it('finds holes, and punches them', () => {
    const file = path.join(folder, 'sparse');
    fs.writeFileSync(file, '');
    fs.truncateSync(file, 8 * MIB);
    const fd = fs.openSync(file, 'r+');
    fs.writeSync(fd, Buffer.alloc(2 * MIB, 1), 0, 2 * MIB, 4 * MIB);
    const words = () =>
      [...storedRuns(fd, 8 * MIB)].map(
        run => `${run.kind} ${run.offset / MIB}+${run.length / MIB}`,
      );
    expect(words()).toEqual(['hole 0+4', 'data 4+2', 'hole 6+2']);
    calls.punchHole(fd, 4 * MIB, MIB);
    expect(words()).toEqual(['hole 0+5', 'data 5+1', 'hole 6+2']);
    expect(calls.seekData(fd, 6 * MIB)).toBe(-1);
    fs.closeSync(fd);
  });

  it('a lock is held against other processes and goes with its holder, also by SIGKILL', async () => {
    const file = path.join(folder, 'lock');
    fs.writeFileSync(file, '');
    const script = `const k=require(${JSON.stringify(require.resolve('koffi'))});const l=k.load(null);l.func('int flock(int,int)')(require('fs').openSync(${JSON.stringify(file)},'r'),6);console.log('held');setInterval(()=>{},1e6)`;
    const other = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(other.stdout, 'data');
    const fd = fs.openSync(file, 'r');
    expect(calls.flockExclusive(fd)).toBe(false);
    expect(calls.flockShared(fd)).toBe(false);
    other.kill('SIGKILL');
    await once(other, 'close');
    expect(calls.flockExclusive(fd)).toBe(true);
    fs.closeSync(fd);
  });

  it('names the error of a failed call', () => {
    expect(() => calls.punchHole(-1, 0, 1)).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });
});

it('memory for O_DIRECT is known by its alignment', () => {
  const buffer = alignedBuffer(100) ?? Buffer.alloc(0);
  expect(isAligned(buffer)).toBe(true);
  expect(isAligned(buffer.subarray(4096, 8192))).toBe(true);
  expect(isAligned(buffer.subarray(512))).toBe(false);
  expect(isAligned(Buffer.alloc(8192))).toBe(false);
});

it.each([
  [28, 'VOLUME_FULL'],
  [122, 'VOLUME_FULL'],
  [5, 'VOLUME_IO'],
  [2, 'VOLUME_MISSING'],
])('error number %i means %s', (errno, code) => {
  expect(volumeError(systemError('write', errno), 'file', 7)).toMatchObject({
    code,
    where: { file: 'file', offsetBytes: 7 },
  });
});
