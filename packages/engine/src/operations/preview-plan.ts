/**
 * --dry-run: the objects that a plan puts into a cluster, in the order of its steps. `client`: as
 * they would be sent. `server`: each is sent with dryRun=All and the API server's answer kept; it
 * looks at each alone, so a quota that only all of them together exceed is not found.
 *
 * What only the work itself tells is not in them: the migration's id, digests in the annotation of a
 * VolumeSnapshot, and the Secret with a mover's order.
 */
import { EngineError, toEngineError } from '../errors';
import { MOVER_PROTOCOL, type ApplyOrder, type VolumeMark } from '../mover/mover';
import type { Plan, PlannedStep, PlannedVolume } from '../plan/plan';
import {
  firstMark,
  originOf,
  plannedLayer,
  plannedSnapshot,
  plannedVolumeSnapshot,
} from '../steps/step-objects';
import { readClasses, type KubernetesClass } from '../targets/kubernetes/classes';
import type { ClusterApi } from '../targets/kubernetes/cluster/cluster-api';
import {
  PERSISTENT_VOLUME_CLAIM,
  POD,
  VOLUME_SNAPSHOT,
  type KubeObject,
  type PersistentVolumeClaim,
  type ResourceKind,
} from '../targets/kubernetes/cluster/resources';
import { clusterApiOf, moverImageOf } from '../targets/kubernetes/open-kubernetes';
import { kubernetesOptionsSchema, type KubernetesOptions } from '../targets/kubernetes/options';
import { podFor } from '../targets/kubernetes/pods/pod-spec';
import { mustBePushed, pushedOrder } from '../targets/kubernetes/pods/pushed-order';
import { tablesClaim } from '../targets/kubernetes/pods/tables-claim';
import { objectManager } from '../targets/kubernetes/layout';
import { readVolume } from '../targets/kubernetes/records';
import { snapshotFor } from '../targets/kubernetes/volume-snapshots';
import { claimFor, roundedSpec } from '../targets/kubernetes/volumes';
import type { SourceAddress } from '../sources/source';

export type DryRun = 'client' | 'server';

export interface PreviewedObject {
  /** What it is for. */
  readonly words: string;
  readonly object: KubeObject;
  /** Of `server`. `exists`: an object of that name is there already. */
  readonly admission?:
    | { readonly answer: 'admitted' | 'exists' }
    | { readonly answer: 'refused'; readonly why: string };
}

export interface PreviewRequest {
  readonly plan: Plan;
  readonly storeId: string;
  /** Of the target. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly source: SourceAddress;
  readonly moverProgram: string;
}

interface Placed {
  readonly kind: ResourceKind<KubeObject>;
  readonly words: string;
  readonly object: KubeObject;
}

/** @throws EngineError CLASS_NOT_FOUND, CLASS_WITHOUT_SNAPSHOTS, CONFIG_INVALID, CLUSTER_UNREACHABLE */
export async function previewPlan(
  request: PreviewRequest,
  how: DryRun,
): Promise<readonly PreviewedObject[]> {
  const options = kubernetesOptionsSchema.parse(request.options);
  const api = clusterApiOf(options);
  try {
    const classes = await readClasses(api, options);
    const preview = new Preview(
      request,
      options,
      classes,
      request.plan.options.moverImage ?? moverImageOf(options, request.moverProgram),
    );
    const placed = request.plan.steps.flatMap(step => preview.objectsOf(step));
    const whole = placed.map(one => ({ ...one, object: completed(one, api.namespace) }));
    if (how === 'client') return whole.map(({ words, object }) => ({ words, object }));
    const answered: PreviewedObject[] = [];
    for (const one of whole) answered.push(await asked(api, one, objectManager(request.storeId)));
    return answered;
  } finally {
    api.close();
  }
}

/** Its names stand until there is a migration. */
const MIGRATION = 'm-dryrun';
const AFTER_COPY = 'known after the copy';
const WINDOW_BYTES = 64 * 1024 * 1024;

class Preview {
  private readonly claims = new Map<string, PersistentVolumeClaim>();
  private readonly withTables = new Set<string>();

  constructor(
    private readonly request: PreviewRequest,
    private readonly options: KubernetesOptions,
    private readonly classes: readonly KubernetesClass[],
    private readonly image: string,
  ) {}

  objectsOf(step: PlannedStep): readonly Placed[] {
    switch (step.kind) {
      case 'createVolume':
      case 'restoreVolume':
        return [this.volume(this.planned(step))];
      case 'applyLayer':
        return this.mover(step, this.planned(step));
      case 'takeSnapshot':
        return [this.snapshot(step)];
      // Proofs and samples restore to volumes of their own and remove them; removals make nothing.
      case 'proveClass':
      case 'awaitSnapshot':
      case 'sampleSnapshot':
      case 'verifySnapshot':
      case 'removeVolume':
      case 'removeVolumeSnapshot':
        return [];
    }
  }

  private volume(volume: PlannedVolume): Placed {
    const { plan, storeId } = this.request;
    const cut =
      volume.restoredFrom === undefined
        ? undefined
        : plannedVolumeSnapshot(plan, volume.restoredFrom);
    const row = { migrationId: MIGRATION, volumeId: volume.id, generation: 1 };
    const spec = roundedSpec({
      name: volume.name,
      storageClass: volume.storageClass,
      sizeBytes: volume.sizeBytes,
      mark: firstMark(row, storeId, plan, cut?.layerId),
      origin: originOf(plan, volume.diskId),
    });
    const storageClass = this.classNamed(volume.storageClass);
    const from =
      cut === undefined
        ? undefined
        : { snapshot: cut.name, volumeMode: storageClass.modes.volumeMode, restoreSizeBytes: 0 };
    const claim = claimFor(spec, storageClass, from, this.options.filesystemOverhead);
    this.claims.set(volume.id, claim);
    const words =
      cut === undefined
        ? `volume of disk ${spec.origin.diskLabel}`
        : `volume of a branch of disk ${spec.origin.diskLabel}, restored from ${cut.name}`;
    return { kind: PERSISTENT_VOLUME_CLAIM, words, object: claim };
  }

  private mover(step: PlannedStep, volume: PlannedVolume): readonly Placed[] {
    const { plan } = this.request;
    const claim = this.claimOf(volume);
    const layer = plannedLayer(plan, step.layerId ?? '');
    const tables = tablesClaim(claim, volume.sizeBytes, this.options.tablesClass);
    const order = this.order(step, volume, claim);
    const isPushed = mustBePushed(order);
    const pod = podFor(isPushed ? pushedOrder(order) : order, {
      image: this.image,
      options: this.options.pods,
      labels: claim.metadata.labels ?? {},
      secrets: [`${volume.name}-order`],
      tables: { claim: tables.metadata.name ?? '', readOnly: false },
    });
    const way = isPushed ? ', pushed from this machine through port-forward' : '';
    const words = `writes ${layer.file} onto ${volume.name}${way}`;
    const mover: Placed = { kind: POD, words, object: pod };
    if (this.withTables.has(volume.id)) return [mover];
    this.withTables.add(volume.id);
    // Its owner has no uid before it is made.
    const { ownerReferences: _, ...metadata } = tables.metadata;
    const tablesWords = `block digests of ${volume.name}; goes with it`;
    return [
      { kind: PERSISTENT_VOLUME_CLAIM, words: tablesWords, object: { ...tables, metadata } },
      mover,
    ];
  }

  private order(
    step: PlannedStep,
    volume: PlannedVolume,
    claim: PersistentVolumeClaim,
  ): ApplyOrder {
    const { plan, source } = this.request;
    const layer = plannedLayer(plan, step.layerId ?? '');
    const { address, tablesPath } = readVolume(claim).volume;
    return {
      protocol: MOVER_PROTOCOL,
      order: 'apply',
      runId: `${MIGRATION}/${step.id}/1`,
      leaseMs: 60_000,
      bytesPerSecond: 0,
      fence: 1,
      layerId: layer.id,
      source,
      layer: { file: layer.file, manifest: layer.manifest },
      volume: address,
      content: layer.parentId === undefined ? 'zeros' : 'parent',
      mark: { ...this.markOf(volume), phase: 'writing', layerId: layer.id, fence: 1 },
      windowBytes: WINDOW_BYTES,
      windowsDone: [],
      proof: { stateSizeBytes: layer.sizeBytes, table: `${tablesPath}/${layer.id}.table` },
    };
  }

  private snapshot(step: PlannedStep): Placed {
    const { plan, storeId } = this.request;
    const cut = plannedVolumeSnapshot(plan, step.volumeSnapshotId ?? '');
    const volume = this.volumeWithId(cut.volumeId);
    const layer = plannedLayer(plan, cut.layerId);
    const snapshot = plannedSnapshot(plan, cut.snapshotId);
    const object = snapshotFor(
      {
        name: cut.name,
        volume: volume.name,
        layerId: cut.layerId,
        storeId,
        migrationId: MIGRATION,
        manifestDigest: layer.manifestDigest,
        receiptDigest: AFTER_COPY,
        stateSizeBytes: cut.stateSizeBytes,
        stateDigest: AFTER_COPY,
        origin: originOf(plan, cut.diskId),
        ...(snapshot === undefined
          ? {}
          : {
              vmwareSnapshot: {
                id: snapshot.id,
                name: snapshot.name,
                description: snapshot.description,
                createdAtUs: snapshot.createdAtUs,
                parentId: snapshot.parentId,
              },
            }),
      },
      readVolume(this.claimOf(volume)),
      this.classNamed(volume.storageClass),
    );
    const of = {
      snapshot: `VMware snapshot "${snapshot?.name ?? ''}"`,
      fork: 'a fork, removed at the end',
      current: 'the current state',
    }[cut.purpose];
    return {
      kind: VOLUME_SNAPSHOT,
      words: `${of} of disk ${object.metadata.annotations?.['vm-migrate.io/disk-label'] ?? cut.diskId}`,
      object,
    };
  }

  private markOf(volume: PlannedVolume): VolumeMark {
    return readVolume(this.claimOf(volume)).mark;
  }

  private planned(step: PlannedStep): PlannedVolume {
    return this.volumeWithId(step.volumeId ?? '');
  }

  private volumeWithId(id: string): PlannedVolume {
    const found = this.request.plan.volumes.find(volume => volume.id === id);
    if (found !== undefined) return found;
    throw new EngineError('INTERNAL', { where: { object: `volume ${id}` }, found: 'none' });
  }

  private claimOf(volume: PlannedVolume): PersistentVolumeClaim {
    if (!this.claims.has(volume.id)) this.volume(volume);
    return this.claims.get(volume.id) as PersistentVolumeClaim;
  }

  private classNamed(name: string): KubernetesClass {
    const found = this.classes.find(one => one.name === name);
    if (found !== undefined) return found;
    throw new EngineError('CLASS_NOT_FOUND', {
      where: { object: this.request.plan.target },
      expected: this.classes.map(one => one.name).join(', '),
      found: name,
    });
  }
}

function completed({ kind, object }: Placed, namespace: string): KubeObject {
  const { apiVersion, kind: name } = kind;
  const { metadata, apiVersion: _1, kind: _2, ...rest } = object;
  // In the order in which people read it.
  return { apiVersion, kind: name, metadata: { ...metadata, namespace }, ...rest };
}

async function asked(
  api: ClusterApi,
  { kind, words, object }: Placed,
  manager: string,
): Promise<PreviewedObject> {
  try {
    const answer =
      kind === POD
        ? await api.create(kind, object, { dryRun: true })
        : await api.applyNew(kind, object, { dryRun: true, manager });
    return { words, object, admission: { answer: answer === 'exists' ? 'exists' : 'admitted' } };
  } catch (thrown) {
    const error = toEngineError(thrown);
    if (error.code === 'CLUSTER_UNREACHABLE') throw error;
    return { words, object, admission: { answer: 'refused', why: error.found ?? error.message } };
  }
}
