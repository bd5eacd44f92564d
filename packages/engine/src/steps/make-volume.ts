/** createVolume and restoreVolume: the present generation of a planned volume stands on the target. */
import { EngineError } from '../errors';
import type { Plan } from '../plan/plan';
import { getVolume, setVolumeMade } from '../store/objects';
import { volumeName, type StepRow, type VolumeRow } from '../store/store';
import { isPending, type Pending, type Volume } from '../targets/target';
import { remakeOrigin, replace } from './replace-volume';
import { done, wait, type StepContext, type StepKind, type StepOutcome } from './step';
import { firstMark, originOf, plannedVolumeSnapshot, required } from './step-objects';

export const createVolume: StepKind = {
  happened: 'VolumeMade',
  words: (step, plan) => `create volume ${nameOf(step, plan)} (${step.storageClass})`,
  advance: makeVolume,
};

export const restoreVolume: StepKind = {
  happened: 'VolumeRestored',
  words(step, plan) {
    const from = plan.volumes.find(volume => volume.id === step.volumeId)?.restoredFrom;
    const name = plan.volumeSnapshots.find(cut => cut.id === from)?.name ?? '?';
    return `restore volume ${nameOf(step, plan)} from VolumeSnapshot ${name}`;
  },
  advance: makeVolume,
};

async function makeVolume(context: StepContext) {
  const { step, database } = context;
  const row = await getVolume(database, step.migrationId, required(step.volumeId, 'volume', step));
  const volume = await ensurePlannedVolume(context, row, undefined);
  if ('outcome' in volume) return volume;
  if (isPending(volume)) return wait(volume.retryMs, volume.reason);
  return done({ name: volume.name }, tx =>
    setVolumeMade(tx, row, volume.mark.phase === 'holds' ? (volume.mark.layerId ?? null) : null),
  );
}

/**
 * Makes the row's generation: empty, or from the VolumeSnapshot that the row names. An outcome when
 * that cannot be, and something else was begun instead. `needed`: the layer whose state it is for.
 */
export async function ensurePlannedVolume(
  context: StepContext,
  row: VolumeRow,
  needed: string | undefined,
): Promise<Volume | Pending | StepOutcome> {
  const { plan, storeId, target } = context;
  const cut = row.restoredFrom === null ? undefined : plannedVolumeSnapshot(plan, row.restoredFrom);
  const spec = {
    name: volumeName(row),
    storageClass: row.storageClass,
    sizeBytes: row.sizeBytes,
    mark: firstMark(row, storeId, plan, cut?.layerId),
    origin: originOf(plan, row.diskId),
  };
  try {
    return await (cut === undefined
      ? target.ensureVolume(spec)
      : target.ensureVolumeFrom(spec, cut.name));
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    if (cut !== undefined && error.code === 'VOLUME_MISSING' && error.where.object === cut.name)
      return remakeOrigin(context, row, cut.id);
    if (error.code !== 'VOLUME_UNEXPECTED') throw error;
    // This generation was made before, by a store that knew more than this one does now.
    const there = await target.findVolume(spec.name);
    if (
      there?.mark.storeId !== storeId ||
      there.mark.migrationId !== row.migrationId ||
      there.mark.volumeId !== row.volumeId
    )
      throw error;
    return replace(context, row, there.mark, needed);
  }
}

function nameOf(step: StepRow, plan: Plan): string {
  return plan.volumes.find(volume => volume.id === step.volumeId)?.name ?? '?';
}
