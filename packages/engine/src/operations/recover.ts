/**
 * recover: the database was lost, or is older than the target. What stands on the target says what
 * was done: every VolumeSnapshot names its layer, manifest and digests, every volume its mark. The
 * plan is built again, and what fits it is adopted; the rest is copied again.
 */
import type { RecoverView } from '@vm-migrate/api';
import { EngineError } from '../errors';
import type { Receipt } from '../mover/mover';
import type { Plan, PlannedVolume } from '../plan/plan';
import type { Tx } from '../store/database';
import { addEvent } from '../store/events';
import { insertMigration, lockMigration, migrations } from '../store/migrations';
import { settleMigration } from '../store/settle-migration';
import { layersOf, setVolumeSnapshotRemoved, volumeSnapshotsOf, volumesOf } from '../store/objects';
import { unblockAll } from '../store/steps';
import { findPlace } from '../store/places';
import { volumeName, type MigrationRow } from '../store/store';
import type { Inventory, Leftover, VolumeSnapshot } from '../targets/target';
import { admitSteps } from '../worker/admit-steps';
import { canceledAgain } from './cancel-again';
import type { Operation, OperationContext } from './operation';
import { planFor } from './plan-vm';
import { resolveVm } from './resolve-vm';
import { whoIsMissing } from './who-is-missing';

export const recover: Operation<'recover', RecoverView> = async (
  context,
  { vm, options, takeOver, accept },
) => {
  const plan = await planFor(context, await resolveVm(context, vm), options ?? {});
  const place = await findPlace(context.database, 'target', plan.target);
  if (place === undefined)
    throw new EngineError('NOT_FOUND', { where: { object: `target ${plan.target}` } });
  const target = await context.openTarget(place);
  const [before] = await context.database.query<{ at: Date }>('select clock_timestamp() as at');
  const inventory = ofVm(await target.inventory(), plan);
  const unready = unreadyOf((await target.leftovers?.()) ?? [], plan);
  const store = await ownStore(context, inventory, unready, takeOver === true);
  const found = adoptable(plan, inventory, store);
  const id =
    found[0]?.spec.migrationId ??
    inventory.volumes.find(volume => volume.mark.storeId === store)?.mark.migrationId ??
    unready.find(cut => cut.storeId === store)?.migrationId;
  if (id === undefined) {
    throw new EngineError('NOT_FOUND', {
      where: { object: plan.vm.name },
      expected: `volumes or VolumeSnapshots of this VM on ${plan.target}`,
      found: 'none',
      hint: `Nothing is to be recovered. Start with: kubectl vm-migrate start ${vm}`,
    });
  }
  const again = await context.database.transaction(async tx => {
    const [known] = await migrations(tx, { id });
    if (known !== undefined) await assertAtRest(tx, known, before?.at ?? new Date(0));
    else {
      const accepted = plan.findings.filter(finding => (accept ?? []).includes(finding.id));
      await insertMigration(tx, { id, plan, accepted, actor: context.actor });
    }
    const left = await adopt(tx, id, plan, found, inventory);
    await addEvent(tx, {
      migrationId: id,
      kind: 'recovered',
      actor: context.actor,
      message: `Recovered from ${plan.target}: ${found.length} VolumeSnapshots adopted, ${left} layers to copy${notReady(unready)}`,
    });
    await settleMigration(tx, id);
    await admitSteps(tx);
    return left;
  });
  return {
    migration: id,
    adopted: found.length,
    again,
    unready: unready.map(({ name }) => name),
    tookOver: store === context.storeId ? 0 : found.length,
  };
};

/**
 * Nobody works on it or can begin to, and nobody has since the target was looked at: what was seen
 * there is how it is.
 * @throws EngineError STATE_REFUSED
 */
async function assertAtRest(tx: Tx, { id }: MigrationRow, seenAt: Date): Promise<void> {
  const row = await lockMigration(tx, id);
  const moved = await tx.query(
    `select 1 from vm_migrate.step where migration_id = $1
        and ((state = 'running' and lease_until > now()) or (state <> 'running' and finished_at > $2)) limit 1`,
    [id, seenAt],
  );
  if (row.wanted === 'cancel' && row.state !== 'canceled')
    throw new EngineError('STATE_REFUSED', {
      where: { object: `migration ${id}` },
      found: 'it is being canceled',
      hint: canceledAgain(row),
    });
  const isToRun = row.state === 'running' && row.wanted === 'run';
  const isServed = isToRun && (await whoIsMissing(tx, row)) === null;
  if (moved.length === 0 && !isServed) return;
  throw new EngineError('STATE_REFUSED', {
    where: { object: `migration ${id}` },
    expected: 'a migration that stands still',
    found: 'workers that go on with it',
    hint: `Pause it first: kubectl vm-migrate pause ${id}`,
  });
}

function ofVm({ volumes, volumeSnapshots }: Inventory, plan: Plan): Inventory {
  const names = new Set(plan.volumes.map(volume => volume.name));
  return {
    volumes: volumes.filter(volume => names.has(volume.name.replace(/-g\d+$/, ''))),
    volumeSnapshots: volumeSnapshots.filter(cut => cut.spec.origin.vmId === plan.vm.id),
  };
}

/** Cut for this VM and not ready, or refused by their driver: their steps find them, and say what they wait for. */
function unreadyOf(leftovers: readonly Leftover[], plan: Plan): readonly Leftover[] {
  return leftovers.filter(
    ({ kind, spec }) => kind === 'volume-snapshot' && spec?.origin.vmId === plan.vm.id,
  );
}

function notReady(unready: readonly Leftover[]): string {
  if (unready.length === 0) return '';
  return `; not ready are ${unready.map(({ name, state }) => `${name} (${state})`).join(', ')}`;
}

/**
 * A database without any migration takes the store id that the target's objects carry for its own:
 * it is the lost store come back. One with a history of its own never does that.
 */
async function ownStore(
  context: OperationContext,
  inventory: Inventory,
  unready: readonly Leftover[],
  takeOver: boolean,
): Promise<string> {
  const stores = new Set([
    ...inventory.volumes.map(volume => volume.mark.storeId),
    ...inventory.volumeSnapshots.map(cut => cut.spec.storeId),
    ...unready.flatMap(({ storeId }) => (storeId === undefined ? [] : [storeId])),
  ]);
  if (stores.size === 0 || stores.has(context.storeId)) return context.storeId;
  const [other, second] = [...stores];
  const empty = (await migrations(context.database)).length === 0;
  if (other === undefined || second !== undefined || !empty || !takeOver) {
    throw new EngineError('VOLUME_FOREIGN', {
      where: {
        object: inventory.volumes[0]?.name ?? inventory.volumeSnapshots[0]?.name ?? 'target',
      },
      expected: `objects of store ${context.storeId}`,
      found: `objects of ${[...stores].map(store => `store ${store}`).join(' and ')}`,
      hint: empty
        ? 'If that store is lost for good and nobody else uses it, run recover again with --take-over: this empty database then takes its place.'
        : 'This database has migrations of its own. Recover into an empty database.',
    });
  }
  await context.database.query('update vm_migrate.store_info set store_id = $1', [other]);
  return other;
}

/** VolumeSnapshots that are exactly what the plan would cut: name, layer and manifest agree. */
function adoptable(plan: Plan, inventory: Inventory, store: string): VolumeSnapshot[] {
  const layers = new Map(plan.layers.map(layer => [layer.id, layer]));
  return inventory.volumeSnapshots.filter(cut => {
    const planned = plan.volumeSnapshots.find(candidate => candidate.name === cut.name);
    return (
      cut.spec.storeId === store &&
      planned?.layerId === cut.spec.layerId &&
      layers.get(planned.layerId)?.manifestDigest === cut.spec.manifestDigest
    );
  });
}

/** Writes down what was found; returns how many layers are still to be copied. */
async function adopt(
  tx: Tx,
  id: string,
  plan: Plan,
  found: readonly VolumeSnapshot[],
  inventory: Inventory,
): Promise<number> {
  const cutOfLayer = new Map(found.map(cut => [cut.spec.layerId, cut]));
  for (const cut of found) await adoptCut(tx, id, plan, cut);
  const rows = await volumesOf(tx, id);
  for (const volume of plan.volumes) {
    const row = rows.find(candidate => candidate.volumeId === volume.id);
    const generations = inventory.volumes.filter(
      candidate => candidate.name.replace(/-g\d+$/, '') === volume.name,
    );
    const standing = generations.reduce<(typeof generations)[number] | undefined>(
      (newest, candidate) =>
        newest === undefined || candidate.mark.generation > newest.mark.generation
          ? candidate
          : newest,
      undefined,
    );
    const reached = lastReached(
      volume,
      cutOfLayer,
      standing?.mark.phase === 'holds' ? standing.mark.layerId : undefined,
    );
    for (const layerId of volume.layers.slice(0, reached + 1))
      await adoptLayer(tx, id, plan, layerId, cutOfLayer.get(layerId));
    const allDone = reached === volume.layers.length - 1;
    if (standing !== undefined || allDone)
      await setMade(
        tx,
        id,
        volume,
        standing?.mark.generation ?? row?.generation ?? 1,
        volume.layers[reached],
      );
    if (standing === undefined && allDone)
      await tx.query(
        'update vm_migrate.volume set removed_at = now() where migration_id = $1 and volume_id = $2 and role = $3',
        [id, volume.id, 'branch'],
      );
    if (standing !== undefined && row !== undefined && volumeName(row) !== standing.name) {
      await tx.query(
        'update vm_migrate.volume set generation = $3 where migration_id = $1 and volume_id = $2',
        [id, volume.id, standing.mark.generation],
      );
    }
  }
  await settleForks(tx, id, plan);
  await tx.query(
    `update vm_migrate.step set state = 'blocked' where migration_id = $1 and state = 'failed'`,
    [id],
  );
  await unblockAll(tx, id);
  const [left] = await tx.query<{ count: number }>(
    `select count(*) as count from vm_migrate.step where migration_id = $1 and kind = 'applyLayer' and state <> 'done'`,
    [id],
  );
  return left?.count ?? 0;
}

/** A working VolumeSnapshot that is gone was removed when nothing needed it any more: then both sides of its fork stand. */
async function settleForks(tx: Tx, id: string, plan: Plan): Promise<void> {
  const rows = await volumesOf(tx, id);
  const cuts = await volumeSnapshotsOf(tx, id);
  const applied = new Set(
    (await layersOf(tx, id)).filter(layer => layer.flag === 'migrated').map(layer => layer.layerId),
  );
  for (const cut of cuts.filter(
    candidate => candidate.purpose === 'fork' && candidate.state !== 'ready',
  )) {
    const branches = plan.volumes.filter(volume => volume.restoredFrom === cut.volumeSnapshotId);
    const begun = branches.every(branch =>
      rows.some(
        row =>
          row.volumeId === branch.id &&
          row.madeAt !== null &&
          branch.layers.every(layer => applied.has(layer)),
      ),
    );
    const main = plan.volumes.find(volume => volume.id === cut.volumeId);
    if (!begun || main?.layers.every(layer => applied.has(layer)) !== true) continue;
    await setVolumeSnapshotRemoved(tx, id, cut.volumeSnapshotId);
    await tx.query(
      `update vm_migrate.step set state = 'done', finished_at = now()
        where migration_id = $1 and volume_snapshot_id = $2 and kind in ('takeSnapshot', 'awaitSnapshot', 'removeVolumeSnapshot') and state <> 'done'`,
      [id, cut.volumeSnapshotId],
    );
  }
}

/** Index of the last layer on this volume whose state is known to be safe in a VolumeSnapshot; its predecessors lie under it. */
function lastReached(
  volume: PlannedVolume,
  cuts: ReadonlyMap<string, VolumeSnapshot>,
  held: string | undefined,
): number {
  const byCut = volume.layers.findLastIndex(layerId => cuts.has(layerId));
  // A state that only the volume holds has lost its receipt: it is applied again, but what lies under it is there.
  const heldAt = held === undefined ? -1 : volume.layers.indexOf(held);
  return Math.max(byCut, heldAt - 1);
}

async function adoptCut(tx: Tx, id: string, plan: Plan, cut: VolumeSnapshot): Promise<void> {
  const planned = plan.volumeSnapshots.find(candidate => candidate.name === cut.name);
  if (planned === undefined) return;
  await tx.query(
    `update vm_migrate.volume_snapshot set state = 'ready', handle = $3, state_digest = $4, table_sha256 = $5, proof = coalesce(proof, 'volume'),
            ready_at = coalesce(ready_at, now()) where migration_id = $1 and volume_snapshot_id = $2`,
    [id, planned.id, cut.handle, cut.spec.stateDigest, cut.spec.table?.sha256 ?? null],
  );
  await tx.query(
    `update vm_migrate.step set state = 'done', finished_at = now() where migration_id = $1 and kind in ('takeSnapshot', 'awaitSnapshot') and volume_snapshot_id = $2
        and state <> 'done'`,
    [id, planned.id],
  );
  await tx.query(
    `update vm_migrate.vmware_snapshot s set ready_at = coalesce(s.ready_at, now())
      where s.migration_id = $1 and s.snapshot_id = $2
        and not exists (select 1 from vm_migrate.volume_snapshot v where v.migration_id = $1 and v.snapshot_id = $2 and v.state <> 'ready')`,
    [id, planned.snapshotId ?? null],
  );
}

async function adoptLayer(
  tx: Tx,
  id: string,
  plan: Plan,
  layerId: string,
  cut: VolumeSnapshot | undefined,
): Promise<void> {
  const layer = plan.layers.find(candidate => candidate.id === layerId);
  if (layer === undefined) return;
  const at = cut?.createdAt ?? new Date().toISOString();
  const receipt: Receipt = {
    order: 'apply',
    runId: `recovered/${id}/${layerId}`,
    layerId,
    bytes: { ...layer.ownBytes, written: 0, read: 0 },
    windowsDigest: cut?.spec.receiptDigest,
    stateDigest: cut?.spec.stateDigest,
    table: cut?.spec.table,
    startedAt: at,
    finishedAt: at,
    durationMs: 0,
    moverVersion: 'recovered',
  };
  await tx.query(
    `update vm_migrate.layer set flag = 'migrated', receipt = $3, migrated_at = now() where migration_id = $1 and layer_id = $2 and flag <> 'migrated'`,
    [id, layerId, receipt],
  );
  await tx.query(
    `update vm_migrate.step set state = 'done', finished_at = now() where migration_id = $1 and kind = 'applyLayer' and layer_id = $2 and state <> 'done'`,
    [id, layerId],
  );
}

async function setMade(
  tx: Tx,
  id: string,
  volume: PlannedVolume,
  generation: number,
  contentLayerId: string | undefined,
): Promise<void> {
  await tx.query(
    `update vm_migrate.volume set made_at = coalesce(made_at, now()), generation = $3, content_layer_id = $4 where migration_id = $1 and volume_id = $2`,
    [id, volume.id, generation, contentLayerId ?? null],
  );
  await tx.query(
    `update vm_migrate.step set state = 'done', finished_at = now()
      where migration_id = $1 and kind in ('createVolume', 'restoreVolume') and volume_id = $2 and state <> 'done'`,
    [id, volume.id],
  );
}
