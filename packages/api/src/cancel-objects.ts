/**
 * What becomes of a migration's objects on the target when it is given up: the rule that the engine
 * goes by, and that every surface shows beforehand.
 */
import type { OperationInput } from './operations';
import type { ObjectView } from './views';

export type CancelChoice = OperationInput<'cancel'>['objects'];

/** `none`: it is not on the target, and will not be made. */
export type ObjectFate = 'removed' | 'kept' | 'none';

/** A working VolumeSnapshot is nobody's snapshot: it goes with the volumes that it is for. */
export function isRemoved(
  { kind, purpose }: Pick<ObjectView, 'kind' | 'purpose'>,
  choice: CancelChoice,
): boolean {
  switch (choice) {
    case 'keep-all':
      return false;
    case 'keep-snapshots':
      return kind === 'volume' || purpose === 'fork';
    case 'remove-all':
      return true;
    default:
      return choice satisfies never;
  }
}

export function fateOf(
  object: Pick<ObjectView, 'kind' | 'purpose' | 'state'>,
  choice: CancelChoice,
): ObjectFate {
  if (object.state === 'planned' || object.state === 'removed') return 'none';
  return isRemoved(object, choice) ? 'removed' : 'kept';
}
