import { EngineError } from '../../errors';
import { MIB } from '../../bytes';
import { MemoryVolume } from '../memory-volume';
import { digesting } from './digest';
import { faulty } from './faulty';
import { leased } from './leased';
import { rateLimited, SharedBudget } from './rate-limit';
import { recording, type VolumeCall } from './record';
import { retrying } from './retry';
import { writingBehind } from './write-behind';

const later = () => new EngineError('VOLUME_IO', { retry: 'later' });
const never = () => new EngineError('VOLUME_FULL');

describe('retry', () => {
  const rule = { attempts: 3, firstPauseMs: 0 };

  it('repeats what may help, as often as it may', async () => {
    const inner = new MemoryVolume(10);
    await retrying(
      faulty(inner, (_, nth) => (nth < 2 ? later() : undefined)),
      rule,
    ).write(3, Buffer.from('abc'));
    expect(inner.bytes.toString('latin1', 3, 6)).toBe('abc');
    const broken = retrying(
      faulty(inner, () => later()),
      rule,
    );
    await expect(broken.write(0, Buffer.from('x'))).rejects.toMatchObject({ code: 'VOLUME_IO' });
  });

  it('does not repeat what cannot help, and never a flush', async () => {
    for (const [error, call] of [
      [never, 'write'],
      [later, 'flush'],
    ] as const) {
      const calls: VolumeCall[] = [];
      const inner = recording(
        faulty(new MemoryVolume(10), () => error()),
        calls,
      );
      await expect(
        call === 'flush'
          ? retrying(inner, rule).flush()
          : retrying(inner, rule).write(0, Buffer.from('x')),
      ).rejects.toThrow();
      expect(calls).toHaveLength(1);
    }
  });
});

describe('writing behind', () => {
  /** A medium whose writes end when they are let go. */
  class SlowVolume extends MemoryVolume {
    readonly waiting: (() => void)[] = [];
    most = 0;

    override async write(offset: number, from: Uint8Array): Promise<void> {
      this.most = Math.max(this.most, this.waiting.length + 1);
      await new Promise<void>(resolve => this.waiting.push(resolve));
      await super.write(offset, from);
    }

    letGo(): void {
      for (const go of this.waiting.splice(0)) go();
    }
  }
  const turn = () => new Promise(resolve => setImmediate(resolve));

  it('collects what goes on where the last write ended, and holds back who is too far ahead', async () => {
    const inner = new SlowVolume(16 * MIB);
    const volume = writingBehind(inner);
    let written = 0;
    const writer = (async () => {
      for (; written < 32; written++)
        await volume.write(written * (MIB / 4), Buffer.alloc(MIB / 4, written + 1));
    })();
    for (let nth = 0; nth < 50; nth++) await turn();
    // Four buffers of 1 MiB are full, and nothing takes more.
    expect([written, inner.waiting.length]).toEqual([16, 4]);
    const over = writer.then(() => volume.settled());
    for (let isOver = false; !isOver;) {
      inner.letGo();
      isOver = await Promise.race([over.then(() => true), turn().then(() => false)]);
    }
    expect(inner.most).toBe(4);
    for (let nth = 0; nth < 32; nth++) expect(inner.bytes[nth * (MIB / 4) + 5]).toBe(nth + 1);
  });

  it('has not settled before the last byte is there', async () => {
    const inner = new SlowVolume(MIB);
    const volume = writingBehind(inner);
    await volume.write(7, Buffer.from('abc'));
    let isSettled = false;
    const settled = volume.settled().then(() => (isSettled = true));
    for (let nth = 0; nth < 10; nth++) await turn();
    expect(isSettled).toBe(false);
    inner.letGo();
    await settled;
    expect(inner.bytes.toString('latin1', 7, 10)).toBe('abc');
  });

  it('keeps the order of a write and of zeros over it', async () => {
    const inner = new SlowVolume(MIB);
    const volume = writingBehind(inner);
    await volume.write(0, Buffer.alloc(4096, 1));
    const zeroed = volume.zero(0, 4096);
    await turn();
    inner.letGo();
    await zeroed;
    expect(inner.bytes.subarray(0, 4096).every(byte => byte === 0)).toBe(true);
  });

  it('says of every later call that a write failed, and counts none of it as written', async () => {
    const volume = writingBehind(
      faulty(new MemoryVolume(4 * MIB), call =>
        'offset' in call && call.offset === MIB ? never() : undefined,
      ),
    );
    await volume.write(0, Buffer.alloc(3 * MIB));
    const full = { code: 'VOLUME_FULL' };
    await expect(volume.settled()).rejects.toMatchObject(full);
    await expect(volume.settled()).rejects.toMatchObject(full);
    await expect(volume.write(3 * MIB, Buffer.alloc(512))).rejects.toMatchObject(full);
    await expect(volume.zero(0, 512)).rejects.toMatchObject(full);
    await expect(volume.flush()).rejects.toMatchObject(full);
    await volume.close();
  });

  it('closes only when nothing of it is under way', async () => {
    const inner = new SlowVolume(2 * MIB);
    const volume = writingBehind(inner);
    await volume.write(0, Buffer.alloc(MIB, 1));
    let isClosed = false;
    const closed = volume.close().then(() => (isClosed = true));
    await turn();
    expect(isClosed).toBe(false);
    inner.letGo();
    await closed;
  });
});

describe('lease', () => {
  it('is asked before every call that changes the volume; without it nothing changes', async () => {
    const calls: VolumeCall[] = [];
    let held = true;
    const guard = {
      assertHeld() {
        if (!held) throw new EngineError('MOVER_STOPPED');
      },
    };
    const volume = leased(recording(new MemoryVolume(100), calls), guard);
    await volume.write(0, Buffer.from('x'));
    held = false;
    for (const call of [
      () => volume.write(0, Buffer.from('y')),
      () => volume.zero(0, 5),
      () => volume.flush(),
    ])
      await expect(call()).rejects.toMatchObject({ code: 'MOVER_STOPPED' });
    expect(calls).toHaveLength(1);
  });
});

describe('rate limit', () => {
  const newBudget = () =>
    new SharedBudget(
      new BigInt64Array(new SharedArrayBuffer(16)),
      new Int32Array(new SharedArrayBuffer(4)),
    );

  it('holds the rate', async () => {
    const budget = newBudget();
    budget.setRate(4 * MIB);
    const volume = rateLimited(new MemoryVolume(MIB), budget);
    const started = performance.now();
    for (let nth = 0; nth < 12; nth++) await volume.write(0, Buffer.alloc(128 * 1024));
    // 1.5 MiB at 4 MiB/s is 375 ms, less the saving of 100 ms.
    expect(performance.now() - started).toBeGreaterThanOrEqual(270);
  });

  it('lets whoever waits go when it is lifted', async () => {
    const budget = newBudget();
    budget.setRate(1);
    const waiting = budget.take(1000);
    budget.setRate(0);
    await waiting;
  });
});

describe('digest', () => {
  it('tells apart what was written where', async () => {
    const digestOf = async (offset: number, text: string): Promise<string> => {
      const volume = digesting(new MemoryVolume(100));
      await volume.write(offset, Buffer.from(text));
      return volume.digest();
    };
    expect(await digestOf(0, 'a')).toBe(await digestOf(0, 'a'));
    expect(
      new Set([await digestOf(0, 'a'), await digestOf(1, 'a'), await digestOf(0, 'b')]).size,
    ).toBe(3);
  });
});
