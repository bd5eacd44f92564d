/** removeVolume and removeVolumeSnapshot: what was only needed on the way goes again. */
import { findClassProof } from '../store/places';
import { getVolume, setVolumeRemoved, setVolumeSnapshotRemoved } from '../store/objects';
import { volumeName } from '../store/store';
import { isPending } from '../targets/target';
import { done, wait, type StepKind } from './step';
import { plannedVolumeSnapshot, required } from './step-objects';

/**
 * A branch's volume goes only when the probe showed that VolumeSnapshots of its class outlive it;
 * the plan's edges already say that they are ready and verified and that no step needs it.
 */
export const removeVolume: StepKind = {
  words: (step, plan) =>
    `remove branch volume ${plan.volumes.find(volume => volume.id === step.volumeId)?.name ?? '?'}`,

  async advance({ step, plan, storeId, target, database }) {
    const volumeId = required(step.volumeId, 'volume', step);
    const proof = await findClassProof<{ snapshotsOutliveVolume?: boolean }>(
      database,
      plan.target,
      step.storageClass,
    );
    if (proof?.result.snapshotsOutliveVolume !== true) {
      return done({
        kept: `it is not proved that snapshots of class ${step.storageClass} outlive their volume`,
      });
    }
    const row = await getVolume(database, step.migrationId, volumeId);
    for (let generation = 1; generation <= row.generation; generation++) {
      const gone = await target.remove(
        'volume',
        volumeName({ ...row, generation }),
        storeId,
        new Set([step.migrationId]),
      );
      if (gone && isPending(gone)) return wait(gone.retryMs, gone.reason);
    }
    return done({}, tx => setVolumeRemoved(tx, step.migrationId, volumeId));
  },
};

export const removeVolumeSnapshot: StepKind = {
  words: (step, plan) =>
    `remove working VolumeSnapshot ${plan.volumeSnapshots.find(cut => cut.id === step.volumeSnapshotId)?.name ?? '?'}`,

  async advance({ step, plan, storeId, target }) {
    const id = required(step.volumeSnapshotId, 'VolumeSnapshot', step);
    const gone = await target.remove(
      'volume-snapshot',
      plannedVolumeSnapshot(plan, id).name,
      storeId,
      new Set([step.migrationId]),
    );
    if (gone && isPending(gone)) return wait(gone.retryMs, gone.reason);
    return done({}, tx => setVolumeSnapshotRemoved(tx, step.migrationId, id));
  },
};
