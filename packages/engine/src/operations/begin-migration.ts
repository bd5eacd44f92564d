/** The last thing that accepting a plan does, in the same transaction: its steps are let in, or it stands still until somebody resumes it. */
import type { OperationInput } from '@vm-migrate/api';
import type { Tx } from '../store/database';
import { setWanted, settleMigration } from '../store/migrations';
import type { MigrationState } from '../store/store';
import { admitSteps } from '../worker/admit-steps';

export type Begin = NonNullable<OperationInput<'start'>['begin']>;

export async function beginMigration(
  tx: Tx,
  id: string,
  begin: Begin,
  actor: string,
): Promise<MigrationState> {
  if (begin === 'when-resumed') await setWanted(tx, id, 'pause', actor);
  else await admitSteps(tx);
  return settleMigration(tx, id);
}
