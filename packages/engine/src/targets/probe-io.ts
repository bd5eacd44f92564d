import { EngineError } from '../errors';
import type { ProbePattern } from './probe-pattern';
import type { Pending, Target, Volume } from './target';

/** How the probe reaches the bytes of a volume: a local target opens the file, a cluster runs a pod. Safe to repeat. */
export interface ProbeIo {
  /** Writes the whole pattern and flushes it. */
  write(volume: Volume, pattern: ProbePattern): Promise<{ readonly durationMs: number } | Pending>;

  /** Reads the whole pattern back. */
  compare(volume: Volume, pattern: ProbePattern): Promise<ProbeComparison | Pending>;
}

export type ProbeComparison =
  { readonly equal: true } | { readonly equal: false; readonly offsetBytes: number };

/** What a Target has beside its contract when its classes can be probed. */
export interface Probeable {
  /** @param moverImage of the pods that write and compare, as `Target.mover` takes it; absent: the target's own */
  probeIo(moverImage?: string): ProbeIo;
}

/** @throws EngineError INTERNAL when the target cannot be probed */
export function probeIoOf(target: Target, moverImage?: string): ProbeIo {
  if ('probeIo' in target) return (target as Target & Probeable).probeIo(moverImage);
  throw new EngineError('INTERNAL', {
    where: { object: target.name },
    expected: 'a target with probeIo()',
    found: `kind ${target.kind}`,
  });
}
