/** A VM's newest migration, if it has one that this person may read. */
import type { EntityVm } from './entity-vm';
import { useOperation } from '../surface/queries';

/** Progress within a layer makes no event. */
const PROGRESS_MS = 2_000;

export function useVmMigration({ id, source }: EntityVm) {
  const query = useOperation(
    'getMigrations',
    { vm: id, source, limit: 1 },
    {
      refetchMs: ([newest]) =>
        newest !== undefined && newest.finishedAt === null ? PROGRESS_MS : undefined,
    },
  );
  return { query, migration: query.data?.[0] };
}
