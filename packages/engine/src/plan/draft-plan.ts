import type { Disk } from '../sources/snapshot-tree';
import type { StorageClass } from '../targets/target';
import { carryDisks, type CarriedDisk } from './carried-disks';
import { estimate } from './estimate';
import { nameObjects } from './name-objects';
import type { Plan, PlanTotals } from './plan';
import type { PlanInput } from './plan-input';
import { newestPoints, planLayers, planTotals, type UnnamedCut } from './plan-records';
import { buildSteps, type StepInput } from './plan-steps';
import { spaceNeeded, type OwnBytes, type SpaceNeed } from './space';

/** What is decided before it is decided which snapshots are kept. */
export interface DraftInput {
  readonly input: PlanInput;
  /** Disks that are not left out. */
  readonly wanted: readonly Disk[];
  /** By disk id. */
  readonly classes: ReadonlyMap<string, StorageClass>;
  readonly ownBytes: (layerId: string) => OwnBytes;
}

/** Everything of a plan that follows from which snapshots are kept, findings and digest aside. */
export interface PlanDraft extends Pick<
  Plan,
  'layers' | 'volumes' | 'volumeSnapshots' | 'steps' | 'totals'
> {
  readonly carried: readonly CarriedDisk[];
  readonly space: SpaceNeed;
}

export function draftPlan(
  { input, wanted, classes, ownBytes }: DraftInput,
  keptIds: ReadonlySet<string>,
): PlanDraft {
  const carried = carryDisks(input, wanted, classes, keptIds);
  const { volumes, volumeSnapshots } = nameObjects(input, carried);
  const sampled = sampledPoints(input, volumeSnapshots);
  const layers = planLayers(input.tree, carried, ownBytes);
  const layerById = new Map(layers.map(layer => [layer.id, layer]));
  const { sampleWindows } = input.options;
  const classByName = new Map(input.capabilities.classes.map(each => [each.name, each]));
  const classOf = ({ storageClass }: { readonly storageClass: string }): StorageClass | undefined =>
    classByName.get(storageClass);
  // What a base leaves out is zeros, often most of a thin disk: where a new volume reads zeros they are no work.
  const copyBytesOf: StepInput['copyBytesOf'] = (volume, layerId) => {
    const layer = layerById.get(layerId);
    const { data, zero } = layer?.ownBytes ?? { data: 0, zero: 0 };
    const readsZero = classOf(volume)?.newVolumesReadZero === true;
    return layer?.parentId === undefined && readsZero ? data : data + zero;
  };
  const gateOf: StepInput['gateOf'] = volume => classOf(volume)?.gate ?? 'readyToUse';
  const steps = buildSteps({
    volumes,
    volumeSnapshots,
    copyBytesOf,
    sampled,
    sampleWindows,
    gateOf,
  });
  const space = spaceNeeded({ volumes, volumeSnapshots, sampled, ownBytes, classOf });
  const totals = planTotals({ layers, volumes, volumeSnapshots, space, classOf });
  const estimateMs = estimate(steps, measuredRates(input), input.pushedBytesPerSecond);
  return {
    carried,
    layers,
    volumes,
    volumeSnapshots,
    steps,
    space,
    totals: { ...totals, ...(estimateMs === undefined ? {} : { estimateMs }) },
  };
}

/** The points that are read again through a restore. */
export function sampledPoints<Cut extends UnnamedCut>(
  { tree, options }: PlanInput,
  volumeSnapshots: readonly Cut[],
): readonly Cut[] {
  return options.sampleWindows > 0 ? newestPoints(tree, volumeSnapshots) : [];
}

/** Over all classes. */
export function neededBytesOf({ space }: Pick<PlanTotals, 'space'>): number {
  return space.reduce((sum, { neededBytes }) => sum + neededBytes, 0);
}

function measuredRates({ probes }: PlanInput): ReadonlyMap<string, number> {
  const rates = new Map<string, number>();
  for (const [storageClass, { writeBytesPerSecond }] of Object.entries(probes ?? {})) {
    if (writeBytesPerSecond !== undefined) rates.set(storageClass, writeBytesPerSecond);
  }
  return rates;
}
