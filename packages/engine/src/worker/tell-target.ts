/** What the worker's own events are at the target: news of the step's volume, for people who look there. */
import type { EngineError } from '../errors';
import type { StepContext, StepKind } from '../steps/step';
import { getVolume, getVolumeSnapshot } from '../store/objects';
import { volumeName } from '../store/store';

export function tellDone(context: StepContext, { happened, words }: StepKind): void {
  if (happened === undefined) return;
  tell(context, 'Normal', happened, sentence(words(context.step, context.plan)));
}

export function tellWait(context: StepContext, { words }: StepKind, reason: string): void {
  const what = words(context.step, context.plan);
  tell(context, 'Warning', 'Waiting', `To ${what}, it waits: ${reason}`);
}

/** @param how `retried`: it is tried again by itself */
export function tellFailure(
  context: StepContext,
  error: EngineError,
  how: 'failed' | 'retried',
): void {
  const reason = how === 'failed' ? 'StepFailed' : 'StepPutOff';
  tell(context, 'Warning', reason, error.message);
}

/** In the background; a volume that cannot be named now is not told of. */
function tell(
  context: StepContext,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): void {
  const { target } = context;
  if (target.tell === undefined) return;
  void volumeOf(context).then(
    volume => volume !== undefined && target.tell?.({ volume, type, reason, message }),
    () => undefined,
  );
}

async function volumeOf({ step, database }: StepContext): Promise<string | undefined> {
  const { migrationId, volumeId, volumeSnapshotId } = step;
  const id =
    volumeId ??
    (volumeSnapshotId === null
      ? undefined
      : (await getVolumeSnapshot(database, migrationId, volumeSnapshotId)).volumeId);
  return id === undefined ? undefined : volumeName(await getVolume(database, migrationId, id));
}

function sentence(words: string): string {
  return `Done: ${words}`;
}
