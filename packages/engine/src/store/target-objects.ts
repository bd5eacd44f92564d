/** Volumes and VolumeSnapshots of many migrations as a list names them: no plan and no step is read whole. */
import type { Tx } from './database';
import { filterSql, type MigrationFilter } from './migration-filter';
import { volumeName, type VolumeRow, type VolumeSnapshotRow } from './store';

export interface TargetObjectRow {
  readonly migrationId: string;
  readonly vmName: string;
  readonly targetName: string;
  readonly kind: 'volume' | 'volume-snapshot';
  readonly name: string;
  readonly diskLabel: string;
  readonly purpose: VolumeRow['role'] | VolumeSnapshotRow['purpose'];
  /** Name of the VMware snapshot that it was cut for. */
  readonly snapshotName: string | null;
  readonly state: 'planned' | 'begun' | 'there' | 'removed';
}

/** A worker was at a step of these kinds, whatever came of it: the object may be on the target. */
const begun = (of: string, kinds: string): string =>
  `exists (select 1 from vm_migrate.step s where s.migration_id = m.id and ${of} and s.kind in (${kinds}) and s.fence > 0)`;

/** A migration that is given up marks what it does not want as removed, also what was never there. */
const VOLUME_STATE = `
  case when v.made_at is null and not ${begun('s.volume_id = v.volume_id', `'createVolume', 'restoreVolume'`)} then 'planned'
       when v.removed_at is not null then 'removed' when v.made_at is not null then 'there' else 'begun' end`;
const CUT_STATE = `
  case when c.state = 'ready' then 'there'
       when c.handle is null and not ${begun('s.volume_snapshot_id = c.volume_snapshot_id', `'takeSnapshot', 'awaitSnapshot'`)} then 'planned'
       when c.state = 'removed' then 'removed' else 'begun' end`;

/** Volumes before VolumeSnapshots, each in the order of their layers. */
export async function targetObjects(tx: Tx, filter: MigrationFilter): Promise<TargetObjectRow[]> {
  const params: unknown[] = [];
  const rows = await tx.query<
    Omit<TargetObjectRow, 'name'> & { readonly name: string; readonly generation: number | null }
  >(
    `with m as (select m.id, m.vm_name, m.target_name, m.created_at from vm_migrate.migration m
                 where ${filterSql(filter, 'm', params)})
     select m.id as "migrationId", m.vm_name as "vmName", m.target_name as "targetName", o.kind, o.name, o.generation,
            o.disk_label as "diskLabel", o.purpose, o.snapshot_name as "snapshotName", o.state
       from m,
            lateral (
              select 'volume' as kind, v.base_name as name, v.generation, v.role as purpose, null as snapshot_name,
                     coalesce((select l.disk_label from vm_migrate.layer l
                                where l.migration_id = m.id and l.disk_id = v.disk_id limit 1), v.disk_id) as disk_label,
                     ${VOLUME_STATE} as state,
                     case v.role when 'main' then 0 else 1 end as place
                from vm_migrate.volume v where v.migration_id = m.id
              union all
              select 'volume-snapshot', c.name, null, c.purpose, p.name,
                     coalesce(l.disk_label, c.disk_id),
                     ${CUT_STATE},
                     coalesce(l.ordinal, 0)
                from vm_migrate.volume_snapshot c
                left join vm_migrate.layer l on l.migration_id = c.migration_id and l.layer_id = c.layer_id
                left join vm_migrate.vmware_snapshot p on p.migration_id = c.migration_id and p.snapshot_id = c.snapshot_id
               where c.migration_id = m.id) o
      order by m.created_at desc, m.id, o.kind, o.place, o.name`,
    params,
  );
  return rows.map(({ generation, name, ...row }) => ({
    ...row,
    name: generation === null ? name : volumeName({ baseName: name, generation }),
  }));
}
