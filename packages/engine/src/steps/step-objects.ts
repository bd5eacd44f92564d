/** What several kinds of step ask of a plan: the planned object behind a row, and where it comes from. */
import { EngineError } from '../errors';
import type { VolumeMark } from '../mover/mover';
import type { Plan, PlannedLayer, PlannedSnapshot, PlannedVolumeSnapshot } from '../plan/plan';
import type { StepRow, VolumeRow } from '../store/store';
import type { Origin } from '../targets/target';

/** A column that this kind of step always has. */
export function required(value: string | null, column: string, step: StepRow): string {
  if (value !== null) return value;
  throw new EngineError('INTERNAL', {
    where: { object: `step ${step.stepId}` },
    expected: `a ${column}`,
    found: 'none',
  });
}

export function plannedLayer(plan: Plan, id: string): PlannedLayer {
  return present(
    plan.layers.find(layer => layer.id === id),
    `layer ${id}`,
  );
}

export function plannedVolumeSnapshot(plan: Plan, id: string): PlannedVolumeSnapshot {
  return present(
    plan.volumeSnapshots.find(cut => cut.id === id),
    `VolumeSnapshot ${id}`,
  );
}

export function plannedSnapshot(plan: Plan, id: string | undefined): PlannedSnapshot | undefined {
  return plan.snapshots.find(snapshot => snapshot.id === id);
}

export function originOf(plan: Plan, diskId: string): Origin {
  const disk = plan.disks.find(candidate => candidate.id === diskId);
  return { vmId: plan.vm.id, vmName: plan.vm.name, diskId, diskLabel: disk?.label ?? diskId };
}

/** The mark of a volume that was just made: empty, or the state that it was restored from. */
export function firstMark(
  volume: Pick<VolumeRow, 'migrationId' | 'volumeId' | 'generation'>,
  storeId: string,
  plan: Plan,
  restoredLayerId: string | undefined,
): VolumeMark {
  const base = {
    storeId,
    migrationId: volume.migrationId,
    volumeId: volume.volumeId,
    generation: volume.generation,
    fence: 0,
  };
  if (restoredLayerId === undefined) return { ...base, phase: 'empty' };
  return {
    ...base,
    phase: 'holds',
    layerId: restoredLayerId,
    manifestDigest: plannedLayer(plan, restoredLayerId).manifestDigest,
  };
}

function present<T>(value: T | undefined, object: string): T {
  if (value === undefined)
    throw new EngineError('INTERNAL', {
      where: { object },
      expected: 'an object of the plan',
      found: 'none',
    });
  return value;
}
