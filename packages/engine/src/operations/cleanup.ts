/**
 * cleanup: lists, and only when asked removes, objects on a target that no migration needs; forgets
 * old records. Of what a target has beside volumes and ready VolumeSnapshots (`leftovers`) the same
 * holds: what a migration under way has made is its own.
 */
import type { CleanupView } from '@vm-migrate/api';
import { probeRuns } from '../steps/prove-class';
import type { Tx } from '../store/database';
import type { StepKey } from '../store/steps';
import { isPending, type Leftover, type Target } from '../targets/target';
import { offeredPlace, offeredPlaces } from './offered-places';
import type { Operation, OperationContext } from './operation';
import { removeObject } from './remove-object';

interface Orphan {
  readonly kind: CleanupView['orphans'][number]['kind'];
  readonly name: string;
  readonly why: string;
  remove(): Promise<void>;
}

export const cleanup: Operation<'cleanup', CleanupView> = async (
  context,
  { target, remove, recordsOlderThanMs },
) => {
  const rows =
    target === undefined
      ? await offeredPlaces(context, 'target')
      : [await offeredPlace(context, 'target', target)];
  const orphans: CleanupView['orphans'][number][] = [];
  let foreign = 0;
  for (const row of rows) {
    if (row === undefined) continue;
    const opened = await context.openTarget(row);
    const found = await orphansOf(context, opened);
    foreign += found.foreign;
    for (const { kind, name, why, remove: takeAway } of found.orphans) {
      if (remove === true) await takeAway();
      orphans.push({ kind, name, why, removed: remove === true });
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
    const { kind, name } = object;
    orphans.push({
      kind,
      name,
      why: `no migration needs it (made by ${object.migrationId})`,
      remove: () => removeObject(target, kind, name, context.storeId),
    });
  }
  let foreign = objects.filter(isForeign).length;
  for (const leftover of (await target.leftovers?.()) ?? []) {
    const { kind, name, migrationId, state } = leftover;
    const storeId = leftover.storeId ?? ownStoreOf(leftover, known, context);
    if (storeId !== context.storeId || (isHistory(kind) && isForeign({ storeId, migrationId })))
      foreign++;
    else if (!busy.has(migrationId) && !wanted.has(`${kind}/${name}`))
      orphans.push({
        kind,
        name,
        why: `no migration needs it (${state}; made by ${migrationId})`,
        remove: () => removeLeftover(target, leftover),
      });
  }
  return { orphans, foreign };
}

/** What may be the only copy of something; pods, and tables without their volume, are none. */
function isHistory(kind: Leftover['kind']): boolean {
  return kind === 'volume-snapshot';
}

/** Marks of probes carry other ids. */
const MIGRATION_ID = /^m-/;

/** A pod that reads only the source names no store: then its migration says whose it is. */
function ownStoreOf(
  { migrationId }: Leftover,
  known: ReadonlySet<string>,
  { storeId }: OperationContext,
): string | undefined {
  return known.has(migrationId) ? storeId : undefined;
}

async function removeLeftover(target: Target, leftover: Leftover): Promise<void> {
  for (;;) {
    const answer = await target.removeLeftover?.(leftover);
    if (!answer || !isPending(answer)) return;
    await new Promise(resolve => setTimeout(resolve, answer.retryMs));
  }
}

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
