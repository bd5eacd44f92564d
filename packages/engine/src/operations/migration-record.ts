/** Everything that the store holds about one migration, read in one consistent snapshot, and the views made of it. */
import type {
  MigrationView,
  ProgressView,
  SnapshotView,
  StepView,
  VolumeSnapshotView,
  WaitView,
} from '@vm-migrate/api';
import type { Plan } from '../plan/plan';
import type { PlacesTaken } from '../worker/places-taken';
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
import {
  errorView,
  isoOrNull,
  progressView,
  stepFacts,
  usedUpWords,
  type StepSurroundings,
} from './step-view';
import { placesFor, waitsOf } from './wait-surroundings';
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
  readonly places: PlacesTaken;
  readonly waits: WaitView | null;
}

/** @throws EngineError NOT_FOUND */
export async function readMigration(database: Database, id: string): Promise<MigrationRecord> {
  return database.transaction(async tx => {
    await tx.query('set transaction isolation level repeatable read, read only');
    const [row] = await migrationSummaries(tx, { id });
    if (row === undefined) throw noSuchMigration(id);
    const steps = await stepsOf(tx, id);
    return {
      row,
      plan: await planOf(tx, id),
      steps,
      layers: await layersOf(tx, id),
      snapshots: await snapshotsOf(tx, id),
      volumes: await volumesOf(tx, id),
      cuts: await volumeSnapshotsOf(tx, id),
      progress: new Map((await progressOf(tx, id)).map(seen => [seen.stepId, seen])),
      missingWorker: await whoIsMissing(tx, row),
      places: await placesFor(tx, steps),
      waits: (await waitsOf(tx, [id])).get(id) ?? null,
    };
  });
}

/** @throws EngineError NOT_FOUND */
export async function readMigrationView(tx: Tx, id: string): Promise<MigrationView> {
  const [row] = await migrationSummaries(tx, { id });
  if (row === undefined) throw noSuchMigration(id);
  return migrationView({ row, waits: (await waitsOf(tx, [id])).get(id) ?? null });
}

export function migrationView({
  row,
  waits,
}: Pick<MigrationRecord, 'row' | 'waits'>): MigrationView {
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
    progress: copiedSoFar(row),
    startedBy: row.startedBy,
    createdAt: row.createdAt.toISOString(),
    finishedAt: isoOrNull(row.finishedAt),
    beginsAt: isoOrNull(row.beginsAt),
    waits,
    error: row.error === null ? null : errorView(row.error),
  };
}

/** While anything is open after the last byte (cuts, checks), nobody knows how long that takes. */
function copiedSoFar({
  state,
  bytesDone,
  bytesTotal,
  bytesPerSecond,
}: MigrationSummary): ProgressView {
  const progress = progressView(bytesDone, bytesTotal, bytesPerSecond);
  const goesOn = state === 'running' && bytesDone === bytesTotal;
  return goesOn ? { ...progress, etaMs: null } : progress;
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

export function stepView(record: MigrationRecord, step: StepRow): StepView {
  const after = record.plan.steps.find(({ id }) => id === step.stepId)?.after ?? [];
  return { ...stepFacts(step, surroundingsOf(record, step, after)), after };
}

function surroundingsOf(
  { row, plan, progress, missingWorker, places, steps }: MigrationRecord,
  { stepId, migrationId, storageClass }: StepRow,
  after: readonly string[],
): StepSurroundings {
  const ends = steps
    .filter(other => after.includes(other.stepId))
    .map(({ finishedAt }) => finishedAt?.getTime() ?? 0);
  const { wanted, createdAt } = row;
  return {
    plan,
    wanted,
    createdAt,
    progress: progress.get(stepId),
    missingWorker,
    usedUp: usedUpWords({ migrationId, source: row.sourceName, storageClass }, places),
    predecessorsDoneAt: ends.length === 0 ? null : new Date(Math.max(...ends)),
  };
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

/** Microseconds since 1970 as ISO 8601 with milliseconds. */
export function isoOfUs(us: number | null | undefined): string | null {
  return us === null || us === undefined ? null : new Date(us / 1000).toISOString();
}
