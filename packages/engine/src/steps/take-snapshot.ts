/**
 * takeSnapshot: the volume is cut as it stands. The writer is gone and its receipt stored before
 * this step exists, so whatever the VolumeSnapshot holds was read back and compared.
 *
 * awaitSnapshot: where the plan has this step, takeSnapshot ends with the cut, the next layer is
 * written, and only here the VolumeSnapshot is known to be ready. One that is gone or refused by
 * then is the same matter as in takeSnapshot: the volume has moved on, so it is brought back to the
 * state under the cut and written again.
 */
import { EngineError } from '../errors';
import { recordSeconds } from '../metrics/record';
import { MOVER_PROTOCOL, type HashVolumeOrder, type VolumeMark } from '../mover/mover';
import type { Plan, PlannedVolumeSnapshot } from '../plan/plan';
import { getLayer, getVolume, getVolumeSnapshot, setVolumeSnapshotReady } from '../store/objects';
import type { Claim } from '../store/steps';
import { volumeName, type StepRow } from '../store/store';
import {
  type CutVolumeSnapshot,
  isPending,
  type Pending,
  type Target,
  type VolumeSnapshotSpec,
} from '../targets/target';
import { replace } from './replace-volume';
import {
  attend,
  attendWork,
  done,
  wait,
  type StepContext,
  type StepKind,
  type StepOutcome,
} from './step';
import { originOf, plannedSnapshot, plannedVolumeSnapshot, required } from './step-objects';

export const takeSnapshot: StepKind = {
  happened: 'VolumeSnapshotTaken',
  words: (step, plan) => `take VolumeSnapshot ${cutWords(step, plan)}`,
  advance: context => advance(context, isAwaited(context) ? 'cut' : 'ready'),
};

export const awaitSnapshot: StepKind = {
  happened: 'VolumeSnapshotReady',
  words: (step, plan) => `wait until VolumeSnapshot ${cutWords(step, plan)} is ready`,
  advance: context => advance(context, 'ready'),
};

function cutWords(step: StepRow, plan: Plan): string {
  const cut = cutOf(step, plan);
  const snapshot = plannedSnapshot(plan, cut.snapshotId);
  const of =
    cut.purpose === 'current'
      ? 'the current state'
      : cut.purpose === 'fork'
        ? 'a fork'
        : `snapshot "${snapshot?.name ?? '?'}"`;
  return `${cut.name} (${of})`;
}

/** The plan has a step of its own for readiness. */
function isAwaited({ plan, step }: StepContext): boolean {
  return plan.steps.some(
    other => other.kind === 'awaitSnapshot' && other.volumeSnapshotId === step.volumeSnapshotId,
  );
}

async function advance(context: StepContext, until: 'cut' | 'ready'): Promise<StepOutcome> {
  const { step, plan, storeId, target, database } = context;
  const cut = cutOf(step, plan);
  const row = await getVolumeSnapshot(database, step.migrationId, cut.id);
  const volume = await getVolume(database, step.migrationId, cut.volumeId);
  const layer = await getLayer(database, step.migrationId, cut.layerId);
  const receipt = layer.receipt;
  if (receipt?.stateDigest === undefined || receipt.windowsDigest === undefined) {
    // Recovered without its digests: what cannot be proved is not cut, it is written again.
    return replace(
      context,
      volume,
      (await target.findVolume(volumeName(volume)))?.mark,
      cut.layerId,
    );
  }
  const snapshot = plannedSnapshot(plan, cut.snapshotId);
  const spec: VolumeSnapshotSpec = {
    name: cut.name,
    volume: volumeName(volume),
    layerId: cut.layerId,
    storeId,
    migrationId: step.migrationId,
    manifestDigest: layer.manifestDigest,
    receiptDigest: receipt.windowsDigest,
    stateSizeBytes: cut.stateSizeBytes,
    stateDigest: receipt.stateDigest,
    table: receipt.table,
    origin: originOf(plan, cut.diskId),
    vmwareSnapshot: snapshot && {
      id: snapshot.id,
      name: snapshot.name,
      description: snapshot.description,
      createdAtUs: snapshot.createdAtUs,
      parentId: snapshot.parentId,
    },
  };
  if (tables.get(context.claim) === 'being made') {
    const going = await rebuildTable(context, spec);
    if (going !== undefined) return going;
  }
  const ensure = async (): Promise<CutVolumeSnapshot | Pending> =>
    until === 'cut' && target.ensureVolumeSnapshotCut !== undefined
      ? target.ensureVolumeSnapshotCut(spec)
      : target.ensureVolumeSnapshot(spec);
  const made = await ensure().catch(async (error: unknown) => {
    if (isAboutTable(spec, error) && !tables.has(context.claim)) {
      tables.set(context.claim, 'being made');
      return attend(0, TABLE_WORDS);
    }
    const lost = await lostVolume(target, spec, error);
    if (lost === 'no') throw error;
    return replace(context, volume, lost.mark, cut.layerId);
  });
  if ('outcome' in made) return made;
  if (isPending(made)) return wait(made.retryMs, made.reason);
  if (until === 'cut') return done({ name: made.name, handle: made.handle });
  const since = step.startedAt ?? new Date();
  recordSeconds('volumeSnapshotReady', (Date.now() - since.getTime()) / 1_000, {
    storage_class: step.storageClass,
  });
  const facts = {
    handle: made.handle,
    stateDigest: receipt.stateDigest,
    volumeDigest: receipt.volumeDigest ?? null,
    tableSha256: receipt.table?.sha256 ?? null,
  };
  return done({ name: made.name, handle: made.handle }, tx =>
    setVolumeSnapshotReady(tx, row, facts),
  );
}

const TABLE_WORDS = 'the block table, which is made again';
/** Of claims that found the table lost. */
const tables = new WeakMap<Claim, 'being made' | 'made'>();

/** The volume's block table is gone, or it is not the one that the receipt names. */
function isAboutTable({ table }: VolumeSnapshotSpec, error: unknown): boolean {
  return (
    table !== undefined &&
    error instanceof EngineError &&
    (error.code === 'VOLUME_MISSING' || error.code === 'VERIFY_MISMATCH') &&
    error.where.file === table.path
  );
}

/** Makes the table again by reading the volume; `undefined` when it is made. The cut compares it with the receipt's digest. */
async function rebuildTable(
  context: StepContext,
  spec: VolumeSnapshotSpec,
): Promise<StepOutcome | undefined> {
  const { claim, mover, settings, target } = context;
  const volume = await target.findVolume(spec.volume);
  if (volume !== undefined && spec.table !== undefined) {
    const order: HashVolumeOrder = {
      protocol: MOVER_PROTOCOL,
      order: 'hash-volume',
      runId: `${claim.migrationId}/${claim.stepId}/${claim.fence}`,
      leaseMs: settings.leaseMs,
      bytesPerSecond: context.bytesPerSecond,
      volume: volume.address,
      stateSizeBytes: spec.stateSizeBytes,
      table: spec.table.path,
    };
    const status = await mover.attend(order, settings.patienceMs);
    if (status.state === 'failed') throw EngineError.fromJSON(status.error);
    if (status.state === 'running') return attendWork(200, 'reading');
  }
  tables.set(claim, 'made');
  return undefined;
}

/** Whether there is no VolumeSnapshot yet, and the volume cannot be cut because it is gone or holds another state of this migration. */
async function lostVolume(
  target: Target,
  spec: VolumeSnapshotSpec,
  error: unknown,
): Promise<'no' | { readonly mark: VolumeMark | undefined }> {
  if (
    !(error instanceof EngineError) ||
    (error.code !== 'VOLUME_UNEXPECTED' && error.code !== 'VOLUME_MISSING')
  )
    return 'no';
  if (error.where.object !== spec.volume) return 'no';
  const volume = await target.findVolume(spec.volume);
  if (volume !== undefined && volume.mark.phase === 'holds' && volume.mark.layerId === spec.layerId)
    return 'no';
  return { mark: volume?.mark };
}

function cutOf(step: StepRow, plan: Plan): PlannedVolumeSnapshot {
  return plannedVolumeSnapshot(plan, required(step.volumeSnapshotId, 'VolumeSnapshot', step));
}
