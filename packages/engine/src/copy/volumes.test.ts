import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';

import { KIB, MIB } from '../bytes';
import { posix } from '../native/posix';
import { seededBytes } from '../testing/seeded-bytes';
import { itOnMount, mountTmpfs } from '../testing/scratch-mount';
import { tempFolder } from '../testing/temp-folder';
import { volumeIoSuite } from '../testing/volume-io-suite';
import { FileVolume, type WriteWay } from './file-volume';
import { MemoryVolume } from './memory-volume';
import { digesting } from './wrappers/digest';
import { faulty } from './wrappers/faulty';
import { leased } from './wrappers/leased';
import { rateLimited } from './wrappers/rate-limit';
import { recording } from './wrappers/record';
import { retrying } from './wrappers/retry';
import { writingBehind } from './wrappers/write-behind';

const folder = tempFolder();
let files = 0;

function newFile(content: Uint8Array): string {
  const file = path.join(folder, `volume-${files++}`);
  fs.writeFileSync(file, content);
  return file;
}

function memory(content: Uint8Array): MemoryVolume {
  const volume = new MemoryVolume(content.length);
  volume.bytes.set(content);
  return volume;
}

volumeIoSuite('a buffer', async content => {
  const volume = memory(content);
  return { volume, content: async () => volume.bytes };
});

volumeIoSuite('a raw file', async content => {
  const file = newFile(content);
  return {
    volume: FileVolume.open({ kind: 'file', path: file, sizeBytes: content.length }, 'write'),
    content: async () => fs.readFileSync(file),
  };
});

volumeIoSuite('all wrappers around a buffer', async content => {
  const inner = memory(content);
  const guard = { assertHeld: () => undefined };
  const budget = { take: async () => undefined };
  const faultless = faulty(leased(inner, guard), () => undefined);
  return {
    volume: digesting(
      recording(rateLimited(retrying(faultless, { attempts: 2, firstPauseMs: 0 }), budget), []),
    ),
    content: async () => inner.bytes,
  };
});

volumeIoSuite('a buffer that is written behind', async content => {
  const inner = memory(content);
  const volume = writingBehind(inner);
  return {
    volume,
    content: async () => {
      await volume.settled();
      return inner.bytes;
    },
  };
});

const loop = loopDevice();
(loop === undefined ? describe.skip : describe)(
  'a block device (skipped without root and loop devices)',
  () => {
    afterAll(() => loop?.remove());
    volumeIoSuite('a loop device', async content => {
      if (loop === undefined) throw new Error('no loop device');
      fs.writeFileSync(loop.device, content);
      const volume = FileVolume.open(
        { kind: 'block', path: loop.device, sizeBytes: content.length },
        'write',
      );
      return {
        volume,
        content: async () => fs.readFileSync(loop.device).subarray(0, content.length),
      };
    });

    const openBehind = (sizeBytes: number, way: WriteWay) =>
      writingBehind(
        FileVolume.open(
          { kind: 'block', path: loop?.device ?? '', sizeBytes },
          'write',
          'direct',
          way,
        ),
      );

    volumeIoSuite('a loop device past the page cache, written behind', async content => {
      if (loop === undefined) throw new Error('no loop device');
      fs.writeFileSync(loop.device, content);
      const volume = openBehind(content.length, 'direct');
      return {
        volume,
        content: async () => {
          await volume.settled();
          return fs.readFileSync(loop.device).subarray(0, content.length);
        },
      };
    });

    it('writes whole pages past the cache and odd ends through it: the device holds all of them', async () => {
      const device = loop?.device ?? '';
      const seed = Number(process.env['DIRECT_SEED'] ?? Date.now() % 1_000_000);
      const random = randomFrom(seed);
      const size = 8 * MIB;
      fs.writeFileSync(device, Buffer.alloc(size));
      const wanted = Buffer.alloc(size);
      const volume = openBehind(size, 'direct');
      for (let nth = 0, at = 0; at < size; nth++) {
        const length = Math.min(1 + random(nth % 3 === 0 ? 700 * KIB : 9 * KIB), size - at);
        const bytes = seededBytes(length, nth);
        await volume.write(at, bytes);
        wanted.set(bytes, at);
        // Often on a page, as layers are; sometimes not.
        at += length + (random(2) === 0 ? 0 : (4096 - ((at + length) % 4096)) % 4096);
      }
      await volume.flush();
      await volume.close();
      if (!fs.readFileSync(device).subarray(0, size).equals(wanted))
        throw new Error(`other bytes, DIRECT_SEED=${seed}`);
    });

    it('leaves nothing of it in the cache', async () => {
      const device = loop?.device ?? '';
      const cachedAfter = async (way: WriteWay): Promise<boolean> => {
        const fd = fs.openSync(device, 'r');
        try {
          posix()?.fadviseDontNeed(fd, 0, 4 * MIB);
          const volume = openBehind(8 * MIB, way);
          await volume.write(0, seededBytes(4 * MIB, 3));
          await volume.settled();
          const isCached = posix()?.isCached(fd, 0, 4 * MIB) === true;
          await volume.close();
          return isCached;
        } finally {
          fs.closeSync(fd);
        }
      };
      expect([await cachedAfter('direct'), await cachedAfter('cache')]).toEqual([false, true]);
    });

    it('refuses a device that is too small', () => {
      expect(() =>
        FileVolume.open({ kind: 'block', path: loop?.device ?? '', sizeBytes: 64 * MIB }, 'write'),
      ).toThrow(expect.objectContaining({ code: 'VOLUME_UNEXPECTED' }));
    });
  },
);

describe('a raw file', () => {
  const open = (file: string, sizeBytes: number) =>
    FileVolume.open({ kind: 'file', path: file, sizeBytes }, 'write');

  it('gives space back when it zeroes', async () => {
    const file = newFile(seededBytes(4 * MIB, 1));
    const volume = open(file, 4 * MIB);
    await volume.zero(MIB, 2 * MIB);
    await volume.close();
    expect(volume.ways().zeros).toBe(posix() === undefined ? 'written' : 'punched');
    if (process.platform === 'linux')
      expect(fs.statSync(file).blocks * 512).toBeLessThanOrEqual(2 * MIB + 64 * KIB);
  });

  it('reads past the page cache and says so', async () => {
    const volume = open(newFile(seededBytes(MIB, 1)), MIB);
    await volume.readBack(0, Buffer.alloc(MIB));
    expect(['direct', 'dropped-cache']).toContain(volume.ways().readBack);
    await volume.close();
  });

  it.each([
    ['another size', MIB - 512],
    ['another size', MIB + 512],
  ])('is refused with %s', (_, sizeBytes) => {
    const file = newFile(Buffer.alloc(MIB));
    expect(() => open(file, sizeBytes)).toThrow(
      expect.objectContaining({ code: 'VOLUME_UNEXPECTED' }),
    );
  });

  it('is never created', () => {
    const file = path.join(folder, 'absent');
    expect(() => open(file, MIB)).toThrow(expect.objectContaining({ code: 'VOLUME_MISSING' }));
    expect(fs.existsSync(file)).toBe(false);
  });

  itOnMount('a tmpfs of 1 MiB', mountTmpfs(MIB), 'names a full target', async small => {
    const file = path.join(small, 'volume');
    fs.writeFileSync(file, '');
    fs.truncateSync(file, 8 * MIB);
    const volume = open(file, 8 * MIB);
    await expect(volume.write(0, seededBytes(4 * MIB, 1))).rejects.toMatchObject({
      code: 'VOLUME_FULL',
      where: { file },
    });
    await volume.close();
  });
});

/** Whole numbers below a bound, the same ones for a seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function loopDevice(): { device: string; remove(): void } | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  try {
    const image = path.join(folder, 'loop.img');
    fs.writeFileSync(image, '');
    fs.truncateSync(image, 16 * MIB);
    const device = execFileSync('losetup', ['--show', '-f', image], { encoding: 'utf8' }).trim();
    return { device, remove: () => void execFileSync('losetup', ['-d', device]) };
  } catch {
    return undefined;
  }
}
