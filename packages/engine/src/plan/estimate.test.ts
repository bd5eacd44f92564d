import { MIB } from '../bytes';
import { planInput } from '../testing/plan-input';
import { buildPlan } from './build-plan';
import { estimate } from './estimate';
import { formatBytes } from './format-bytes';

const stepsOf = (...input: Parameters<typeof planInput>): ReturnType<typeof buildPlan>['steps'] =>
  buildPlan(planInput(...input)).steps;

describe('estimate', () => {
  const rates = new Map([['fast', 10 * MIB]]);

  it('is at least the longest chain at the measured rate, at most all of it one after the other and more', () => {
    const two = estimate(stepsOf({ a: 'A[1000] -> A1[500]*', b: 'B[1000]*' }), rates);
    // 1500 MiB in a row at 10 MiB/s and four steps of 0.1 s; 2500 MiB in all.
    expect(two?.low).toBe(150_000 + 400);
    expect(two?.high).toBeGreaterThanOrEqual(250_000);
    expect(two?.basis).toBe('measured: fast 10 MiB/s');
  });

  it('of layers that are pushed: none is faster than what all of them share', () => {
    const steps = stepsOf({ a: 'A[1000] -> A1[500]*', b: 'B[1000]*' });
    const pushed = estimate(steps, rates, 5 * MIB);
    expect(pushed?.low).toBe(500_000);
    expect(pushed?.high).toBeGreaterThanOrEqual(750_000);
    expect(pushed?.basis).toBe(
      'measured: fast 10 MiB/s; layers are pushed, at most 5 MiB/s in all',
    );
    expect(estimate(steps, rates, 1_000 * MIB)?.low).toBe(estimate(steps, rates)?.low);
  });

  it('says when it only assumes', () => {
    expect(estimate(stepsOf('B*'), new Map())?.basis).toMatch(/^nothing measured yet/);
    expect(estimate(stepsOf('B*'), new Map([['fast', 0]]))?.basis).toMatch(/^nothing measured yet/);
  });

  it('is absent when there is nothing to do', () => {
    expect(estimate([], rates)).toBeUndefined();
  });
});

it.each([
  [0, '0 B'],
  [512, '512 B'],
  [1536, '1.5 KiB'],
  [10 * MIB, '10 MiB'],
  [62 * 1024 * 1024 * MIB, '62 TiB'],
])('%d bytes read %s', (bytes, expected) => {
  expect(formatBytes(bytes)).toBe(expected);
});
