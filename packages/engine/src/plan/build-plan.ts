import type { Disk } from '../sources/snapshot-tree';
import { chooseStorageClasses } from './choose-storage-class';
import { disksNamed } from './disks-named';
import { draftPlan } from './draft-plan';
import { uniqueFindings } from './findings';
import { keepCosts } from './keep-costs';
import { keptSnapshotIds } from './keep-rules';
import type { Plan, PlanOptions } from './plan';
import { planDigest } from './plan-digest';
import { findingsOfPlan } from './plan-findings';
import type { PlanInput } from './plan-input';
import { planDisks, planSnapshots } from './plan-records';
import { snapshotCosts } from './snapshot-costs';
import type { OwnBytes } from './space';

export type { ClassProbe, PlanInput } from './plan-input';

/**
 * The plan for one VM: pure, the same input gives the same plan, byte for byte.
 * What cannot be carried is a finding; what makes no plan at all is thrown.
 * @throws EngineError CLASS_NOT_FOUND, CLASS_WITHOUT_SNAPSHOTS, NOT_FOUND (a disk or snapshot that
 *   an option names), USAGE (a label of several disks)
 */
export function buildPlan(input: PlanInput): Plan {
  const { tree, options } = input;
  const leftOut = new Set(
    options.leaveOutDisks.flatMap(name => disksNamed(tree.disks, name)).map(disk => disk.id),
  );
  const wanted = tree.disks.filter(disk => !leftOut.has(disk.id));
  const classes = chooseStorageClasses(wanted, classOptions(wanted, input), input.capabilities);
  const keptIds = keptSnapshotIds(tree.snapshots, options.keep);
  const ownBytes = ownBytesOf(input);
  const decided = { input, wanted, classes: classes.byDisk, ownBytes };
  const draft = draftPlan(decided, keptIds);
  const { carried, layers, volumes, volumeSnapshots, steps, space, totals } = draft;
  const costs = snapshotCosts(decided, keptIds);
  const snapshots = planSnapshots(tree, carried, keptIds, volumeSnapshots, costs);
  const facts = { input, carried, layers, snapshots, volumes, volumeSnapshots, space, totals };
  const findings = [...findingsOfPlan(facts), ...classes.findings];

  const plan: Omit<Plan, 'digest'> = {
    version: 1,
    vm: { source: input.source, id: tree.vm.id, name: tree.vm.name, location: tree.vm.location },
    target: input.target,
    options,
    disks: planDisks(tree, carried),
    layers,
    volumes,
    volumeSnapshots,
    snapshots,
    current: {
      ...(tree.current.snapshotId === undefined ? {} : { snapshotId: tree.current.snapshotId }),
      disks: tree.current.disks,
    },
    steps,
    findings: uniqueFindings(findings),
    totals,
    keepCosts: keepCosts(decided),
    tree,
  };
  return { ...plan, digest: planDigest(plan) };
}

/** A class given for a disk that is left out is no mistake, and decides nothing. */
function classOptions(
  wanted: readonly Disk[],
  { tree, options }: PlanInput,
): Pick<PlanOptions, 'storageClass' | 'storageClassByDisk'> {
  const carriedIds = new Set(wanted.map(disk => disk.id));
  const byDisk = Object.entries(options.storageClassByDisk).flatMap(([name, className]) =>
    disksNamed(tree.disks, name)
      .filter(disk => carriedIds.has(disk.id))
      .map(disk => [disk.id, className] as const),
  );
  return {
    ...(options.storageClass === undefined ? {} : { storageClass: options.storageClass }),
    storageClassByDisk: Object.fromEntries(byDisk),
  };
}

/** Counted now, or known to the source; a layer that nobody counted is taken for full (finding `size-unknown`). */
function ownBytesOf({ tree, ownBytes: counted }: PlanInput): (layerId: string) => OwnBytes {
  const known = new Map(Object.entries(counted ?? {}));
  const all = new Map(
    tree.disks
      .flatMap(disk => disk.layers)
      .map(layer => [
        layer.id,
        known.get(layer.id) ?? layer.ownBytes ?? { data: layer.sizeBytes, zero: 0 },
      ]),
  );
  return layerId => all.get(layerId) ?? { data: 0, zero: 0 };
}
