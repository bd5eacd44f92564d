/**
 * Rules of restores, before anything is written: a branch, a sample and a replaced volume are each
 * restored from a VolumeSnapshot, and a cluster says that one cannot be only when hours of copying
 * lie behind it.
 */
import type { Finding } from '../sources/snapshot-tree';
import type { StorageClass } from '../targets/target';
import { planFinding } from './findings';
import type { PlannedVolume } from './plan';
import type { PlanFacts } from './plan-facts';

export function restoreFindings({
  input,
  volumes,
  volumeSnapshots,
}: Pick<PlanFacts, 'input' | 'volumes' | 'volumeSnapshots'>): readonly Finding[] {
  const classes = new Map(input.capabilities.classes.map(each => [each.name, each]));
  const volumeOf = new Map(volumes.map(volume => [volume.id, volume]));
  const originOf = new Map(
    volumeSnapshots.map(cut => [cut.id, volumeOf.get(cut.volumeId)] as const),
  );
  const depths = new Map<string, number>();
  const found: Finding[] = [];
  // A volume stands behind the one that it is restored from.
  for (const volume of volumes) {
    const origin = originOf.get(volume.restoredFrom ?? '');
    if (origin === undefined) continue;
    depths.set(volume.id, (depths.get(origin.id) ?? 0) + 1);
    const own = classes.get(volume.storageClass);
    const reasons = whyImpossible(volume, own, origin, classes.get(origin.storageClass));
    if (reasons.length > 0) {
      found.push(
        planFinding('restore-impossible', {
          key: volume.id,
          object: `volume ${volume.name}`,
          cause: `Volume ${volume.name} cannot be restored from a VolumeSnapshot of ${origin.name}: ${reasons.join('; ')}.`,
        }),
      );
    }
  }
  return [...found, ...copies(volumes, depths, classes, input.options.sampleWindows > 0)];
}

function whyImpossible(
  volume: PlannedVolume,
  own: StorageClass | undefined,
  origin: PlannedVolume,
  from: StorageClass | undefined,
): readonly string[] {
  if (own === undefined || from === undefined) return [];
  const groups = [own, from].map(each => each.restoreGroup ?? each.name);
  return [
    ...(volume.sizeBytes < origin.sizeBytes
      ? [`it has ${volume.sizeBytes} bytes, the VolumeSnapshot ${origin.sizeBytes}`]
      : []),
    ...(own.restoresExactSize === true && volume.sizeBytes > origin.sizeBytes
      ? [
          `class ${own.name} restores to exactly the size of the VolumeSnapshot, ${origin.sizeBytes} bytes, not to ${volume.sizeBytes}`,
        ]
      : []),
    ...(groups[0] === groups[1]
      ? []
      : [`class ${own.name} is of ${groups[0] ?? ''}, the VolumeSnapshot of ${groups[1] ?? ''}`]),
    ...(own.volumeMode === from.volumeMode
      ? []
      : [
          `class ${own.name} makes ${own.volumeMode ?? 'other'} volumes, the VolumeSnapshot is of a ${from.volumeMode ?? 'other'} volume`,
        ]),
  ];
}

/** Restores of restores: a sample of a branch stands one deeper than the branch. */
function copies(
  volumes: readonly PlannedVolume[],
  depths: ReadonlyMap<string, number>,
  classes: ReadonlyMap<string, StorageClass>,
  sampled: boolean,
): readonly Finding[] {
  const deep = new Map<string, PlannedVolume[]>();
  for (const volume of volumes) {
    const limit = classes.get(volume.storageClass)?.restoresWithoutCopy;
    const depth = depths.get(volume.id) ?? 0;
    if (limit === undefined || depth + (sampled && depth > 0 ? 1 : 0) <= limit.depth) continue;
    deep.set(volume.storageClass, [...(deep.get(volume.storageClass) ?? []), volume]);
  }
  return [...deep].map(([storageClass, group]) =>
    planFinding('restore-copies', {
      key: storageClass,
      object: `storage class ${storageClass}`,
      cause: `${classes.get(storageClass)?.restoresWithoutCopy?.why ?? ''}. Here restores stand on restores: ${group.map(({ name }) => name).join(', ')}.`,
    }),
  );
}
