/**
 * The last thing that accepting a plan does, in the same transaction: its steps are let in, or it stands
 * still until its time comes or somebody resumes it.
 */
import type { OperationInput } from '@vm-migrate/api';
import { EngineError } from '../errors';
import type { Tx } from '../store/database';
import { settleMigration } from '../store/settle-migration';
import { beginAt, setWanted } from '../store/wishes';
import type { MigrationState } from '../store/store';
import { admitSteps } from '../worker/admit-steps';

/** A time that has passed when a worker looks is now. */
export type Begin = 'now' | 'when-resumed' | { readonly at: Date };

/** @throws EngineError USAGE when both ways to wait are asked for */
export function beginOf({
  begin = 'now',
  beginAt: at,
}: Pick<OperationInput<'start'>, 'begin' | 'beginAt'>): Begin {
  if (at === undefined) return begin;
  if (begin === 'now') return { at: new Date(at) };
  throw new EngineError('USAGE', {
    where: { object: 'beginAt' },
    expected: 'a time, or `when-resumed`',
    found: 'both',
    hint: 'Leave one of them out; `resume` begins a migration before its time as well.',
  });
}

export async function beginMigration(
  tx: Tx,
  id: string,
  begin: Begin,
  actor: string,
): Promise<MigrationState> {
  if (begin === 'now') {
    await admitSteps(tx);
    return settleMigration(tx, id);
  }
  await setWanted(tx, id, 'pause', actor);
  if (begin !== 'when-resumed') await beginAt(tx, id, begin.at, actor);
  return settleMigration(tx, id);
}
