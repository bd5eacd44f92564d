/** Whether a pod runs the image that was meant: a tag can be moved to another one at any time. */
import { EngineError } from '../../../errors';
import type { Pod } from '../cluster/resources';
import { CONTAINER } from './pod-spec';

/** One for all pods of one image reference: what the first ran counts where nothing else says it. */
export class ExpectedImage {
  /** @param digest `sha256:...`; absent: the reference has a tag that is somebody else's */
  constructor(
    private readonly reference: string,
    private digest: string | undefined,
  ) {
    this.digest = /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1] ?? digest;
  }

  /**
   * A runtime that imported the image from a file may know no digest of it: then the handshake's
   * version alone counts.
   * @throws EngineError MOVER_VERSION
   */
  assert(pod: Pod): void {
    const { imageID = '' } =
      pod.status?.containerStatuses?.find(({ name }) => name === CONTAINER) ?? {};
    const runs = /@(sha256:[0-9a-f]{64})$/.exec(imageID)?.[1];
    if (runs === undefined) return;
    this.digest ??= runs;
    if (runs === this.digest) return;
    throw new EngineError('MOVER_VERSION', {
      where: { object: `pod ${pod.metadata.name ?? '?'}` },
      expected: `image ${this.reference} to be ${this.digest}`,
      found: runs,
      hint: 'The tag was moved to another image. Name the image by its digest: moverImage of the target, or --mover-image.',
    });
  }
}
