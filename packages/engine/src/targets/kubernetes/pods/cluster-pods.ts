/** All that a Kubernetes target has of pods: their mover, the probe's bytes, and what goes before a volume goes. */
import type { Mover } from '../../../mover/mover';
import type { ProbeIo } from '../../probe-io';
import type { Pending } from '../../target';
import type { ClusterApi } from '../cluster/cluster-api';
import { PERSISTENT_VOLUME_CLAIM, POD } from '../cluster/resources';
import { LABEL, OURS, tablesVolumeName } from '../layout';
import type { TargetPods } from '../target-pods';
import { PodMover, type PodMoverOptions } from './pod-mover';
import { PodProbeIo } from './pod-probe-io';
import { podState } from './pod-state';
import { restsAfter } from './pod-rest';

export class ClusterPods implements TargetPods {
  private readonly api: ClusterApi;
  private readonly podMover: PodMover;
  /** By image that a migration chose. */
  private readonly others = new Map<string, PodMover>();
  /** By mover: a probe that goes on asks again for what is under way. */
  private readonly probes = new WeakMap<Mover, PodProbeIo>();

  constructor(private readonly options: PodMoverOptions) {
    this.api = options.api;
    this.podMover = new PodMover(options);
  }

  mover(image?: string): Mover {
    if (image === undefined) return this.podMover;
    const known = this.others.get(image);
    if (known !== undefined) return known;
    const { builtDigest: _, ...options } = this.options;
    const made = new PodMover({ ...options, image: () => image });
    this.others.set(image, made);
    return made;
  }

  async close(): Promise<void> {
    await Promise.all([this.podMover, ...this.others.values()].map(mover => mover.close()));
  }

  probeIo(image?: string): ProbeIo {
    const mover = this.mover(image);
    const known = this.probes.get(mover);
    if (known !== undefined) return known;
    const made = new PodProbeIo(mover);
    this.probes.set(mover, made);
    return made;
  }

  /**
   * A pod that works is waited for, never stopped: whoever removes a volume under it should know. One
   * that rests is sent home, and so is one that has not started, which may never do. Its Secrets go with it.
   */
  async release(volume: string): Promise<void | Pending> {
    const { api } = this;
    const pod = await api.get(POD, volume);
    if (pod !== undefined && pod.metadata.labels?.[LABEL.managedBy] === OURS[LABEL.managedBy]) {
      const isGoing = pod.metadata.deletionTimestamp !== undefined;
      const works = podState(pod).state === 'running' && restsAfter(pod) === undefined;
      const { uid = '', resourceVersion = '' } = pod.metadata;
      // As it was read: it may get another order in between.
      if (!isGoing && !works) await api.delete(POD, volume, { uid, resourceVersion });
      const reason = works ? 'which is at work' : 'to go';
      return { pending: true, retryMs: 500, reason: `mover pod ${volume}, ${reason}` };
    }
    await this.removeTables(volume);
  }

  /** Those of exactly this volume; of a volume that is gone already the cluster removes them itself. */
  private async removeTables(volume: string): Promise<void> {
    const { api } = this;
    const name = tablesVolumeName(volume);
    const tables = await api.get(PERSISTENT_VOLUME_CLAIM, name);
    if (tables === undefined || tables.metadata.deletionTimestamp !== undefined) return;
    const claim = await api.get(PERSISTENT_VOLUME_CLAIM, volume);
    const { uid = '', ownerReferences = [] } = tables.metadata;
    if (ownerReferences.some(owner => owner.uid === claim?.metadata.uid))
      await api.delete(PERSISTENT_VOLUME_CLAIM, name, { uid });
  }
}
