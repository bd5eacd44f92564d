/** Layers with their flags, VMware snapshots, volumes and VolumeSnapshots of a migration. */
import { EngineError } from '../errors';
import type { Receipt } from '../mover/mover';
import { columns } from './columns';
import type { Tx } from './database';
import { unblockAll } from './steps';
import type { LayerRow, Proof, SnapshotRow, VolumeRow, VolumeSnapshotRow } from './store';

const LAYER = columns(
  'l',
  `migration_id layer_id disk_id disk_label parent_id ordinal file format size_bytes data_bytes zero_bytes manifest_digest flag reason
   receipt migrated_at gone_at_source`,
);
const SNAPSHOT = columns(
  's',
  'migration_id snapshot_id parent_id ordinal name description created_at_us quiesced kept merged_into ready_at',
);
const VOLUME = columns(
  'v',
  'migration_id volume_id disk_id role base_name generation storage_class size_bytes restored_from content_layer_id made_at removed_at',
);
const VOLUME_SNAPSHOT = columns(
  'v',
  `migration_id volume_snapshot_id name volume_id disk_id layer_id purpose snapshot_id state state_size_bytes handle state_digest
   volume_digest table_sha256 proof proof_detail ready_at proved_at`,
);

export async function layersOf(tx: Tx, migrationId: string): Promise<LayerRow[]> {
  return tx.query<LayerRow>(
    `select ${LAYER} from vm_migrate.layer l where l.migration_id = $1 order by l.ordinal`,
    [migrationId],
  );
}

export async function snapshotsOf(tx: Tx, migrationId: string): Promise<SnapshotRow[]> {
  return tx.query<SnapshotRow>(
    `select ${SNAPSHOT} from vm_migrate.vmware_snapshot s where s.migration_id = $1 order by s.ordinal`,
    [migrationId],
  );
}

export async function volumesOf(tx: Tx, migrationId: string): Promise<VolumeRow[]> {
  return tx.query<VolumeRow>(
    `select ${VOLUME} from vm_migrate.volume v where v.migration_id = $1 order by v.volume_id`,
    [migrationId],
  );
}

export async function volumeSnapshotsOf(tx: Tx, migrationId: string): Promise<VolumeSnapshotRow[]> {
  return tx.query<VolumeSnapshotRow>(
    `select ${VOLUME_SNAPSHOT} from vm_migrate.volume_snapshot v where v.migration_id = $1 order by v.volume_snapshot_id`,
    [migrationId],
  );
}

/** @throws EngineError NOT_FOUND */
export async function getVolume(tx: Tx, migrationId: string, volumeId: string): Promise<VolumeRow> {
  const rows = await tx.query<VolumeRow>(
    `select ${VOLUME} from vm_migrate.volume v where v.migration_id = $1 and v.volume_id = $2`,
    [migrationId, volumeId],
  );
  return found(rows[0], `volume ${volumeId}`);
}

/** @throws EngineError NOT_FOUND */
export async function getLayer(tx: Tx, migrationId: string, layerId: string): Promise<LayerRow> {
  const rows = await tx.query<LayerRow>(
    `select ${LAYER} from vm_migrate.layer l where l.migration_id = $1 and l.layer_id = $2`,
    [migrationId, layerId],
  );
  return found(rows[0], `layer ${layerId}`);
}

/** @throws EngineError NOT_FOUND */
export async function getVolumeSnapshot(
  tx: Tx,
  migrationId: string,
  id: string,
): Promise<VolumeSnapshotRow> {
  const rows = await tx.query<VolumeSnapshotRow>(
    `select ${VOLUME_SNAPSHOT} from vm_migrate.volume_snapshot v where v.migration_id = $1 and v.volume_snapshot_id = $2`,
    [migrationId, id],
  );
  return found(rows[0], `VolumeSnapshot ${id}`);
}

/** The flag: bytes on the volume, flushed, digests equal; the receipt says so. */
export async function setMigrated(
  tx: Tx,
  migrationId: string,
  layerId: string,
  volumeId: string,
  receipt: Receipt,
): Promise<void> {
  await tx.query(
    `update vm_migrate.layer set flag = 'migrated', receipt = $3, migrated_at = now() where migration_id = $1 and layer_id = $2`,
    [migrationId, layerId, receipt],
  );
  await tx.query(
    'update vm_migrate.volume set content_layer_id = $3 where migration_id = $1 and volume_id = $2',
    [migrationId, volumeId, layerId],
  );
}

export async function setVolumeMade(
  tx: Tx,
  volume: VolumeRow,
  contentLayerId: string | null,
): Promise<void> {
  await tx.query(
    `update vm_migrate.volume set made_at = now(), content_layer_id = $4
      where migration_id = $1 and volume_id = $2 and generation = $3`,
    [volume.migrationId, volume.volumeId, volume.generation, contentLayerId],
  );
}

export async function setVolumeRemoved(
  tx: Tx,
  migrationId: string,
  volumeId: string,
): Promise<void> {
  await tx.query(
    'update vm_migrate.volume set removed_at = now() where migration_id = $1 and volume_id = $2',
    [migrationId, volumeId],
  );
}

/** Marks it ready and, with the last of its disks, the VMware snapshot. One that was only asked for again keeps its proof. */
export async function setVolumeSnapshotReady(
  tx: Tx,
  row: VolumeSnapshotRow,
  facts: {
    handle: string;
    stateDigest: string;
    volumeDigest: string | null;
    tableSha256: string | null;
  },
): Promise<void> {
  await tx.query(
    `update vm_migrate.volume_snapshot set state = 'ready', handle = $3, state_digest = $4, volume_digest = $5, table_sha256 = $6,
            proof = coalesce(proof, 'volume'), ready_at = coalesce(ready_at, now()) where migration_id = $1 and volume_snapshot_id = $2`,
    [
      row.migrationId,
      row.volumeSnapshotId,
      facts.handle,
      facts.stateDigest,
      facts.volumeDigest,
      facts.tableSha256,
    ],
  );
  if (row.snapshotId === null) return;
  // The row lock makes the last of several disks see the others' VolumeSnapshots.
  await tx.query(
    'select 1 from vm_migrate.vmware_snapshot where migration_id = $1 and snapshot_id = $2 for no key update',
    [row.migrationId, row.snapshotId],
  );
  await tx.query(
    `update vm_migrate.vmware_snapshot s set ready_at = now()
      where s.migration_id = $1 and s.snapshot_id = $2 and s.ready_at is null
        and not exists (select 1 from vm_migrate.volume_snapshot v
                         where v.migration_id = $1 and v.snapshot_id = $2 and v.state <> 'ready')`,
    [row.migrationId, row.snapshotId],
  );
}

export async function setProof(
  tx: Tx,
  migrationId: string,
  id: string,
  proof: Proof,
  detail: Record<string, unknown>,
): Promise<void> {
  await tx.query(
    `update vm_migrate.volume_snapshot set proof = case when proof = 'full' then proof else $3 end, proof_detail = $4, proved_at = now()
      where migration_id = $1 and volume_snapshot_id = $2`,
    [migrationId, id, proof, detail],
  );
}

export async function setVolumeSnapshotRemoved(
  tx: Tx,
  migrationId: string,
  id: string,
): Promise<void> {
  await tx.query(
    `update vm_migrate.volume_snapshot set state = 'removed' where migration_id = $1 and volume_snapshot_id = $2`,
    [migrationId, id],
  );
}

/**
 * The volume's next generation starts from the newest ready VolumeSnapshot that was cut from it at or
 * under the layer `needed` (absent: from none of them), else from `origin`, what the plan starts it
 * from (null: empty). Every layer applied after that cut needs migration again, its steps and those
 * behind them are open again. Returns the ids of those layers.
 */
export async function replaceVolume(
  tx: Tx,
  volume: VolumeRow,
  origin: string | null,
  needed: string | undefined,
): Promise<{ again: string[] }> {
  const { migrationId, volumeId, generation } = volume;
  const [cut] = await tx.query<{ id: string; layerId: string }>(
    `select v.volume_snapshot_id as id, v.layer_id as "layerId"
       from vm_migrate.volume_snapshot v join vm_migrate.layer l on l.migration_id = v.migration_id and l.layer_id = v.layer_id
      where v.migration_id = $1 and v.volume_id = $2 and v.state = 'ready'
        and l.ordinal <= (select n.ordinal from vm_migrate.layer n where n.migration_id = $1 and n.layer_id = $3)
      order by l.ordinal desc, v.volume_snapshot_id limit 1`,
    [migrationId, volumeId, needed ?? null],
  );
  const replaced = await tx.query(
    `update vm_migrate.volume set generation = generation + 1, made_at = null, removed_at = null, restored_from = $4, content_layer_id = null
      where migration_id = $1 and volume_id = $2 and generation = $3 returning 1`,
    [migrationId, volumeId, generation, cut?.id ?? origin],
  );
  if (replaced.length === 0)
    throw new EngineError('STORE_CONFLICT', { where: { object: `volume ${volumeId}` } });
  const again = await tx.query<{ layerId: string }>(
    `update vm_migrate.layer l set flag = 'needs migration', receipt = null, migrated_at = null
       from vm_migrate.step s
      where l.migration_id = $1 and s.migration_id = $1 and s.kind = 'applyLayer' and s.volume_id = $2 and s.layer_id = l.layer_id
        and l.flag = 'migrated' and l.ordinal > coalesce((select c.ordinal from vm_migrate.layer c
                                                            where c.migration_id = $1 and c.layer_id = $3), -1)
     returning l.layer_id as "layerId"`,
    [migrationId, volumeId, cut?.layerId ?? null],
  );
  // Windows are of one generation.
  await tx.query(
    `delete from vm_migrate.copied_window w using vm_migrate.step s
      where w.migration_id = $1 and s.migration_id = $1 and s.step_id = w.step_id and s.volume_id = $2 and s.kind = 'applyLayer'
        and (s.state <> 'done' or s.layer_id = any ($3))`,
    [migrationId, volumeId, again.map(row => row.layerId)],
  );
  if (again.length > 0)
    await rearm(
      tx,
      migrationId,
      again.map(row => row.layerId),
    );
  return { again: again.map(row => row.layerId) };
}

/**
 * The applyLayer steps of these layers are open again, and what hangs on them. Cuts that were taken
 * are asked for once more, which finds them; branches that were restored from them and checks of
 * them stay done, because a VolumeSnapshot never changes.
 */
async function rearm(tx: Tx, migrationId: string, layerIds: readonly string[]): Promise<void> {
  await tx.query(
    `with recursive undone (step_id) as (
       select step_id from vm_migrate.step where migration_id = $1 and kind = 'applyLayer' and layer_id = any ($2)
       union
       select a.step_id from vm_migrate.step_after a join undone u on a.after_id = u.step_id
         join vm_migrate.step s on s.migration_id = a.migration_id and s.step_id = a.step_id
        where a.migration_id = $1 and not (s.state = 'done' and s.kind in ('restoreVolume', 'sampleSnapshot', 'verifySnapshot')))
     update vm_migrate.step s
        set state = 'blocked', lease_owner = null, lease_until = null, reason = null, reason_since = null, error = null, finished_at = null, result = null
      where s.migration_id = $1 and s.state <> 'canceled' and s.step_id in (select step_id from undone)`,
    [migrationId, layerIds],
  );
  await unblockAll(tx, migrationId);
}

/** Layers at the end of a disk that changed since they were written: they are written again. */
export async function reopenLayers(
  tx: Tx,
  migrationId: string,
  layerIds: readonly string[],
): Promise<void> {
  if (layerIds.length === 0) return;
  await tx.query(
    `update vm_migrate.layer set flag = 'needs migration', receipt = null, migrated_at = null where migration_id = $1 and layer_id = any ($2)`,
    [migrationId, layerIds],
  );
  await rearm(tx, migrationId, layerIds);
}

/** A VolumeSnapshot that the store counted on is gone: it is to be taken again before `volume` is restored from it. */
export async function loseVolumeSnapshot(
  tx: Tx,
  volume: VolumeRow,
  cutId: string,
  origin: string | null,
): Promise<void> {
  const { migrationId, volumeId } = volume;
  await tx.query(
    `update vm_migrate.volume_snapshot set state = 'planned', handle = null, ready_at = null, proof = null, proof_detail = null, proved_at = null
      where migration_id = $1 and volume_snapshot_id = $2`,
    [migrationId, cutId],
  );
  await tx.query(
    `update vm_migrate.vmware_snapshot s set ready_at = null from vm_migrate.volume_snapshot v
      where v.migration_id = $1 and v.volume_snapshot_id = $2 and s.migration_id = $1 and s.snapshot_id = v.snapshot_id`,
    [migrationId, cutId],
  );
  // What was read was the lost one. They are free again when it was taken.
  await tx.query(
    `update vm_migrate.step set state = 'blocked', finished_at = null, result = null
      where migration_id = $1 and volume_snapshot_id = $2 and kind in ('sampleSnapshot', 'verifySnapshot') and state in ('ready', 'queued', 'done')`,
    [migrationId, cutId],
  );
  const [cut] = await tx.query<{ volumeId: string; layerId: string }>(
    `select volume_id as "volumeId", layer_id as "layerId" from vm_migrate.volume_snapshot where migration_id = $1 and volume_snapshot_id = $2`,
    [migrationId, cutId],
  );
  // Of the volume itself: an older state will do. Of another one: nothing is restored before it is there.
  if (cut?.volumeId === volumeId) {
    await replaceVolume(tx, volume, origin, cut.layerId);
    return;
  }
  await tx.query(
    `update vm_migrate.step set state = 'blocked', lease_owner = null, lease_until = null, finished_at = null, result = null
      where migration_id = $1 and ((kind in ('takeSnapshot', 'awaitSnapshot') and volume_snapshot_id = $2)
         or (volume_id = $3 and (kind = 'restoreVolume' or (kind = 'applyLayer' and state in ('ready', 'queued', 'waiting', 'running')))))`,
    [migrationId, cutId, volumeId],
  );
  await unblockAll(tx, migrationId);
}

function found<T>(row: T | undefined, object: string): T {
  if (row === undefined) throw new EngineError('NOT_FOUND', { where: { object } });
  return row;
}
