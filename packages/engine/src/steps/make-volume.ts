/** createVolume and restoreVolume: the present generation of a planned volume stands on the target. */
import type { Plan } from '../plan/plan';
import { getVolume, getVolumeSnapshot, setVolumeMade } from '../store/objects';
import { volumeName, type StepRow, type VolumeRow } from '../store/store';
import { isPending, type Pending, type Volume } from '../targets/target';
import { done, wait, type StepContext, type StepKind } from './step';
import { firstMark, originOf, plannedVolumeSnapshot, required } from './step-objects';

export const createVolume: StepKind = {
  words: (step, plan) => `create volume ${nameOf(step, plan)} (${step.storageClass})`,
  advance: makeVolume,
};

export const restoreVolume: StepKind = {
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
  const volume = await ensurePlannedVolume(context, row);
  if (isPending(volume)) return wait(volume.retryMs, volume.reason);
  return done({ name: volume.name }, tx => setVolumeMade(tx, row, volume.mark.phase === 'holds' ? (volume.mark.layerId ?? null) : null));
}

/** Makes the row's generation: empty, or from the VolumeSnapshot that the row names. */
export async function ensurePlannedVolume(context: StepContext, row: VolumeRow): Promise<Volume | Pending> {
  const { plan, storeId, target, database } = context;
  const cut = row.restoredFrom === null ? undefined : plannedVolumeSnapshot(plan, row.restoredFrom);
  const spec = {
    name: volumeName(row),
    storageClass: row.storageClass,
    sizeBytes: row.sizeBytes,
    mark: firstMark(row, storeId, plan, cut?.layerId),
    origin: originOf(plan, row.diskId),
  };
  if (cut === undefined) return target.ensureVolume(spec);
  const from = await getVolumeSnapshot(database, row.migrationId, cut.id);
  return target.ensureVolumeFrom(spec, from.name);
}

function nameOf(step: StepRow, plan: Plan): string {
  return plan.volumes.find(volume => volume.id === step.volumeId)?.name ?? '?';
}
