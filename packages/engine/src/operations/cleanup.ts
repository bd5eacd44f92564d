/** cleanup: lists, and only when asked removes, objects on a target that no migration needs; forgets old records. */
import type { CleanupView } from '@vm-migrate/api';
import { probeRuns } from '../steps/prove-class';
import type { Tx } from '../store/database';
import type { StepKey } from '../store/steps';
import { findPlace, places } from '../store/places';
import type { Target } from '../targets/target';
import type { Operation, OperationContext } from './operation';
import { removeObject } from './remove-object';

interface Orphan {
  readonly kind: 'volume' | 'volume-snapshot';
  readonly name: string;
  readonly why: string;
}

export const cleanup: Operation<'cleanup', CleanupView> = async (
  context,
  { target, remove, recordsOlderThanMs },
) => {
  const rows =
    target === undefined
      ? await places(context.database, 'target')
      : [await findPlace(context.database, 'target', target)];
  const orphans: (Orphan & { removed: boolean })[] = [];
  let foreign = 0;
  for (const row of rows) {
    if (row === undefined) continue;
    const opened = await context.openTarget(row);
    const found = await orphansOf(context, opened);
    foreign += found.foreign;
    for (const orphan of found.orphans) {
      if (remove === true) await removeObject(opened, orphan.kind, orphan.name, context.storeId);
      orphans.push({ ...orphan, removed: remove === true });
    }
  }
  const recordsRemoved =
    recordsOlderThanMs === undefined || remove !== true
      ? 0
      : await forget(context.database, recordsOlderThanMs);
  return { orphans, foreign, recordsRemoved };
};

async function orphansOf(
  context: OperationContext,
  target: Target,
): Promise<{ orphans: Orphan[]; foreign: number }> {
  const { volumes, volumeSnapshots } = await target.inventory();
  const wanted = await wantedNames(context.database);
  const busy = await busyIds(context.database);
  const objects = [
    ...volumes.map(volume => ({
      kind: 'volume' as const,
      name: volume.name,
      storeId: volume.mark.storeId,
      migrationId: volume.mark.migrationId,
    })),
    ...volumeSnapshots.map(cut => ({
      kind: 'volume-snapshot' as const,
      name: cut.name,
      storeId: cut.spec.storeId,
      migrationId: cut.spec.migrationId,
    })),
  ];
  const orphans: Orphan[] = [];
  const known = await migrationIds(context.database);
  // A migration whose records were forgotten, or that was not recovered yet, may have left the only
  // copy of a history: of what this database does not know it says nothing.
  const isForeign = ({ storeId, migrationId }: { storeId: string; migrationId: string }) =>
    storeId !== context.storeId || (MIGRATION_ID.test(migrationId) && !known.has(migrationId));
  for (const object of objects) {
    if (isForeign(object) || wanted.has(`${object.kind}/${object.name}`)) continue;
    // Temporary volumes of a migration under way belong to a step that runs.
    if (busy.has(object.migrationId)) continue;
    orphans.push({
      kind: object.kind,
      name: object.name,
      why: `no migration needs it (made by ${object.migrationId})`,
    });
  }
  return { orphans, foreign: objects.filter(isForeign).length };
}

/** Marks of probes carry other ids. */
const MIGRATION_ID = /^m-/;

async function migrationIds(tx: Tx): Promise<Set<string>> {
  const rows = await tx.query<{ id: string }>('select id from vm_migrate.migration');
  return new Set(rows.map(row => row.id));
}

/** Marks of migrations under way, and of the probes of classes that they have under way. */
async function busyIds(tx: Tx): Promise<Set<string>> {
  const open = await tx.query<{ id: string }>(
    `select id from vm_migrate.migration where state in ('running', 'paused', 'failed')`,
  );
  const probes = await tx.query<StepKey & { fence: number }>(
    `select migration_id as "migrationId", step_id as "stepId", fence from vm_migrate.step where kind = 'proveClass' and state not in ('done', 'canceled')`,
  );
  return new Set([
    ...open.map(row => row.id),
    ...probes.map(probe => probeRuns(probe, probe.fence).runId),
  ]);
}

/** Every object that a migration which was not given up has made or will make. */
async function wantedNames(tx: Tx): Promise<Set<string>> {
  const rows = await tx.query<{ name: string }>(
    `select 'volume/' || v.base_name || case when v.generation > 1 then '-g' || v.generation else '' end as name
       from vm_migrate.volume v join vm_migrate.migration m on m.id = v.migration_id
      where v.removed_at is null and (m.state <> 'canceled' or m.cancel_choice = 'keep-all')
     union all
     select 'volume-snapshot/' || s.name from vm_migrate.volume_snapshot s join vm_migrate.migration m on m.id = s.migration_id
      where s.state <> 'removed' and (m.state <> 'canceled' or m.cancel_choice in ('keep-all', 'keep-snapshots'))`,
  );
  return new Set(rows.map(row => row.name));
}

/** Records of migrations that ended long ago. Their volumes and VolumeSnapshots stay, and carry their own history. */
async function forget(tx: Tx, olderThanMs: number): Promise<number> {
  const rows = await tx.query(
    `with gone as (
       delete from vm_migrate.migration where state in ('migrated', 'canceled') and finished_at < now() - $1 * interval '1 millisecond' returning id)
     , events as (delete from vm_migrate.event e using gone g where e.migration_id = g.id)
     select id from gone`,
    [olderThanMs],
  );
  return rows.length;
}
