/** A migration's own row: accepting a plan, and reading what was accepted. */
import { EngineError } from '../errors';
import type { Plan } from '../plan/plan';
import type { Finding } from '../sources/snapshot-tree';
import { columns } from './columns';
import type { Tx } from './database';
import { addEvent } from './events';
import { filterSql, type MigrationFilter } from './migration-filter';
import { unblockAll } from './steps';
import type { MigrationRow } from './store';

export const MIGRATION_COLUMNS = columns(
  'm',
  'id group_id source_name target_name vm_id vm_name plan_digest wanted cancel_choice state started_by created_at finished_at begins_at entity_ref owner_ref target_namespace',
);

export interface NewMigration {
  readonly id: string;
  readonly groupId?: string;
  readonly plan: Plan;
  readonly accepted: readonly Finding[];
  readonly actor: string;
  /** Of the VM in a catalog, as entity refs. */
  readonly entityRef?: string;
  readonly ownerRef?: string | null;
}

/**
 * Records an accepted plan: the migration, its layers with their flags, VMware snapshots, volumes,
 * VolumeSnapshots and the DAG of steps. Steps without a predecessor are `ready`.
 * @throws EngineError STATE_REFUSED when a migration of this VM to this target is open
 */
export async function insertMigration(
  tx: Tx,
  { id, groupId, plan, accepted, actor, entityRef, ownerRef }: NewMigration,
): Promise<void> {
  const inserted = await tx.query(
    `insert into vm_migrate.migration (id, group_id, source_name, target_name, vm_id, vm_name, plan_digest, plan, started_by,
                                       entity_ref, owner_ref, target_namespace)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
             (select options->>'namespace' from vm_migrate.target where name = $4 and kind = 'kubernetes')) on conflict do nothing returning id`,
    [
      id,
      groupId ?? null,
      plan.vm.source,
      plan.target,
      plan.vm.id,
      plan.vm.name,
      plan.digest,
      plan,
      actor,
      entityRef ?? null,
      ownerRef ?? null,
    ],
  );
  if (inserted.length === 0) {
    throw new EngineError('STATE_REFUSED', {
      where: { object: plan.vm.name },
      found: `an open migration of this VM to ${plan.target}`,
      hint: `See it with: kubectl vm-migrate describe ${plan.vm.name}`,
    });
  }
  await addObjects(tx, id, plan);
  await addSteps(tx, id, plan.steps, 0);
  // Plans of thousands of steps arrive at once; without figures the planner takes the tables for tiny.
  await tx.query('analyze vm_migrate.step, vm_migrate.step_after');
  await acceptFindings(tx, id, accepted, actor);
  await addEvent(tx, {
    migrationId: id,
    kind: 'started',
    actor,
    message: `Migration of ${plan.vm.name} to ${plan.target} accepted${plan.options.moverImage === undefined ? '' : `, with movers of image ${plan.options.moverImage}`}`,
    data: {
      ...(plan.options.moverImage === undefined ? {} : { moverImage: plan.options.moverImage }),
      planDigest: plan.digest,
      acceptedFindings: accepted.map(finding => finding.id),
    },
  });
}

async function acceptFindings(
  tx: Tx,
  id: string,
  accepted: readonly Finding[],
  actor: string,
): Promise<void> {
  await tx.query(
    `insert into vm_migrate.accepted_finding (migration_id, finding_id, finding, accepted_by)
     select $1, f->>'id', f, $3 from jsonb_array_elements($2::jsonb) f on conflict do nothing`,
    [id, JSON.stringify(accepted), actor],
  );
}

/**
 * Opens a migrated migration again under a longer plan.
 * @throws EngineError STORE_CONFLICT when it is not migrated any more
 */
export async function reopenMigration(
  tx: Tx,
  id: string,
  plan: Plan,
  accepted: readonly Finding[],
  actor: string,
): Promise<void> {
  const rows = await tx.query(
    `update vm_migrate.migration set plan = $2, plan_digest = $3, state = 'running', wanted = 'run', finished_at = null
      where id = $1 and state = 'migrated' returning id`,
    [id, plan, plan.digest],
  );
  if (rows.length === 0)
    throw new EngineError('STORE_CONFLICT', {
      where: { object: `migration ${id}` },
      retry: 'later',
    });
  await acceptFindings(tx, id, accepted, actor);
}

/**
 * Writes down the plan's layers, snapshots, volumes and VolumeSnapshots. Of those that are there already
 * only what a longer history may change is renewed: a layer that was not migrated, a snapshot's place.
 */
export async function addObjects(tx: Tx, id: string, plan: Plan): Promise<void> {
  const labels = new Map(plan.disks.map(disk => [disk.id, disk.label]));
  const layers = plan.layers.map((layer, ordinal) => ({
    ...layer,
    ordinal,
    diskLabel: labels.get(layer.diskId) ?? layer.diskId,
    flag: layer.flag === 'needs-migration' ? 'needs migration' : 'not wanted',
    dataBytes: layer.ownBytes.data,
    zeroBytes: layer.ownBytes.zero,
  }));
  await tx.query(
    `insert into vm_migrate.layer (migration_id, layer_id, disk_id, disk_label, parent_id, ordinal, file, format, size_bytes,
                                   data_bytes, zero_bytes, manifest, manifest_digest, flag, reason)
     select $1, l->>'id', l->>'diskId', l->>'diskLabel', l->>'parentId', (l->>'ordinal')::int, l->>'file', l->>'format',
            (l->>'sizeBytes')::int8, (l->>'dataBytes')::int8, (l->>'zeroBytes')::int8, l->'manifest', l->>'manifestDigest',
            l->>'flag', l->>'reason'
       from jsonb_array_elements($2::jsonb) l
     on conflict (migration_id, layer_id) do update set
       ordinal = excluded.ordinal, data_bytes = excluded.data_bytes, zero_bytes = excluded.zero_bytes, size_bytes = excluded.size_bytes,
       manifest = excluded.manifest, manifest_digest = excluded.manifest_digest, reason = excluded.reason,
       flag = case when vm_migrate.layer.flag = 'migrated' then 'migrated' else excluded.flag end`,
    [id, JSON.stringify(layers)],
  );
  await tx.query(
    `insert into vm_migrate.vmware_snapshot (migration_id, snapshot_id, parent_id, ordinal, name, description, created_at_us,
                                             quiesced, kept, merged_into)
     select $1, s->>'id', s->>'parentId', (ord - 1)::int, s->>'name', s->>'description', (s->>'createdAtUs')::int8,
            (s->>'quiesced')::boolean, (s->>'kept')::boolean, s->>'mergedInto'
       from jsonb_array_elements($2::jsonb) with ordinality as t (s, ord)
     on conflict (migration_id, snapshot_id) do update set
       ordinal = excluded.ordinal, kept = excluded.kept, merged_into = excluded.merged_into`,
    [id, JSON.stringify(plan.snapshots)],
  );
  await tx.query(
    `insert into vm_migrate.volume (migration_id, volume_id, disk_id, role, base_name, storage_class, size_bytes, restored_from)
     select $1, v->>'id', v->>'diskId', v->>'role', v->>'name', v->>'storageClass', (v->>'sizeBytes')::int8, v->>'restoredFrom'
       from jsonb_array_elements($2::jsonb) v on conflict do nothing`,
    [id, JSON.stringify(plan.volumes)],
  );
  await tx.query(
    `insert into vm_migrate.volume_snapshot (migration_id, volume_snapshot_id, name, volume_id, disk_id, layer_id, purpose,
                                             snapshot_id, state_size_bytes)
     select $1, v->>'id', v->>'name', v->>'volumeId', v->>'diskId', v->>'layerId', v->>'purpose', v->>'snapshotId',
            (v->>'stateSizeBytes')::int8
       from jsonb_array_elements($2::jsonb) v on conflict (migration_id, volume_snapshot_id) do nothing`,
    [id, JSON.stringify(plan.volumeSnapshots)],
  );
}

/** Adds steps to a migration's DAG; their predecessors exist or are among them. Done predecessors count as done. */
export async function addSteps(
  tx: Tx,
  id: string,
  steps: Plan['steps'],
  firstOrdinal: number,
): Promise<void> {
  const json = JSON.stringify(steps);
  await tx.query(
    `insert into vm_migrate.step (migration_id, step_id, ordinal, kind, priority, weight_bytes, storage_class, disk_id,
                                  volume_id, layer_id, volume_snapshot_id, state)
     select $1, s->>'id', $3::int + (ord - 1)::int, s->>'kind', (s->>'priority')::int, (s->>'weightBytes')::int8,
            s->>'storageClass', s->>'diskId', s->>'volumeId', s->>'layerId', s->>'volumeSnapshotId', 'blocked'
       from jsonb_array_elements($2::jsonb) with ordinality as t (s, ord)`,
    [id, json, firstOrdinal],
  );
  await tx.query(
    `insert into vm_migrate.step_after (migration_id, step_id, after_id)
     select $1, s->>'id', a from jsonb_array_elements($2::jsonb) s, jsonb_array_elements_text(s->'after') a`,
    [id, json],
  );
  await unblockAll(tx, id);
}

/** Newest first. */
export async function migrations(tx: Tx, filter: MigrationFilter = {}): Promise<MigrationRow[]> {
  const params: unknown[] = [];
  return tx.query<MigrationRow>(
    `select ${MIGRATION_COLUMNS} from vm_migrate.migration m where ${filterSql(filter, 'm', params)}
      order by m.created_at desc, m.id`,
    params,
  );
}

export interface Page {
  /** All when absent. */
  readonly limit?: number;
  readonly offset?: number;
}

/**
 * A page of all rows that migrations have in a table of theirs, as its migrations in the order of
 * lists: those that it reaches into, and how many rows the ones before them have.
 */
export async function migrationsOfPage(
  tx: Tx,
  table: 'layer' | 'vmware_snapshot',
  filter: MigrationFilter,
  { limit, offset = 0 }: Page,
): Promise<readonly { readonly id: string; readonly before: number }[]> {
  const params: unknown[] = [limit ?? null, offset];
  return tx.query<{ id: string; before: number }>(
    `select id, before::int4 as before
       from (select m.id, count(*) as own,
                    sum(count(*)) over (order by m.created_at desc, m.id) - count(*) as before
               from vm_migrate.migration m join vm_migrate.${table} r on r.migration_id = m.id
              where ${filterSql(filter, 'm', params)} group by m.id, m.created_at) counted
      where before + own > $2 and ($1::int8 is null or before < $2::int8 + $1::int8)
      order by before`,
    params,
  );
}

/** @throws EngineError NOT_FOUND */
export async function getMigration(tx: Tx, id: string): Promise<MigrationRow> {
  const [row] = await migrations(tx, { id });
  if (row === undefined) throw noSuchMigration(id);
  return row;
}

/**
 * As it is, and stays until this transaction ends: nobody settles, pauses or cancels it meanwhile.
 * Before anything else that this transaction locks of the migration.
 * @throws EngineError NOT_FOUND
 */
export async function lockMigration(tx: Tx, id: string): Promise<MigrationRow> {
  await tx.query('select 1 from vm_migrate.migration where id = $1 for no key update', [id]);
  return getMigration(tx, id);
}

/** The same words for an id that nobody has and for one that is hidden from whoever asks. */
export function noSuchMigration(id: string): EngineError {
  return new EngineError('NOT_FOUND', {
    where: { object: `migration ${id}` },
    hint: 'List them with: kubectl vm-migrate get migrations',
  });
}

/**
 * What the catalog says now of a VM: written to all of its migrations, whose readers may change by
 * it. Answers how many changed; each of them has an event.
 */
export async function setEntity(
  tx: Tx,
  vm: { readonly source: string; readonly id: string },
  { entityRef, ownerRef }: { readonly entityRef: string | null; readonly ownerRef: string | null },
  actor: string,
): Promise<number> {
  const rows = await tx.query<{ id: string }>(
    `update vm_migrate.migration set entity_ref = $3, owner_ref = $4
      where source_name = $1 and vm_id = $2 and (entity_ref is distinct from $3 or owner_ref is distinct from $4)
     returning id`,
    [vm.source, vm.id, entityRef, ownerRef],
  );
  for (const { id } of rows)
    await addEvent(tx, {
      migrationId: id,
      kind: 'entity',
      actor,
      message: `The catalog has the VM as ${entityRef ?? 'nothing'}, owned by ${ownerRef ?? 'nobody'}`,
      data: { entityRef, ownerRef },
    });
  return rows.length;
}

export async function planOf(tx: Tx, id: string): Promise<Plan> {
  const rows = await tx.query<{ plan: Plan }>(
    'select plan from vm_migrate.migration where id = $1',
    [id],
  );
  const plan = rows[0]?.plan;
  if (plan === undefined)
    throw new EngineError('NOT_FOUND', { where: { object: `migration ${id}` } });
  return plan;
}

export async function plansOf(tx: Tx, ids: readonly string[]): Promise<ReadonlyMap<string, Plan>> {
  const rows = await tx.query<{ id: string; plan: Plan }>(
    'select id, plan from vm_migrate.migration where id = any ($1)',
    [ids],
  );
  return new Map(rows.map(({ id, plan }) => [id, plan]));
}

export async function planDigestOf(tx: Tx, id: string): Promise<string | undefined> {
  const rows = await tx.query<{ digest: string }>(
    'select plan_digest as digest from vm_migrate.migration where id = $1',
    [id],
  );
  return rows[0]?.digest;
}

export async function acceptedFindings(
  tx: Tx,
  id: string,
): Promise<{ findingId: string; finding: Finding; acceptedBy: string; acceptedAt: Date }[]> {
  return tx.query(
    `select ${columns('f', 'finding_id finding accepted_by accepted_at')} from vm_migrate.accepted_finding f
      where f.migration_id = $1 order by f.finding_id`,
    [id],
  );
}
