import { mapAtOnce } from './at-once';

describe('mapAtOnce', () => {
  it('answers in the order of the items, whichever ends first', async () => {
    const release: (() => void)[] = [];
    const answers = mapAtOnce(['a', 'b', 'c'], 3, async item => {
      await new Promise<void>(resolve => release.push(resolve));
      return item.toUpperCase();
    });
    expect(release).toHaveLength(3);
    for (const end of release.reverse()) end();
    await expect(answers).resolves.toEqual(['A', 'B', 'C']);
  });

  it('has no more at work than the limit, and takes the next as one ends', async () => {
    const began: number[] = [];
    const release: (() => void)[] = [];
    const answers = mapAtOnce([0, 1, 2, 3, 4], 2, async item => {
      began.push(item);
      await new Promise<void>(resolve => release.push(resolve));
      return item;
    });
    for (let ended = 0; ended < 5; ended++) {
      expect(began.length).toBeLessThanOrEqual(ended + 2);
      release[ended]?.();
      await new Promise(setImmediate);
    }
    await expect(answers).resolves.toEqual([0, 1, 2, 3, 4]);
  });

  it('throws the first error when what runs has ended, and begins nothing more', async () => {
    const began: number[] = [];
    let endSlow = (): void => undefined;
    let thrown: unknown;
    const answers = mapAtOnce([0, 1, 2, 3], 2, async item => {
      began.push(item);
      if (item === 1) throw new Error('no');
      await new Promise<void>(resolve => (endSlow = resolve));
      return item;
    }).catch((error: unknown) => (thrown = error));
    await new Promise(setImmediate);
    expect(thrown).toBeUndefined();
    endSlow();
    await answers;
    expect(thrown).toEqual(new Error('no'));
    expect(began).toEqual([0, 1]);
  });

  it('of two errors throws the one that came first', async () => {
    let failSlow = (): void => undefined;
    const answers = mapAtOnce(['slow', 'quick'], 2, async item => {
      if (item === 'slow') await new Promise<void>(resolve => (failSlow = resolve));
      throw new Error(item);
    }).catch((error: unknown) => error);
    await new Promise(setImmediate);
    failSlow();
    await expect(answers).resolves.toEqual(new Error('quick'));
  });

  it('of nothing is nothing', async () => {
    await expect(mapAtOnce([], 4, async () => 1)).resolves.toEqual([]);
  });
});
