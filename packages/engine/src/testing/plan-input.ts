import { GIB } from '../bytes';
import type { PlanInput } from '../plan/build-plan';
import type { PlanOptions } from '../plan/plan';
import type { SnapshotTree } from '../sources/snapshot-tree';
import type { StorageClass } from '../targets/target';
import { tree } from './tree-notation';

/** A class with shared blocks, plenty of space, no rounding: what a test does not speak about. */
export function storageClass(facts: Partial<StorageClass> = {}): StorageClass {
  return {
    name: 'fast',
    isDefault: true,
    snapshots: { how: 'reflink' },
    newVolumesReadZero: true,
    freeBytes: 1000 * GIB,
    snapshotCost: 0,
    sizeStepBytes: 512,
    ...facts,
  };
}

/** Keeps all, cuts the present state only when asked, samples nothing. */
export function planOptions(options: Partial<PlanOptions> = {}): PlanOptions {
  return {
    leaveOutDisks: [],
    keep: { rule: 'all' },
    storageClassByDisk: {},
    cutCurrent: 'when-the-target-asks',
    sampleWindows: 0,
    ...options,
  };
}

/** Input for buildPlan around a tree, or around its notation (tree-notation.ts). */
export function planInput(
  from: SnapshotTree | string | Readonly<Record<string, string>>,
  options: Partial<PlanOptions> = {},
  rest: Partial<Omit<PlanInput, 'tree' | 'options'>> = {},
): PlanInput {
  return {
    tree: isTree(from) ? from : tree(from),
    options: planOptions(options),
    source: 'lab',
    target: 'local',
    capabilities: { classes: [storageClass()] },
    ...rest,
  };
}

function isTree(
  from: SnapshotTree | string | Readonly<Record<string, string>>,
): from is SnapshotTree {
  return typeof from === 'object' && 'snapshots' in from && Array.isArray(from.snapshots);
}
