import { EngineError } from '../errors';
import type { Disk, Finding } from '../sources/snapshot-tree';
import type { StorageClass, TargetCapabilities } from '../targets/target';
import { disksNamed } from './disks-named';
import { planFinding } from './findings';
import type { PlanOptions } from './plan';

export interface ClassChoice {
  /** By disk id; a disk without an entry has no class yet, and a blocking finding says so. */
  readonly byDisk: ReadonlyMap<string, StorageClass>;
  readonly findings: readonly Finding[];
}

/**
 * One common class for all volumes of a VM: the named one, else the one that the target's map gives
 * for the datastores or storage policies of its disks, else the target's default, else the only one
 * (that can take snapshots). Where none of these leads to one class, nothing is guessed: the finding
 * names the candidates. A class that the user names for a single disk overrides it; a map that
 * gives several is followed disk by disk, and the finding says so.
 * @throws EngineError CLASS_NOT_FOUND for a name that the target does not have
 * @throws EngineError CLASS_WITHOUT_SNAPSHOTS naming the classes that would do
 */
export function chooseStorageClasses(
  disks: readonly Disk[],
  options: Pick<PlanOptions, 'storageClass' | 'storageClassByDisk'>,
  capabilities: TargetCapabilities,
): ClassChoice {
  const { classes } = capabilities;
  const mapped =
    options.storageClass === undefined ? mappedClasses(disks, capabilities) : NOTHING_MAPPED;
  const own = new Map<string, StorageClass>();
  for (const [name, className] of Object.entries(options.storageClassByDisk)) {
    for (const disk of disksNamed(disks, name)) own.set(disk.id, classNamed(classes, className));
  }
  const chosenByMap = (disk: Disk): StorageClass | undefined =>
    mapped.common ?? mapped.byDisk.get(disk.id);
  const open = disks.filter(disk => !own.has(disk.id));
  const needsCommon = open.some(disk => chosenByMap(disk) === undefined);
  const common = needsCommon ? commonClass(classes, options.storageClass) : undefined;

  const byDisk = new Map<string, StorageClass>();
  for (const disk of disks) {
    const chosen = own.get(disk.id) ?? chosenByMap(disk) ?? common?.chosen;
    if (chosen !== undefined) byDisk.set(disk.id, withSnapshots(chosen, classes));
  }
  const byMap = open.length > 0 ? mapped.findings : [];
  return { byDisk, findings: [...byMap, ...(common?.findings ?? []), ...differing(disks, byDisk)] };
}

interface MappedClasses {
  readonly byDisk: ReadonlyMap<string, StorageClass>;
  /** The only class that the map gives for any disk: then for all of them. */
  readonly common: StorageClass | undefined;
  readonly findings: readonly Finding[];
}

const NOTHING_MAPPED: MappedClasses = { byDisk: new Map(), common: undefined, findings: [] };

/** @throws EngineError CLASS_NOT_FOUND when the map names a class that the target does not have */
function mappedClasses(
  disks: readonly Disk[],
  { classes, classMap = {} }: TargetCapabilities,
): MappedClasses {
  const byDisk = new Map<string, StorageClass>();
  const reasons = new Map<StorageClass, string[]>();
  for (const disk of disks) {
    const found = keyOf(disk, classMap);
    if (found === undefined) continue;
    const chosen = classNamed(classes, found.className);
    byDisk.set(disk.id, chosen);
    reasons.set(chosen, [...(reasons.get(chosen) ?? []), `${disk.label} is of ${found.what}`]);
  }
  const [only, another] = [...reasons.keys()];
  return {
    byDisk,
    common: another === undefined ? only : undefined,
    findings: [...reasons].flatMap(
      ([chosen, why]) =>
        chosenBecause(chosen, `the target's classMap has it: ${why.join(', ')}`).findings,
    ),
  };
}

/** A policy says more of a disk than the datastore where it happens to lie. */
function keyOf(
  { storagePolicy, datastore }: Disk,
  classMap: Readonly<Record<string, string>>,
): { readonly className: string; readonly what: string } | undefined {
  const asked = [
    ...(storagePolicy === undefined
      ? []
      : [{ key: storagePolicy, what: `storage policy ${storagePolicy}` }]),
    ...(datastore === undefined
      ? []
      : [datastore, `[${datastore}]`, `/vmfs/volumes/${datastore}`].map(key => ({
          key,
          what: `datastore ${datastore}`,
        }))),
  ];
  for (const { key, what } of asked) {
    const className = Object.hasOwn(classMap, key) ? classMap[key] : undefined;
    if (className !== undefined) return { className, what };
  }
  return undefined;
}

interface CommonClass {
  readonly chosen?: StorageClass;
  readonly findings: readonly Finding[];
}

function commonClass(classes: readonly StorageClass[], wanted: string | undefined): CommonClass {
  if (wanted !== undefined) return { chosen: classNamed(classes, wanted), findings: [] };
  if (classes.length === 0) {
    throw new EngineError('CLASS_NOT_FOUND', {
      expected: 'a target with at least one storage class',
      found: 'none',
      hint: 'Give the target a storage class that can take snapshots; `kubectl vm-migrate doctor` shows what it has.',
    });
  }
  const defaults = classes.filter(each => each.isDefault);
  if (defaults.length === 1) {
    const [one] = defaults;
    return chosenBecause(one, `it is ${one?.defaultBecause ?? "the target's default"}`);
  }
  if (classes.length === 1) return chosenBecause(classes[0], 'the target has no other');
  const able = (defaults.length > 1 ? defaults : classes).filter(takesSnapshots);
  if (able.length === 1) {
    return chosenBecause(able[0], 'it is the only candidate that can take snapshots');
  }
  if (able.length === 0) throw noClassWillDo(classes);
  return {
    findings: [
      planFinding('class-not-chosen', {
        key: 'common',
        object: 'storage class',
        cause:
          defaults.length > 1
            ? `The target has ${defaults.length} default storage classes.`
            : `The target has ${classes.length} storage classes and none is its default.`,
        remedy: `Name one with --storage-class: ${namesOf(able)}.`,
      }),
    ],
  };
}

function chosenBecause(chosen: StorageClass | undefined, reason: string): CommonClass {
  if (chosen === undefined) return { findings: [] };
  const finding = planFinding('class-chosen', {
    key: chosen.name,
    object: `storage class ${chosen.name}`,
    cause: `Storage class ${chosen.name} was chosen because ${reason}.`,
  });
  return { chosen, findings: [finding] };
}

function differing(
  disks: readonly Disk[],
  byDisk: ReadonlyMap<string, StorageClass>,
): readonly Finding[] {
  const names = new Set([...byDisk.values()].map(each => each.name));
  if (names.size < 2) return [];
  const list = disks.flatMap(disk => {
    const chosen = byDisk.get(disk.id);
    return chosen === undefined ? [] : [`${disk.label} on ${chosen.name}`];
  });
  return [
    planFinding('classes-differ', {
      key: [...names].sort().join(','),
      object: 'storage classes',
      cause: `The VM's disks go to different storage classes: ${list.join(', ')}.`,
    }),
  ];
}

function classNamed(classes: readonly StorageClass[], name: string): StorageClass {
  const found = classes.find(each => each.name === name);
  if (found !== undefined) return found;
  throw new EngineError('CLASS_NOT_FOUND', {
    where: { object: `storage class ${name}` },
    expected: `one of ${namesOf(classes) || '(none)'}`,
    hint: `Classes that can take snapshots: ${namesOf(classes.filter(takesSnapshots)) || 'none'}.`,
  });
}

function withSnapshots(chosen: StorageClass, classes: readonly StorageClass[]): StorageClass {
  if (chosen.snapshots.how !== 'none') return chosen;
  const able = classes.filter(takesSnapshots);
  throw new EngineError('CLASS_WITHOUT_SNAPSHOTS', {
    where: { object: `storage class ${chosen.name}` },
    expected: 'a class that can take snapshots: each kept VMware snapshot becomes one',
    found: chosen.snapshots.reason,
    hint:
      able.length > 0
        ? `These would do: ${namesOf(able)}. Name one with --storage-class.`
        : 'No storage class of this target can take snapshots. Install or configure one that can.',
  });
}

function noClassWillDo(classes: readonly StorageClass[]): EngineError {
  const reasons = classes.map(each =>
    each.snapshots.how === 'none' ? `${each.name}: ${each.snapshots.reason}` : each.name,
  );
  return new EngineError('CLASS_WITHOUT_SNAPSHOTS', {
    expected: 'at least one class that can take snapshots',
    found: reasons.join('; '),
    hint: 'No storage class of this target can take snapshots. Install or configure one that can.',
  });
}

function takesSnapshots(each: StorageClass): boolean {
  return each.snapshots.how !== 'none';
}

function namesOf(classes: readonly StorageClass[]): string {
  return classes.map(each => each.name).join(', ');
}
