/** The state of a migration in words, wherever it is shown. */
import type { MigrationView } from '@vm-migrate/api';

/** What the user asked for and what is may differ for a moment; and what is to run may only wait. */
export function migrationState({
  state,
  wanted,
  waits,
}: Pick<MigrationView, 'state' | 'wanted' | 'waits'>): string {
  if (state !== 'running') return state;
  if (wanted === 'pause') return 'pausing';
  if (wanted === 'cancel') return 'canceling';
  return waits === null ? 'running' : 'running (waits)';
}
