import type { Mover } from '../../mover/mover';
import type { ProbeIo } from '../probe-io';
import type { Pending } from '../target';

/** What the target needs of the pods that work on its volumes; pods/ has it. */
export interface TargetPods {
  /** @param image absent: the configured one */
  mover(image?: string): Mover;

  /** Ends what its movers follow. Absent: `mover().close()` does. */
  close?(): Promise<void>;

  /** How the probe reaches the bytes of a volume. @param image as `mover` takes it */
  probeIo(image?: string): ProbeIo;

  /**
   * Takes away what stands beside a volume that is about to be removed: its pod with its Secrets,
   * unless that works, and its block tables. Pending while a pod still runs on it.
   */
  release(volume: string): Promise<void | Pending>;
}
