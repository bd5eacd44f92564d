import { MIB } from '../bytes';
import { groupBy } from './group-by';
import type { PlannedStep, PlannedVolume, PlannedVolumeSnapshot, StepKindName } from './plan';

/** Lower runs first: the present state of every VM before side branches, proof and clean-up. */
export const PRIORITY = { main: 0, branch: 10, sample: 20, cleanUp: 30 } as const;

/** A sampled window: what `hash-volume` compares at once. */
const SAMPLE_WINDOW_BYTES = MIB;

export interface StepInput {
  /** A volume stands behind the one that it is restored from. */
  readonly volumes: readonly PlannedVolume[];
  readonly volumeSnapshots: readonly PlannedVolumeSnapshot[];
  /** What a layer has to write onto a volume. */
  readonly copyBytesOf: (volume: PlannedVolume, layerId: string) => number;
  /** Newest point of each disk, to be read back through a restore. */
  readonly sampled: readonly PlannedVolumeSnapshot[];
  readonly sampleWindows: number;
  /** What the next write to a volume waits for after a cut, by class; `readyToUse` where there is none. */
  readonly gateOf: (volume: PlannedVolume) => 'readyToUse' | 'creationTime';
}

/**
 * The DAG, parents before children. What waits for what:
 * everything on a class for its proof; a layer for all cuts of the layer under it (where the class's
 * gate is their creation, readiness is a step of its own, and only the next layer does not wait for
 * it); a cut for its layer; a branch for the VolumeSnapshot that it starts from and for nothing else; the removal of a
 * branch volume for its VolumeSnapshots and their proof; the removal of a working VolumeSnapshot
 * until nobody can need it again: a volume whose content is in doubt is restored from it once more,
 * so it stays until the volumes on both sides of the fork are written.
 * Steps of different disks never wait for each other.
 */
export function buildSteps(input: StepInput): readonly PlannedStep[] {
  const steps: PlannedStep[] = [];
  const volumeById = new Map(input.volumes.map(volume => [volume.id, volume]));
  const cutById = new Map(input.volumeSnapshots.map(cut => [cut.id, cut]));
  const cutsByLayer = groupBy(input.volumeSnapshots, cut => cut.layerId);
  /** Steps after which nothing more is written to a volume or cut from it. */
  const finished = new Map<string, readonly string[]>();

  const add = (step: PlannedStep): string => {
    steps.push(step);
    return step.id;
  };

  /** The step after which a VolumeSnapshot can be restored from. */
  const readyStepOf = (cutId: string): string => {
    const volume = volumeById.get(cutById.get(cutId)?.volumeId ?? '');
    const awaited = volume !== undefined && input.gateOf(volume) === 'creationTime';
    return stepId(awaited ? 'awaitSnapshot' : 'takeSnapshot', cutId);
  };

  for (const storageClass of new Set(input.volumes.map(volume => volume.storageClass))) {
    add({
      id: stepId('proveClass', storageClass),
      kind: 'proveClass',
      after: [],
      priority: PRIORITY.main,
      storageClass,
      weightBytes: 0,
    });
  }
  for (const volume of input.volumes) {
    let last: readonly string[] = [add(startOf(volume, readyStepOf))];
    const waits: string[] = [];
    for (const layerId of volume.layers) {
      const applied = add({
        ...on(volume),
        id: stepId('applyLayer', volume.id, layerId),
        kind: 'applyLayer',
        after: last,
        layerId,
        weightBytes: input.copyBytesOf(volume, layerId),
      });
      const cuts = cutsByLayer.get(layerId) ?? [];
      const taken = cuts.map(cut => add(takeOf(volume, cut, applied)));
      if (input.gateOf(volume) === 'creationTime')
        waits.push(...cuts.map(cut => add(awaitOf(volume, cut))));
      last = taken.length > 0 ? taken : [applied];
    }
    finished.set(volume.id, [...new Set([...last, ...waits])]);
  }

  const samples = new Map<string, string[]>();
  for (const cut of input.sampled) {
    const volume = volumeById.get(cut.volumeId);
    if (volume === undefined) continue;
    const sampled = add(sampleOf(volume, cut, input.sampleWindows, readyStepOf(cut.id)));
    samples.set(volume.id, [...(samples.get(volume.id) ?? []), sampled]);
  }
  for (const volume of input.volumes) {
    if (volume.atEnd !== 'remove') continue;
    add({
      ...on(volume),
      id: stepId('removeVolume', volume.id),
      kind: 'removeVolume',
      after: [...(finished.get(volume.id) ?? []), ...(samples.get(volume.id) ?? [])],
      priority: PRIORITY.cleanUp,
      weightBytes: 0,
    });
  }
  const restoredFrom = groupBy(input.volumes, volume => volume.restoredFrom ?? '');
  for (const cut of input.volumeSnapshots) {
    const volume = volumeById.get(cut.volumeId);
    if (cut.purpose !== 'fork' || volume === undefined) continue;
    const users = [volume, ...(restoredFrom.get(cut.id) ?? [])];
    add({
      ...on(volume),
      id: stepId('removeVolumeSnapshot', cut.id),
      kind: 'removeVolumeSnapshot',
      after: users.flatMap(user => finished.get(user.id) ?? []),
      priority: PRIORITY.cleanUp,
      volumeSnapshotId: cut.id,
      weightBytes: 0,
    });
  }
  return steps;
}

/** Made of what the step does: planning again gives the same id to the same work. */
export function stepId(kind: StepKindName, ...what: readonly string[]): string {
  return [kind, ...what].join(':');
}

function on(
  volume: PlannedVolume,
): Pick<PlannedStep, 'diskId' | 'volumeId' | 'storageClass' | 'priority'> {
  return {
    diskId: volume.diskId,
    volumeId: volume.id,
    storageClass: volume.storageClass,
    priority: volume.role === 'main' ? PRIORITY.main : PRIORITY.branch,
  };
}

function startOf(volume: PlannedVolume, readyStepOf: (cutId: string) => string): PlannedStep {
  if (volume.restoredFrom === undefined) {
    return {
      ...on(volume),
      id: stepId('createVolume', volume.id),
      kind: 'createVolume',
      after: [stepId('proveClass', volume.storageClass)],
      weightBytes: 0,
    };
  }
  return {
    ...on(volume),
    id: stepId('restoreVolume', volume.id),
    kind: 'restoreVolume',
    after: [readyStepOf(volume.restoredFrom)],
    volumeSnapshotId: volume.restoredFrom,
    weightBytes: 0,
  };
}

function takeOf(volume: PlannedVolume, cut: PlannedVolumeSnapshot, applied: string): PlannedStep {
  return {
    ...on(volume),
    id: stepId('takeSnapshot', cut.id),
    kind: 'takeSnapshot',
    after: [applied],
    layerId: cut.layerId,
    volumeSnapshotId: cut.id,
    weightBytes: 0,
  };
}

function awaitOf(volume: PlannedVolume, cut: PlannedVolumeSnapshot): PlannedStep {
  return {
    ...on(volume),
    id: stepId('awaitSnapshot', cut.id),
    kind: 'awaitSnapshot',
    after: [stepId('takeSnapshot', cut.id)],
    layerId: cut.layerId,
    volumeSnapshotId: cut.id,
    weightBytes: 0,
  };
}

function sampleOf(
  volume: PlannedVolume,
  cut: PlannedVolumeSnapshot,
  windows: number,
  ready: string,
): PlannedStep {
  return {
    ...on(volume),
    id: stepId('sampleSnapshot', cut.id),
    kind: 'sampleSnapshot',
    after: [ready],
    priority: PRIORITY.sample,
    layerId: cut.layerId,
    volumeSnapshotId: cut.id,
    weightBytes: Math.min(windows * SAMPLE_WINDOW_BYTES, cut.stateSizeBytes),
  };
}
