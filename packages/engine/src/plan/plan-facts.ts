import type { CarriedDisk } from './carried-disks';
import type {
  PlannedLayer,
  PlannedSnapshot,
  PlannedVolume,
  PlannedVolumeSnapshot,
  PlanTotals,
} from './plan';
import type { PlanInput } from './plan-input';
import type { SpaceNeed } from './space';

/** All that findings are made of. */
export interface PlanFacts {
  readonly input: PlanInput;
  readonly carried: readonly CarriedDisk[];
  readonly layers: readonly PlannedLayer[];
  readonly snapshots: readonly PlannedSnapshot[];
  readonly volumes: readonly PlannedVolume[];
  readonly volumeSnapshots: readonly PlannedVolumeSnapshot[];
  readonly space: SpaceNeed;
  readonly totals: Omit<PlanTotals, 'estimateMs'>;
}
