import { MIB } from '../bytes';
import type { PlannedStep, PlanTotals } from './plan';

/** Used until the class was probed: a slow network volume, a good local disk. Bytes per second. */
const DEFAULT_RATE = { slow: 50 * MIB, fast: 400 * MIB };
/** What one step takes beside its bytes: a local call, a CSI driver that takes its time. */
const STEP_MS = { fast: 100, slow: 5_000 };
/** Measured on a quiet machine for a moment; the real run has neighbours. */
const UNCERTAINTY = 1.5;

/**
 * How long the steps will take, as a range. Low: every chain runs at the measured rate beside the
 * others, so the longest one counts. High: all of them share that rate, and half as much again.
 * @param rates measured bytes per second of one writer, by storage class
 * @param pushedBytesPerSecond what all layers share on their way to the target, where the engine pushes them
 * @returns `undefined` when there is nothing to do
 */
export function estimate(
  steps: readonly PlannedStep[],
  rates: ReadonlyMap<string, number>,
  pushedBytesPerSecond = Infinity,
): PlanTotals['estimateMs'] {
  if (steps.length === 0) return undefined;
  const usable = new Map([...rates].filter(([, rate]) => rate > 0));
  const longestMs = new Map<string, number>();
  let lowMs = 0;
  let highMs = 0;
  let pushedMs = 0;
  let stepsOnLongest = 0;
  const depth = new Map<string, number>();
  // Parents stand before children: one pass finds the longest path.
  for (const step of steps) {
    const rate = usable.get(step.storageClass);
    const ceiling = step.kind === 'applyLayer' ? pushedBytesPerSecond : Infinity;
    const start = highest(step.after, longestMs);
    const fast =
      start + STEP_MS.fast + msFor(step.weightBytes, Math.min(ceiling, rate ?? DEFAULT_RATE.fast));
    const level = 1 + highest(step.after, depth);
    longestMs.set(step.id, fast);
    depth.set(step.id, level);
    lowMs = Math.max(lowMs, fast);
    stepsOnLongest = Math.max(stepsOnLongest, level);
    highMs += msFor(step.weightBytes, Math.min(ceiling, rate ?? DEFAULT_RATE.slow));
    pushedMs += msFor(step.weightBytes, ceiling);
  }
  const measured = [...new Set(steps.map(step => step.storageClass))].filter(name =>
    usable.has(name),
  );
  const measuredWords =
    measured.length > 0
      ? `measured: ${measured.map(name => `${name} ${mibPerSecond(usable.get(name) ?? 0)}`).join(', ')}`
      : `nothing measured yet: ${mibPerSecond(DEFAULT_RATE.slow)} to ${mibPerSecond(DEFAULT_RATE.fast)} assumed`;
  const pushedWords =
    pushedBytesPerSecond === Infinity
      ? ''
      : `; layers are pushed, at most ${mibPerSecond(pushedBytesPerSecond)} in all`;
  return {
    low: Math.round(Math.max(lowMs, pushedMs)),
    high: Math.round(Math.max(lowMs, highMs * UNCERTAINTY + stepsOnLongest * STEP_MS.slow)),
    basis: measuredWords + pushedWords,
  };
}

/** No spread into Math.max: the end of a wide fork waits for more steps than a call takes arguments. */
function highest(ids: readonly string[], values: ReadonlyMap<string, number>): number {
  return ids.reduce((most, id) => Math.max(most, values.get(id) ?? 0), 0);
}

function msFor(bytes: number, bytesPerSecond: number): number {
  return (bytes / bytesPerSecond) * 1000;
}

function mibPerSecond(rate: number): string {
  return `${Math.round(rate / MIB)} MiB/s`;
}
