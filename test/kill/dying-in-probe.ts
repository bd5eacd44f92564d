/** A target whose process kills itself in the middle of one phase of a class's probe. */
import { setTimeout as sleep } from 'node:timers/promises';
import { probeIoOf, type ProbeIo } from '../../packages/engine/src/targets/probe-io';
import type { ProbePhase } from '../../packages/engine/src/targets/prove-class';
import type { Target } from '../../packages/engine/src/targets/target';

export interface ProbeDeath {
  readonly phase: ProbePhase;
  /** After the phase's first call began; at its end when that comes earlier. */
  readonly afterMs: number;
}

type ProbeCall = 'remove' | 'make' | 'write' | 'cut' | 'restore' | 'compare';

/** In their order, with the calls that each one makes. */
const PHASES: readonly (readonly [ProbePhase, readonly ProbeCall[]])[] = [
  ['clear', ['remove']],
  ['create', ['make']],
  ['write', ['write']],
  ['cut', ['cut']],
  ['overwrite', ['write']],
  ['restore', ['restore']],
  ['compare', ['compare']],
  ['overwrite-restored', ['write']],
  ['remove-volume', ['remove']],
  ['restore-again', ['restore', 'compare']],
  ['remove-all', ['remove']],
];

export const PROBE_PHASES: readonly ProbePhase[] = PHASES.map(([phase]) => phase);

export function dyingInProbe(inner: Target, { phase, afterMs }: ProbeDeath): Target {
  let at = 0;
  /** A call that is repeated because it was pending belongs to the phase where it was. */
  const during = async <T>(call: ProbeCall, name: string, work: () => Promise<T>): Promise<T> => {
    if (!name.startsWith('vmm-probe-')) return work();
    // Whoever lost its claim begins another probe: only the second phase makes a volume.
    if (call === 'make') at = 0;
    while (PHASES[at]?.[1].includes(call) === false) at += 1;
    if (PHASES[at]?.[0] !== phase) return work();
    await Promise.race([work(), sleep(afterMs)]);
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => undefined);
  };
  const io = probeIoOf(inner);
  const calls: Partial<Target> & { probeIo(): ProbeIo } = {
    ensureVolume: spec => during('make', spec.name, () => inner.ensureVolume(spec)),
    ensureVolumeFrom: (spec, from) =>
      during('restore', spec.name, () => inner.ensureVolumeFrom(spec, from)),
    ensureVolumeSnapshot: spec => during('cut', spec.name, () => inner.ensureVolumeSnapshot(spec)),
    remove: (kind, name, storeId) =>
      during('remove', name, () => inner.remove(kind, name, storeId)),
    probeIo: () => ({
      write: (volume, pattern) => during('write', volume.name, () => io.write(volume, pattern)),
      compare: (volume, pattern) =>
        during('compare', volume.name, () => io.compare(volume, pattern)),
    }),
  };
  return new Proxy(inner, {
    get(of, key) {
      if (key in calls) return Reflect.get(calls, key) as unknown;
      const value: unknown = Reflect.get(of, key);
      return typeof value === 'function'
        ? (...args: unknown[]): unknown => Reflect.apply(value, of, args)
        : value;
    },
  });
}
