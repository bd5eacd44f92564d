/** Where a migration of a template goes to, held against what is configured: pure. */
import type { TargetClassView, TargetView } from '@vm-migrate/backstage-plugin-vm-migrate-common';

/** What is absent, or empty, is chosen by a rule: the default target, a class by the rules of the target. */
export interface VmPlace {
  readonly target?: string | undefined;
  readonly storageClass?: string | undefined;
}

export type PlaceFault = 'noTargets' | 'noDefault' | 'noSuchTarget' | 'noSuchClass';

export function targetOfPlace(
  { target }: VmPlace,
  targets: readonly TargetView[],
): TargetView | undefined {
  return targets.find(({ name, isDefault }) => (isSaid(target) ? name === target : isDefault));
}

/** The class that a target takes for disks that its own rules say nothing else of; undefined: it guesses none. */
export function classByRule({ classes }: TargetView): TargetClassView | undefined {
  const able = classes.filter(({ snapshots }) => snapshots.how !== 'none');
  return classes.find(({ isDefault }) => isDefault) ?? (able.length === 1 ? able[0] : undefined);
}

/** Why nothing can be migrated there; undefined: nothing is known against it. */
export function faultOfPlace(
  place: VmPlace,
  targets: readonly TargetView[],
): PlaceFault | undefined {
  if (targets.length === 0) return 'noTargets';
  const target = targetOfPlace(place, targets);
  if (target === undefined) return isSaid(place.target) ? 'noSuchTarget' : 'noDefault';
  // Of one that does not answer nobody knows the classes.
  if (target.error !== null || !isSaid(place.storageClass)) return undefined;
  return target.classes.some(({ name }) => name === place.storageClass) ? undefined : 'noSuchClass';
}

function isSaid(name: string | undefined): name is string {
  return name !== undefined && name !== '';
}
