/**
 * A Target that is a namespace of a Kubernetes cluster: volumes are PVCs, VolumeSnapshots are
 * VolumeSnapshots of snapshot.storage.k8s.io/v1. layout.ts says how they are named and labelled,
 * docs/targets/kubernetes.md how to use it.
 *
 * Several workers and several stores may work in one namespace: names are deterministic, so the API
 * server admits one object of a name; every change of one is bound to the uid or resourceVersion
 * that was looked at.
 */
import type { ApplyOrder, Mover, VolumeMark } from '../../mover/mover';
import { assertFirstMark } from '../adoption';
import type { Probeable, ProbeIo } from '../probe-io';
import {
  type CutVolumeSnapshot,
  type Happening,
  type Inventory,
  isPending,
  type Leftover,
  type Pending,
  type Pushing,
  type Target,
  type TargetCapabilities,
  type Volume,
  type VolumeSnapshot,
  type VolumeSnapshotSpec,
  type VolumeSpec,
} from '../target';
import { askedSnapshot, type AskedSnapshot } from './asked-snapshots';
import { capabilitiesOf } from './classes';
import type { ClusterApi } from './cluster/cluster-api';
import { PERSISTENT_VOLUME_CLAIM } from './cluster/resources';
import { KnownClasses } from './known-classes';
import { checkedName, objectManager, OURS } from './layout';
import { removeLeftover, leftoversOf } from './leftovers';
import type { KubernetesOptions } from './options';
import { assertPlace } from './place-check';
import { isOnlyHere, PUSH_RATE } from './pods/pushed-order';
import { type FoundVolume, readVolume, volumeOf } from './records';
import { removeVolume, removeVolumeSnapshot } from './removal';
import { restoredFrom } from './restore-rules';
import { SeenClaims } from './seen-claims';
import type { TargetPods } from './target-pods';
import { allSnapshots, cutSnapshot, readySnapshot, restorable } from './snapshot-readiness';
import { VolumeEvents } from './volume-events';
import {
  adoptVolume,
  boundVolume,
  claimFor,
  missing,
  pendingPredecessor,
  type RestoredFrom,
  roundedSpec,
  swapMark,
} from './volumes';
import { Deadlines } from './waits';

export interface KubernetesDeps {
  readonly api: ClusterApi;
  readonly pods: TargetPods;
  /** How long a call waits for the cluster before it answers Pending. */
  readonly patienceMs?: number;
  /** Shared with `pods`, so that they are read once. */
  readonly classes?: KnownClasses;
}

const CAME_AND_WENT =
  'the API server says that there is one of this name, and a moment later that there is none';

export class KubernetesTarget implements Target, Probeable {
  readonly kind = 'kubernetes';
  /** Whether `close` was called: such a target does no more work. */
  closed = false;
  private readonly api: ClusterApi;
  private readonly pods: TargetPods;
  private readonly deadlines = new Deadlines();
  private readonly patienceMs: number;
  private readonly classes: KnownClasses;
  private readonly events: VolumeEvents;
  private readonly seen = new SeenClaims();
  private checked: Promise<void> | undefined;

  constructor(
    readonly name: string,
    private readonly options: KubernetesOptions,
    { api, pods, patienceMs, classes }: KubernetesDeps,
  ) {
    this.api = api;
    this.pods = pods;
    this.events = new VolumeEvents(api, this.seen);
    this.patienceMs = patienceMs ?? 2_000;
    this.classes = classes ?? new KnownClasses(api, name, options);
  }

  async capabilities(): Promise<TargetCapabilities> {
    await this.checkPlace();
    return capabilitiesOf(await this.classes.all('anew'), this.options);
  }

  async ensureVolume(asked: VolumeSpec): Promise<Volume | Pending> {
    const spec = await this.checkedSpec(asked);
    const there = await this.adoptedVolume(spec, undefined);
    if (there !== undefined) return there;
    assertFirstMark(spec, { phase: 'empty', layerId: undefined });
    return this.makeVolume(spec, undefined);
  }

  async ensureVolumeFrom(asked: VolumeSpec, from: string): Promise<Volume | Pending> {
    const spec = await this.checkedSpec(asked);
    const there = await this.adoptedVolume(spec, from);
    if (there !== undefined) return there;
    const source = await this.sourceOf(spec, from);
    return isPending(source) ? source : this.makeVolume(spec, source);
  }

  async findVolume(name: string): Promise<Volume | undefined> {
    await this.checkPlace();
    return (await this.presentVolume(name))?.volume;
  }

  async mark(volume: string, expected: VolumeMark, next: VolumeMark): Promise<void> {
    await this.checkPlace();
    await swapMark(this.api, checkedName(volume), expected, next, this.seen);
  }

  async ensureVolumeSnapshot(spec: VolumeSnapshotSpec): Promise<VolumeSnapshot | Pending> {
    const asked = await this.askedSnapshot(spec);
    if (isPending(asked)) return asked;
    return readySnapshot(this.api, asked.object, asked.record, this.waitFor('volumeSnapshotMs'));
  }

  async ensureVolumeSnapshotCut(spec: VolumeSnapshotSpec): Promise<CutVolumeSnapshot | Pending> {
    const asked = await this.askedSnapshot(spec);
    if (isPending(asked)) return asked;
    return cutSnapshot(this.api, asked.object, asked.record, this.waitFor('volumeSnapshotMs'));
  }

  async remove(
    kind: 'volume' | 'volume-snapshot',
    name: string,
    storeId: string,
    ofMigrations?: ReadonlySet<string>,
  ): Promise<void | Pending> {
    await this.checkPlace();
    const { api, pods } = this;
    const wait = this.waitFor('removalMs');
    if (kind === 'volume') this.seen.forget(name);
    return kind === 'volume'
      ? removeVolume(api, pods, checkedName(name), { storeId, ofMigrations }, wait)
      : removeVolumeSnapshot(api, checkedName(name), { storeId, ofMigrations }, wait);
  }

  async inventory(): Promise<Inventory> {
    await this.checkPlace();
    const [claims, volumeSnapshots] = await Promise.all([
      this.api.list(PERSISTENT_VOLUME_CLAIM, { labels: OURS }),
      allSnapshots(this.api, OURS),
    ]);
    const volumes = claims.items.flatMap(claim => {
      const found = claim.metadata.deletionTimestamp === undefined ? volumeOf(claim) : undefined;
      return found === undefined ? [] : [found.volume];
    });
    return { volumes, volumeSnapshots };
  }

  async leftovers(): Promise<readonly Leftover[]> {
    await this.checkPlace();
    return leftoversOf(this.api);
  }

  async removeLeftover(leftover: Leftover): Promise<void | Pending> {
    await this.checkPlace();
    return removeLeftover(this.api, leftover, this.waitFor('removalMs'));
  }

  tell(happening: Happening): void {
    this.events.tell(happening);
  }

  /** Where it is, whatever it and its context are called: two targets of one place are the same. */
  async place(): Promise<{ readonly clusterId: string; readonly namespace: string }> {
    const clusterId = await this.api.identity();
    return { clusterId, namespace: this.api.namespace };
  }

  pushes(source: ApplyOrder['source']): Pushing | undefined {
    if (!isOnlyHere(source)) return undefined;
    return {
      how: `Pods do not see ${source.folder}: this machine reads it and pushes its bytes through port-forward of the API server`,
      bytesPerSecond: PUSH_RATE,
    };
  }

  async reach(): Promise<void> {
    await this.checkPlace();
    await this.api.serves(PERSISTENT_VOLUME_CLAIM);
  }

  mover(image?: string): Mover {
    return this.pods.mover(image);
  }

  probeIo(moverImage?: string): ProbeIo {
    return this.pods.probeIo(moverImage);
  }

  /** Ends watches and connections. */
  async close(): Promise<void> {
    this.closed = true;
    this.events.close();
    await (this.pods.close?.() ?? this.pods.mover().close());
    this.api.close();
  }

  private async askedSnapshot(spec: VolumeSnapshotSpec): Promise<AskedSnapshot | Pending> {
    await this.checkPlace();
    const { api, classes } = this;
    return askedSnapshot(spec, {
      api,
      classes,
      volume: name => this.presentVolume(name),
      making: this.waitFor('volumeSnapshotMs'),
      going: this.waitFor('removalMs'),
    });
  }

  // ---- volumes

  private async checkedSpec(asked: VolumeSpec): Promise<VolumeSpec> {
    const spec = roundedSpec({ ...asked, name: checkedName(asked.name) });
    await this.checkPlace();
    await this.classes.named(spec.storageClass);
    return spec;
  }

  /** `undefined`: there is none of that name. */
  private async adoptedVolume(
    spec: VolumeSpec,
    from: string | undefined,
  ): Promise<Volume | Pending | undefined> {
    const claim = await this.api.get(PERSISTENT_VOLUME_CLAIM, spec.name);
    if (claim === undefined) return undefined;
    if (claim.metadata.deletionTimestamp !== undefined)
      return pendingPredecessor(this.api, claim, this.waitFor('removalMs'));
    return this.bound(adoptVolume(claim, spec, from));
  }

  private async makeVolume(
    spec: VolumeSpec,
    from: RestoredFrom | undefined,
  ): Promise<Volume | Pending> {
    const storageClass = await this.classes.named(spec.storageClass);
    const claim = claimFor(spec, storageClass, from, this.options.filesystemOverhead);
    const manager = objectManager(spec.mark.storeId);
    const made = await this.api.applyNew(PERSISTENT_VOLUME_CLAIM, claim, { manager });
    if (made !== 'exists') return this.bound(readVolume(made));
    const there = await this.adoptedVolume(spec, from?.snapshot);
    if (there !== undefined) return there;
    const { deadlines, limitMs } = this.waitFor('volumeMs');
    return deadlines.pending(`volume ${spec.name} to be made`, limitMs, CAME_AND_WENT);
  }

  private async bound(found: FoundVolume): Promise<Volume | Pending> {
    const { bindsAtFirstUse } = await this.classes.named(found.volume.storageClass);
    return boundVolume(this.api, found, bindsAtFirstUse, this.waitFor('volumeMs'));
  }

  private async sourceOf(spec: VolumeSpec, from: string): Promise<RestoredFrom | Pending> {
    const found = await restorable(
      this.api,
      checkedName(from),
      spec.mark.storeId,
      this.waitFor('volumeSnapshotMs'),
    );
    if (found === undefined)
      throw missing(from, `the VolumeSnapshot that ${spec.name} is restored from`);
    if (isPending(found)) return found;
    assertFirstMark(spec, { phase: 'holds', layerId: found.snapshot.spec.layerId });
    return restoredFrom(spec, found, await this.classes.named(spec.storageClass));
  }

  /** One that is going away, or whose bytes are lost, is none any more. */
  private async presentVolume(name: string): Promise<FoundVolume | undefined> {
    const claim = await this.api.get(PERSISTENT_VOLUME_CLAIM, checkedName(name));
    if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) return undefined;
    this.seen.note(claim);
    const found = readVolume(claim);
    return claim.status?.phase === 'Lost' ? undefined : found;
  }

  // ---- the cluster

  /** The configured cluster and an allowed namespace, or nothing is done. Looked at once. */
  private checkPlace(): Promise<void> {
    const { api, name, options, classes } = this;
    this.checked ??= assertPlace(api, name, options, () => classes.all('as known')).catch(error => {
      this.checked = undefined;
      throw error;
    });
    return this.checked;
  }

  private waitFor(limit: keyof KubernetesOptions['deadlines']): {
    readonly deadlines: Deadlines;
    readonly limitMs: number;
    readonly patienceMs: number;
  } {
    const { deadlines, patienceMs } = this;
    return { deadlines, limitMs: this.options.deadlines[limit], patienceMs };
  }
}
