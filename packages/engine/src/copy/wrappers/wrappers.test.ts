import { EngineError } from '../../errors';
import { MIB } from '../../bytes';
import { MemoryVolume } from '../memory-volume';
import { digesting } from './digest';
import { faulty } from './faulty';
import { leased } from './leased';
import { rateLimited, SharedBudget } from './rate-limit';
import { recording, type VolumeCall } from './record';
import { retrying } from './retry';

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
