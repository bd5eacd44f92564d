import { LongWaits } from './long-waits';

describe('a long wait', () => {
  let now = 0;
  beforeEach(() => {
    now = 1_000;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
  });
  afterEach(() => jest.restoreAllMocks());

  it('is told once, when it has been long, and again when it waits for something else', () => {
    const waits = new LongWaits();
    expect(waits.isNews('a', 'the pool')).toBe(false);
    now += 29_000;
    expect(waits.isNews('a', 'the pool')).toBe(false);
    now += 2_000;
    expect(waits.isNews('a', 'the pool')).toBe(true);
    expect(waits.isNews('a', 'the pool')).toBe(false);
    expect(waits.isNews('a', 'the node')).toBe(false);
    now += 121_000;
    expect(waits.isNews('a', 'the pool')).toBe(false);
    expect(waits.isNews('a', 'the node')).toBe(true);
  });

  it('begins anew when it was over', () => {
    const waits = new LongWaits();
    waits.isNews('a', 'x');
    now += 31_000;
    waits.over('a');
    expect(waits.isNews('a', 'x')).toBe(false);
    expect(waits.isNews('b', 'x')).toBe(false);
  });
});
