/** Everything that the store holds about one migration, read in one consistent snapshot, and the views made of it. */
import type {
  ErrorView,
  MigrationView,
  ProgressView,
  SnapshotView,
  StepView,
  VolumeSnapshotView,
} from '@vm-migrate/api';
import { ERROR_CODES, type ErrorData } from '../errors';
import type { Plan } from '../plan/plan';
import type { Database, Tx } from '../store/database';
import { migrationSummaries, type MigrationSummary } from '../store/migration-summaries';
import { noSuchMigration, planOf } from '../store/migrations';
import { layersOf, snapshotsOf, volumesOf, volumeSnapshotsOf } from '../store/objects';
import { progressOf, stepsOf } from '../store/steps';
import type {
  LayerRow,
  ProgressRow,
  SnapshotRow,
  StepRow,
  VolumeRow,
  VolumeSnapshotRow,
} from '../store/store';
import { STEP_KINDS } from '../steps/table';
import { whoIsMissing } from './who-is-missing';

export interface MigrationRecord {
  readonly row: MigrationSummary;
  readonly plan: Plan;
  readonly steps: readonly StepRow[];
  readonly layers: readonly LayerRow[];
  readonly snapshots: readonly SnapshotRow[];
  readonly volumes: readonly VolumeRow[];
  readonly cuts: readonly VolumeSnapshotRow[];
  readonly progress: ReadonlyMap<string, ProgressRow>;
  /** Whom its steps wait for, because no worker that lives reaches source and target; null: one does. */
  readonly missingWorker: string | null;
}

/** @throws EngineError NOT_FOUND */
export async function readMigration(database: Database, id: string): Promise<MigrationRecord> {
  return database.transaction(async tx => {
    await tx.query('set transaction isolation level repeatable read, read only');
    const [row] = await migrationSummaries(tx, { id });
    if (row === undefined) throw noSuchMigration(id);
    return {
      row,
      plan: await planOf(tx, id),
      steps: await stepsOf(tx, id),
      layers: await layersOf(tx, id),
      snapshots: await snapshotsOf(tx, id),
      volumes: await volumesOf(tx, id),
      cuts: await volumeSnapshotsOf(tx, id),
      progress: new Map((await progressOf(tx, id)).map(seen => [seen.stepId, seen])),
      missingWorker: await whoIsMissing(tx, row),
    };
  });
}

/** @throws EngineError NOT_FOUND */
export async function readMigrationView(tx: Tx, id: string): Promise<MigrationView> {
  const [row] = await migrationSummaries(tx, { id });
  if (row === undefined) throw noSuchMigration(id);
  return migrationView(row);
}

export function migrationView(row: MigrationSummary): MigrationView {
  return {
    id: row.id,
    group: row.groupId,
    source: row.sourceName,
    vm: row.vmName,
    vmId: row.vmId,
    target: row.targetName,
    entity: row.entityRef,
    owner: row.ownerRef,
    state: row.state,
    wanted: row.wanted,
    layers: {
      total: row.layersTotal,
      migrated: row.layersMigrated,
      notWanted: row.layersNotWanted,
    },
    snapshots: { total: row.snapshotsTotal, ready: row.snapshotsReady },
    progress: progressView(row.bytesDone, row.bytesTotal, row.bytesPerSecond),
    startedBy: row.startedBy,
    createdAt: row.createdAt.toISOString(),
    finishedAt: isoOrNull(row.finishedAt),
    error: row.error === null ? null : errorView(row.error),
  };
}

/** Own bytes of layers, done and in all, over the applyLayer steps among `steps`. */
export function copyProgress(record: MigrationRecord, steps: readonly StepRow[]): ProgressView {
  let bytesDone = 0;
  let bytesTotal = 0;
  let bytesPerSecond = 0;
  for (const step of steps) {
    if (step.kind !== 'applyLayer') continue;
    bytesTotal += step.weightBytes;
    if (step.state === 'done') bytesDone += step.weightBytes;
    else {
      const progress = record.progress.get(step.stepId);
      bytesDone += Math.min(progress?.bytesDone ?? 0, step.weightBytes);
      if (step.state === 'running') bytesPerSecond += progress?.bytesPerSecond ?? 0;
    }
  }
  return progressView(bytesDone, bytesTotal, bytesPerSecond);
}

function progressView(bytesDone: number, bytesTotal: number, bytesPerSecond: number): ProgressView {
  const left = bytesTotal - bytesDone;
  const etaMs =
    left === 0 ? 0 : bytesPerSecond > 0 ? Math.round((left * 1000) / bytesPerSecond) : null;
  return { bytesDone, bytesTotal, bytesPerSecond, etaMs };
}

export function stepView(record: MigrationRecord, step: StepRow): StepView {
  const planned = record.plan.steps.find(candidate => candidate.id === step.stepId);
  const progress = record.progress.get(step.stepId);
  const bytes = step.state === 'done' ? step.weightBytes : (progress?.bytesDone ?? 0);
  return {
    id: step.stepId,
    kind: step.kind,
    words: STEP_KINDS[step.kind].words(step, record.plan),
    state: step.state,
    after: planned?.after ?? [],
    diskId: step.diskId,
    weightBytes: step.weightBytes,
    progress:
      step.weightBytes > 0
        ? progressView(
            bytes,
            step.weightBytes,
            step.state === 'running' ? (progress?.bytesPerSecond ?? 0) : 0,
          )
        : null,
    waitsFor: waitsFor(record, step),
    waitsSince: isoOrNull(step.reasonSince),
    worker: step.leaseOwner,
    attempts: step.attempts,
    error: step.error ? errorView(step.error) : null,
    startedAt: isoOrNull(step.startedAt),
    finishedAt: isoOrNull(step.finishedAt),
  };
}

/** Why a step does not run now, in words; null when it runs or is over. */
function waitsFor(record: MigrationRecord, step: StepRow): string | null {
  const paused = record.row.wanted === 'pause';
  switch (step.state) {
    case 'waiting':
      return withMissing(step.reason, paused ? null : record.missingWorker);
    case 'running':
      return step.reason === 'copying' || step.reason === 'reading' ? null : step.reason;
    case 'ready':
      return paused
        ? 'the migration is paused'
        : 'a free place under the limits (see: kubectl vm-migrate limits)';
    case 'queued':
      return paused
        ? 'the migration is paused'
        : (record.missingWorker ?? 'a worker to take it (see: kubectl vm-migrate get workers)');
    case 'blocked':
    case 'done':
    case 'failed':
    case 'canceled':
      return null;
  }
}

/** The reason stays: it is what comes next once there is a worker. */
function withMissing(reason: string | null, missing: string | null): string | null {
  if (reason === null || missing === null) return reason ?? missing;
  return `${missing}; then ${reason}`;
}

export function snapshotView(record: MigrationRecord, snapshot: SnapshotRow): SnapshotView {
  return {
    migration: record.row.id,
    vm: record.row.vmName,
    id: snapshot.snapshotId,
    name: snapshot.name,
    description: snapshot.description,
    createdAt: isoOfUs(snapshot.createdAtUs),
    quiesced: snapshot.quiesced,
    parentId: snapshot.parentId,
    kept: snapshot.kept,
    mergedInto: snapshot.mergedInto,
    ready: snapshot.readyAt !== null,
    readyAt: isoOrNull(snapshot.readyAt),
    volumeSnapshots: record.cuts
      .filter(cut => cut.snapshotId === snapshot.snapshotId)
      .map(cut => volumeSnapshotView(record, cut)),
  };
}

export function volumeSnapshotView(
  record: MigrationRecord,
  cut: VolumeSnapshotRow,
): VolumeSnapshotView {
  return {
    id: cut.volumeSnapshotId,
    disk: diskLabel(record.plan, cut.diskId),
    name: cut.name,
    purpose: cut.purpose,
    state: cut.state,
    handle: cut.handle,
    layerFile: record.layers.find(layer => layer.layerId === cut.layerId)?.file ?? cut.layerId,
    stateSizeBytes: cut.stateSizeBytes,
    stateDigest: cut.stateDigest,
    volumeDigest: cut.volumeDigest,
    proof: cut.proof,
    readyAt: isoOrNull(cut.readyAt),
    provedAt: isoOrNull(cut.provedAt),
  };
}

export function diskLabel(plan: Plan, diskId: string): string {
  return plan.disks.find(disk => disk.id === diskId)?.label ?? diskId;
}

export function errorView(error: ErrorData): ErrorView {
  return {
    code: error.code in ERROR_CODES ? error.code : 'INTERNAL',
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.where === undefined ? {} : { where: error.where }),
  };
}

export function isoOrNull(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}

/** Microseconds since 1970 as ISO 8601 with milliseconds. */
export function isoOfUs(us: number | null | undefined): string | null {
  return us === null || us === undefined ? null : new Date(us / 1000).toISOString();
}
