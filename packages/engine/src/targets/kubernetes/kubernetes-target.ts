/**
 * A Target that is a namespace of a Kubernetes cluster: volumes are PVCs, VolumeSnapshots are
 * VolumeSnapshots of snapshot.storage.k8s.io/v1. layout.ts says how they are named and labelled,
 * docs/targets/kubernetes.md how to use it.
 *
 * Several workers and several stores may work in one namespace: names are deterministic, so the API
 * server admits one object of a name; every change of one is bound to the uid or resourceVersion
 * that was looked at.
 */
import { EngineError } from '../../errors';
import type { ApplyOrder, Mover, VolumeMark } from '../../mover/mover';
import { assertFirstMark } from '../adoption';
import type { Probeable, ProbeIo } from '../probe-io';
import {
  type Inventory,
  isPending,
  type Pending,
  type Target,
  type TargetCapabilities,
  type Volume,
  type VolumeSnapshot,
  type VolumeSnapshotSpec,
  type VolumeSpec,
} from '../target';
import { capabilitiesOf, type KubernetesClass, readClasses } from './classes';
import type { ClusterApi } from './cluster/cluster-api';
import { PERSISTENT_VOLUME_CLAIM, VOLUME_SNAPSHOT } from './cluster/resources';
import { checkedName, OURS } from './layout';
import type { KubernetesOptions } from './options';
import { type FoundVolume, readVolume, volumeOf } from './records';
import { removeVolume, removeVolumeSnapshot } from './removal';
import type { TargetPods } from './target-pods';
import {
  adoptSnapshot,
  allSnapshots,
  assertHolds,
  pendingPredecessorSnapshot,
  pendingWriter,
  readySnapshot,
  restorable,
  snapshotFor,
} from './volume-snapshots';
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
  /** How long the cluster's classes are believed to be as they were read. */
  readonly classesMs?: number;
}

export class KubernetesTarget implements Target, Probeable {
  readonly kind = 'kubernetes';
  /** Whether `close` was called: such a target does no more work. */
  closed = false;
  private readonly api: ClusterApi;
  private readonly pods: TargetPods;
  private readonly deadlines = new Deadlines();
  private readonly patienceMs: number;
  private readonly classesMs: number;
  private checked: Promise<void> | undefined;
  private classes:
    { readonly read: Promise<readonly KubernetesClass[]>; until: number } | undefined;

  constructor(
    readonly name: string,
    private readonly options: KubernetesOptions,
    { api, pods, patienceMs, classesMs }: KubernetesDeps,
  ) {
    this.api = api;
    this.pods = pods;
    this.patienceMs = patienceMs ?? 2_000;
    this.classesMs = classesMs ?? 30_000;
  }

  async capabilities(): Promise<TargetCapabilities> {
    await this.checkPlace();
    return capabilitiesOf(await this.readClasses('anew'));
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
    await swapMark(this.api, checkedName(volume), expected, next);
  }

  async ensureVolumeSnapshot(spec: VolumeSnapshotSpec): Promise<VolumeSnapshot | Pending> {
    await this.checkPlace();
    const { api } = this;
    const wait = this.waitFor('volumeSnapshotMs');
    const there = await api.get(VOLUME_SNAPSHOT, checkedName(spec.name));
    if (there !== undefined) {
      if (there.metadata.deletionTimestamp !== undefined)
        return pendingPredecessorSnapshot(api, there, this.waitFor('removalMs'));
      return readySnapshot(api, there, adoptSnapshot(there, spec), wait);
    }
    const found = await this.presentVolume(spec.volume);
    if (found === undefined) throw missing(spec.volume);
    assertHolds(found, spec);
    const storageClass = await this.classNamed(found.volume.storageClass);
    const object = snapshotFor(spec, found, storageClass);
    const writer = await pendingWriter(api, spec.volume, wait);
    if (writer !== undefined) return writer;
    const made = await api.create(VOLUME_SNAPSHOT, object);
    // Another worker was sooner, or an earlier try of ours: what is there is compared.
    if (made === 'exists') return this.ensureVolumeSnapshot(spec);
    return readySnapshot(api, made, adoptSnapshot(made, spec), wait);
  }

  async remove(
    kind: 'volume' | 'volume-snapshot',
    name: string,
    storeId: string,
  ): Promise<void | Pending> {
    await this.checkPlace();
    const { api, pods } = this;
    const wait = this.waitFor('removalMs');
    return kind === 'volume'
      ? removeVolume(api, pods, checkedName(name), storeId, wait)
      : removeVolumeSnapshot(api, checkedName(name), storeId, wait);
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

  /** Where it is, whatever it and its context are called: two targets of one place are the same. */
  async place(): Promise<{ readonly clusterId: string; readonly namespace: string }> {
    const clusterId = await this.api.identity();
    return { clusterId, namespace: this.api.namespace };
  }

  whyOutOfReach(source: ApplyOrder['source']): string | undefined {
    if (source.kind !== 'vm-directory' || source.pods !== undefined) return undefined;
    return `${source.folder} is a folder of this machine, and nothing says how a pod in the cluster finds it`;
  }

  async reach(): Promise<void> {
    await this.checkPlace();
    await this.api.serves(PERSISTENT_VOLUME_CLAIM);
  }

  mover(): Mover {
    return this.pods.mover();
  }

  probeIo(): ProbeIo {
    return this.pods.probeIo();
  }

  /** Ends watches and connections. */
  async close(): Promise<void> {
    this.closed = true;
    await this.pods.mover().close();
    this.api.close();
  }

  // ---- volumes

  private async checkedSpec(asked: VolumeSpec): Promise<VolumeSpec> {
    const spec = roundedSpec({ ...asked, name: checkedName(asked.name) });
    await this.checkPlace();
    await this.classNamed(spec.storageClass);
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
    const storageClass = await this.classNamed(spec.storageClass);
    const claim = claimFor(spec, storageClass, from, this.options.filesystemOverhead);
    const made = await this.api.create(PERSISTENT_VOLUME_CLAIM, claim);
    if (made !== 'exists') return this.bound(readVolume(made));
    const there = await this.adoptedVolume(spec, from?.snapshot);
    return there ?? { pending: true, retryMs: 100, reason: `volume ${spec.name} to be made` };
  }

  private async bound(found: FoundVolume): Promise<Volume | Pending> {
    const { bindsAtFirstUse } = await this.classNamed(found.volume.storageClass);
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
    const { snapshot, record, content } = found;
    assertFirstMark(spec, { phase: 'holds', layerId: snapshot.spec.layerId });
    const { provisioner } = await this.classNamed(spec.storageClass);
    const differences = [
      ...(spec.sizeBytes < snapshot.sizeBytes
        ? [`${spec.sizeBytes} bytes, its VolumeSnapshot has ${snapshot.sizeBytes}`]
        : []),
      ...(content.spec.driver === provisioner
        ? []
        : [
            `class ${spec.storageClass} of driver ${provisioner}, its VolumeSnapshot is of ${content.spec.driver}`,
          ]),
    ];
    if (differences.length > 0) {
      throw new EngineError('VOLUME_UNEXPECTED', {
        where: { object: spec.name },
        expected: `a volume that ${from} can be restored to`,
        found: differences.join('; '),
      });
    }
    return {
      snapshot: from,
      volumeMode: content.spec.sourceVolumeMode ?? record.volumeMode,
      restoreSizeBytes: content.status?.restoreSize ?? 0,
    };
  }

  /** One that is going away, or whose bytes are lost, is none any more. */
  private async presentVolume(name: string): Promise<FoundVolume | undefined> {
    const claim = await this.api.get(PERSISTENT_VOLUME_CLAIM, checkedName(name));
    if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) return undefined;
    const found = readVolume(claim);
    return claim.status?.phase === 'Lost' ? undefined : found;
  }

  // ---- the cluster

  /** The configured cluster and an allowed namespace, or nothing is done. Looked at once. */
  private checkPlace(): Promise<void> {
    this.checked ??= this.assertPlace().catch(error => {
      this.checked = undefined;
      throw error;
    });
    return this.checked;
  }

  private async assertPlace(): Promise<void> {
    const { clusterId, namespaces } = this.options;
    const identity = clusterId === undefined ? undefined : await this.api.identity();
    if (identity !== clusterId) {
      throw new EngineError('CLUSTER_REFUSED', {
        where: { object: `target ${this.name}` },
        expected: `the cluster ${clusterId ?? ''} (uid of its namespace kube-system)`,
        found: `the cluster ${identity ?? ''}`,
        hint: 'The kubeconfig or context leads to another cluster than the target was configured for. Nothing was changed.',
      });
    }
    if (namespaces === undefined) return;
    await this.readClasses('as known'); // whose first request tells the namespace
    if (namespaces.includes(this.api.namespace)) return;
    throw new EngineError('CONFIG_INVALID', {
      where: { object: `target ${this.name}` },
      expected: `one of the namespaces ${namespaces.join(', ')}`,
      found: this.api.namespace,
    });
  }

  private async classNamed(name: string): Promise<KubernetesClass> {
    const known = (await this.readClasses('as known')).find(one => one.name === name);
    const found = known ?? (await this.readClasses('anew')).find(one => one.name === name);
    if (found !== undefined) return found;
    const all = await this.readClasses('as known');
    throw new EngineError('CLASS_NOT_FOUND', {
      where: { object: this.name },
      expected: all.map(one => one.name).join(', '),
      found: name,
    });
  }

  private readClasses(how: 'anew' | 'as known'): Promise<readonly KubernetesClass[]> {
    const now = performance.now();
    // `anew` is asked for by several steps a second: a second's age is new enough.
    const believed = how === 'anew' ? this.classesMs - 1_000 : 0;
    if (this.classes !== undefined && this.classes.until - believed > now) return this.classes.read;
    const read = readClasses(this.api, this.options);
    this.classes = { read, until: now + this.classesMs };
    read.catch(() => (this.classes = undefined));
    return read;
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
