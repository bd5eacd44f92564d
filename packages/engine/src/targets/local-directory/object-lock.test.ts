import { spawnSync } from 'node:child_process';
import { mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';

import { type HeldLock, tryObjectLock } from './object-lock';
import { takeLockFile } from './os-lock';

jest.mock('node:fs/promises', () => {
  const actual = jest.requireActual<typeof import('node:fs/promises')>('node:fs/promises');
  return { ...actual, open: jest.fn(actual.open) };
});
const actualOpen = jest.requireActual<typeof import('node:fs/promises')>('node:fs/promises').open;

describe('locks of a local directory', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'vmm-lock-'));
    file = path.join(folder, 'volume.web-0');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Eight contenders take and release; answers the most that held it at one time. */
  const mostAtOnce = async (
    take: () => Promise<HeldLock | undefined>,
  ): Promise<{ most: number; taken: number }> => {
    let [holding, most, taken] = [0, 0, 0];
    const contend = async () => {
      for (let attempt = 0; attempt < 150; attempt++) {
        const lock = await take();
        if (lock === undefined) continue;
        taken++;
        most = Math.max(most, ++holding);
        await new Promise(resolve => setImmediate(resolve));
        holding--;
        await lock.release();
      }
    };
    await Promise.all(Array.from({ length: 8 }, contend));
    return { most, taken };
  };

  it('have one holder at a time, although their files come and go', async () => {
    const { most, taken } = await mostAtOnce(() => tryObjectLock(file));
    expect(most).toBe(1);
    expect(taken).toBeGreaterThan(8);
    expect(await readdir(folder)).toEqual([]);
  });

  it('are not taken on a file that was removed after it was opened', async () => {
    const first = await tryObjectLock(file);
    let third: HeldLock | undefined;
    jest.mocked(open).mockImplementationOnce(async (...args) => {
      const opened = await actualOpen(...args); // the second contender has the file open,
      await first?.release(); // then it is removed and let go,
      third = await tryObjectLock(file); // and a third contender locks a new one
      return opened;
    });
    try {
      expect(await tryObjectLock(file)).toBeUndefined();
      expect(third).toBeDefined();
    } finally {
      await third?.release();
    }
  });

  it('have one holder at a time where there is no flock', async () => {
    const { most, taken } = await mostAtOnce(async () => {
      const lock = takeLockFile(file);
      return lock && { release: async () => lock.release() };
    });
    expect(most).toBe(1);
    expect(taken).toBeGreaterThan(8);
    expect(await readdir(folder)).toEqual([]);
  });

  it('where there is no flock, are lost by a holder that died, and kept by one that may live', async () => {
    const dead = spawnSync(process.execPath, ['-e', '0']).pid;
    await writeFile(file, JSON.stringify({ host: 'another-machine', pid: dead, token: 't' }));
    expect(takeLockFile(file)).toBeUndefined();
    await writeFile(file, JSON.stringify({ host: hostname(), pid: process.pid, token: 't' }));
    expect(takeLockFile(file)).toBeUndefined();
    await writeFile(file, 'no holder that we know');
    expect(takeLockFile(file)).toBeUndefined();
    await writeFile(file, JSON.stringify({ host: hostname(), pid: dead, token: 't' }));
    takeLockFile(file)?.release();
    expect(await readdir(folder)).toEqual([]);
  });
});
