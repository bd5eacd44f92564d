/** cancel: give a migration up, with an explicit choice of what happens to the objects on the target. */
import {
  isRemoved,
  type CancelChoice,
  type MigrationView,
  type OperationInput,
} from '@vm-migrate/api';
import { EngineError } from '../errors';
import type { Tx } from '../store/database';
import { addEvent } from '../store/events';
import { findPlace } from '../store/places';
import { lockMigration } from '../store/migrations';
import { settleMigration } from '../store/settle-migration';
import { setWanted } from '../store/wishes';
import { setVolumeRemoved, setVolumeSnapshotRemoved } from '../store/objects';
import { probeRuns } from '../steps/prove-class';
import { volumeName, type StepRow } from '../store/store';
import type { Target } from '../targets/target';
import { readMigration, readMigrationView, type MigrationRecord } from './migration-record';
import type { Operation, OperationContext } from './operation';
import { removeObject } from './remove-object';

/** How long running steps may take to let go before cancel says that it goes on without them. */
const LET_GO_MS = 30_000;

export const cancel: Operation<'cancel', MigrationView> = async (context, input) => {
  // Not a transaction: what is removed takes its time.
  const holder = await context.database.dedicated();
  try {
    const [lock] = await holder.query<{ got: boolean }>(
      'select pg_try_advisory_lock($1, hashtext($2)) as got',
      [CANCEL_LOCK, input.migration],
    );
    if (lock?.got !== true) throw underWay(input.migration);
    await cancelAlone(context, input);
  } finally {
    await holder.close();
  }
  return readMigrationView(context.database, input.migration);
};

/** Session-level advisory lock, one for each migration: two that cancel it may have chosen differently. */
const CANCEL_LOCK = 0x766d_6d33;

async function cancelAlone(
  context: OperationContext,
  { migration, objects }: OperationInput<'cancel'>,
): Promise<void> {
  const ended = await context.database.transaction(async tx => {
    const { state } = await lockMigration(tx, migration);
    if (state === 'migrated') throw alreadyMigrated(migration);
    if (state !== 'canceled' && (await isOnlyChecked(tx, migration))) {
      if (objects !== 'keep-all')
        throw alreadyMigrated(
          migration,
          `To end its checks and keep all: kubectl vm-migrate cancel ${migration} --keep-all`,
        );
      await cancelChecks(tx, migration, context.actor);
      return 'checks';
    }
    await setWanted(tx, migration, 'cancel', context.actor, objects);
    return 'migration';
  });
  if (ended === 'migration') await untilLetGo(context, migration, objects);
  await removeObjects(context, await readMigration(context.database, migration), objects);
  if (ended === 'checks') return;
  await context.database.transaction(async tx => {
    await tx.query(
      `update vm_migrate.step set state = 'canceled', lease_owner = null where migration_id = $1 and state not in ('done', 'canceled')`,
      [migration],
    );
    await settleMigration(tx, migration);
  });
}

function underWay(migration: string): EngineError {
  return new EngineError('STATE_REFUSED', {
    where: { object: `migration ${migration}` },
    found: 'another cancel of it is under way',
    hint: `Wait for its end: kubectl vm-migrate status ${migration}`,
    retry: 'later',
  });
}

/** All is migrated, and what is open reads it once more (`verify`). */
async function isOnlyChecked(tx: Tx, migration: string): Promise<boolean> {
  const open = await tx.query(
    `select 1 from vm_migrate.step where migration_id = $1 and kind <> 'verifySnapshot' and state <> 'done' limit 1`,
    [migration],
  );
  return open.length === 0;
}

/** Also those that could not be made; one that found a difference stays failed. What they read through goes with the objects. */
async function cancelChecks(tx: Tx, migration: string, actor: string): Promise<void> {
  const canceled = await tx.query(
    `update vm_migrate.step set state = 'canceled', lease_owner = null, lease_until = null
      where migration_id = $1 and kind = 'verifySnapshot' and state not in ('done', 'canceled')
        and (state <> 'failed' or coalesce(error->>'code', '') <> 'VERIFY_MISMATCH') returning 1`,
    [migration],
  );
  await addEvent(tx, {
    migrationId: migration,
    kind: 'checks-canceled',
    actor,
    message: `${canceled.length} checks of VolumeSnapshots canceled by ${actor}; all stays as it was migrated`,
  });
  await settleMigration(tx, migration);
}

function alreadyMigrated(
  migration: string,
  hint = 'Its volumes and VolumeSnapshots are yours now; remove them on the target if you do not want them.',
): EngineError {
  return new EngineError('STATE_REFUSED', {
    where: { object: `migration ${migration}` },
    found: 'it is migrated',
    hint,
  });
}

/** Running steps give their movers up at the next heartbeat; nothing is removed under a writer. */
async function untilLetGo(
  context: OperationContext,
  migration: string,
  choice: CancelChoice,
): Promise<void> {
  const until = Date.now() + LET_GO_MS;
  for (;;) {
    const [row] = await context.database.query<{ running: number }>(
      `select count(*) as running from vm_migrate.step where migration_id = $1 and state = 'running' and lease_until > now()`,
      [migration],
    );
    if (row?.running === 0) return;
    if (Date.now() > until) {
      throw new EngineError('TIMED_OUT', {
        where: { object: `migration ${migration}` },
        expected: 'its running steps to let go',
        found: `${row?.running ?? '?'} still running`,
        hint: `Ask again: kubectl vm-migrate cancel ${migration} --${choice}`,
        retry: 'later',
      });
    }
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

async function removeObjects(
  context: OperationContext,
  record: MigrationRecord,
  choice: CancelChoice,
): Promise<void> {
  const place = await findPlace(context.database, 'target', record.row.targetName);
  if (place === undefined)
    throw new EngineError('NOT_FOUND', { where: { object: `target ${record.row.targetName}` } });
  const target = await context.openTarget(place);
  // Volumes of checks, replaced generations and probes carry their migration's mark as well.
  const ids = new Set([
    record.row.id,
    ...record.steps.filter(step => step.kind === 'proveClass').flatMap(probesOf),
  ]);
  const ownObjects = async () =>
    (await objectsOf(target)).filter(
      ({ storeId, migrationId }) => storeId === context.storeId && ids.has(migrationId),
    );
  const there = new Set((await ownObjects()).map(({ kind, name }) => `${kind}/${name}`));
  let removed = 0;
  const remove = async (kind: ObjectKind, name: string) => {
    // Given up before, the VM may have been migrated anew under the same names.
    const isGone = await untilGone(target, kind, name, context.storeId, ids);
    if (isGone && there.delete(`${kind}/${name}`)) removed += 1;
  };
  const cuts = record.cuts.filter(
    cut =>
      cut.state !== 'removed' &&
      isRemoved({ kind: 'volume-snapshot', purpose: cut.purpose }, choice),
  );
  for (const cut of cuts) {
    await remove('volume-snapshot', cut.name);
    await setVolumeSnapshotRemoved(context.database, record.row.id, cut.volumeSnapshotId);
  }
  const isUnwanted = (role: 'main' | 'branch') =>
    isRemoved({ kind: 'volume', purpose: role }, choice);
  const unwanted = record.volumes.filter(({ role }) => isUnwanted(role));
  // By name as well: what was being made when its worker died is no object yet.
  for (const volume of unwanted) await remove('volume', volumeName(volume));
  const kept = new Set(record.volumes.filter(({ role }) => !isUnwanted(role)).map(volumeName));
  for (const { kind, name, migrationId } of await ownObjects()) {
    const goes = kind === 'volume' ? !kept.has(name) : migrationId !== record.row.id;
    if (goes) await remove(kind, name);
  }
  for (const volume of unwanted)
    await setVolumeRemoved(context.database, record.row.id, volume.volumeId);
  await addEvent(context.database, {
    migrationId: record.row.id,
    kind: 'objects-removed',
    actor: context.actor,
    message: `${removed} objects removed from ${record.row.targetName} (${choice})`,
  });
}

type ObjectKind = 'volume' | 'volume-snapshot';

interface OwnedObject {
  readonly kind: ObjectKind;
  readonly name: string;
  readonly storeId: string;
  readonly migrationId: string;
}

/** What stands on the target, and whose it is. */
async function objectsOf(target: Target): Promise<readonly OwnedObject[]> {
  const { volumes, volumeSnapshots } = await target.inventory();
  const unready = (await target.leftovers?.()) ?? [];
  return [
    ...volumes.map(({ name, mark: { storeId, migrationId } }) => ({
      kind: 'volume' as const,
      name,
      storeId,
      migrationId,
    })),
    ...volumeSnapshots.map(({ name, spec: { storeId, migrationId } }) => ({
      kind: 'volume-snapshot' as const,
      name,
      storeId,
      migrationId,
    })),
    ...unready.flatMap(({ kind, name, storeId = '', migrationId }) =>
      kind === 'volume-snapshot' ? [{ kind, name, storeId, migrationId }] : [],
    ),
  ];
}

function probesOf({ migrationId, stepId, fence }: StepRow): readonly string[] {
  const { runId, earlierRunIds } = probeRuns({ migrationId, stepId }, fence);
  return [runId, ...earlierRunIds];
}

/** False when an object of that name is another store's: it was never ours to give up. */
async function untilGone(
  target: Target,
  kind: ObjectKind,
  name: string,
  storeId: string,
  ofMigrations: ReadonlySet<string>,
): Promise<boolean> {
  try {
    await removeObject(target, kind, name, storeId, ofMigrations);
    return true;
  } catch (error) {
    if (error instanceof EngineError && error.code === 'VOLUME_FOREIGN') return false;
    throw error;
  }
}
