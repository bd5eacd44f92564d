/** What a person may do with a migration now; else why not, as a key of the words. */
import type { MigrationView, OperationInput } from '@vm-migrate/backstage-plugin-vm-migrate-common';

export const ACTS = ['pause', 'resume', 'retry', 'verify', 'cancel'] as const;
export type Act = (typeof ACTS)[number];

export type Refusal =
  | 'unknownPermission'
  | 'notAllowed'
  | 'isMigrated'
  | 'isCanceled'
  | 'isPaused'
  | 'isRunning'
  | 'isStopping'
  | 'nothingFailed'
  | 'nothingReady';

export interface ActFacts {
  readonly migration: Pick<MigrationView, 'state' | 'wanted' | 'error' | 'snapshots'>;
  /** Of `migrationControlPermission`; undefined: not answered yet. */
  readonly mayControl: boolean | undefined;
}

/** As the engine decides, so that a button that can be pressed is one that works. */
export function refusalOf(act: Act, { migration, mayControl }: ActFacts): Refusal | undefined {
  if (mayControl === undefined) return 'unknownPermission';
  if (!mayControl) return 'notAllowed';
  const { state, wanted, error, snapshots } = migration;
  if (act === 'verify') return snapshots.ready > 0 ? undefined : 'nothingReady';
  if (state === 'migrated') return 'isMigrated';
  if (state === 'canceled') return 'isCanceled';
  if (wanted === 'cancel' && act !== 'cancel') return 'isStopping';
  switch (act) {
    case 'pause':
      return wanted === 'pause' ? 'isPaused' : undefined;
    case 'resume':
      return wanted === 'pause' ? undefined : 'isRunning';
    case 'retry':
      return error === null ? 'nothingFailed' : undefined;
    case 'cancel':
      return undefined;
  }
}

export type ObjectChoice = OperationInput<'cancel'>['objects'];
export const OBJECT_CHOICES: readonly ObjectChoice[] = ['keep-all', 'keep-snapshots', 'remove-all'];

/** The same at a terminal. `objects`: what to cancel with. */
export function commandOf(act: Act, id: string, objects: ObjectChoice = 'keep-all'): string {
  const program = `kubectl vm-migrate ${act} ${id}`;
  if (act === 'cancel') return `${program} --${objects}`;
  return act === 'verify' ? `${program} --full` : program;
}
