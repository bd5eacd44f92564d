/** pause, resume, retry, verify, setLimit: wishes that workers see within a heartbeat. */
import type { LimitView, MigrationView, VerifyView } from '@vm-migrate/api';
import { EngineError } from '../errors';
import type { PlannedStep } from '../plan/plan';
import type { Tx } from '../store/database';
import { addEvent } from '../store/events';
import { addSteps, lockMigration } from '../store/migrations';
import { settleMigration } from '../store/settle-migration';
import { setWanted } from '../store/wishes';
import { limits, setLimit as storeLimit } from '../store/places';
import { retryFailed, stepsOf } from '../store/steps';
import type { MigrationRow, VolumeSnapshotRow } from '../store/store';
import { admitSteps } from '../worker/admit-steps';
import { canceledAgain } from './cancel-again';
import { readMigration, readMigrationView, type MigrationRecord } from './migration-record';
import type { Operation, OperationContext } from './operation';

export const pause: Operation<'pause', MigrationView> = async (context, { migration }) => {
  await context.database.transaction(async tx => {
    await assertOpen(tx, migration);
    await setWanted(tx, migration, 'pause', context.actor);
  });
  return view(context, migration);
};

export const resume: Operation<'resume', MigrationView> = async (context, { migration }) => {
  await context.database.transaction(async tx => {
    await assertOpen(tx, migration);
    await setWanted(tx, migration, 'run', context.actor);
    await admitSteps(tx);
  });
  return view(context, migration);
};

export const retry: Operation<'retry', MigrationView> = async (context, { migration }) => {
  await context.database.transaction(async tx => {
    assertNotCanceling(await lockMigration(tx, migration));
    const count = await retryFailed(tx, migration);
    if (count === 0) return;
    await addEvent(tx, {
      migrationId: migration,
      kind: 'retried',
      actor: context.actor,
      message: `${count} failed steps are tried again`,
    });
    // A migration that had ended with a failed check is open again.
    await tx.query(
      `update vm_migrate.migration set state = 'running', finished_at = null where id = $1 and state = 'failed'`,
      [migration],
    );
    await settleMigration(tx, migration);
    await admitSteps(tx);
  });
  return view(context, migration);
};

/** Adds one verifySnapshot step for each ready VolumeSnapshot, to be read whole through a restore. */
export const verify: Operation<'verify', VerifyView> = async (
  context,
  { migration, snapshots },
) => {
  const record = await readMigration(context.database, migration);
  const wanted = record.cuts.filter(
    cut =>
      cut.state === 'ready' &&
      cut.purpose !== 'fork' &&
      (snapshots === undefined || (cut.snapshotId !== null && snapshots.includes(cut.snapshotId))),
  );
  if (wanted.length === 0) {
    throw new EngineError('STATE_REFUSED', {
      where: { object: `migration ${migration}` },
      expected: 'a VolumeSnapshot that is ready',
      found: 'none',
      hint: `See how far it is with: kubectl vm-migrate status ${migration}`,
    });
  }
  await context.database.transaction(async tx => {
    const row = await lockMigration(tx, migration);
    assertNotCanceling(row);
    if (row.state === 'canceled') throw refused(row, 'it is canceled');
    const known = await stepsOf(tx, migration);
    const round = known.filter(({ kind }) => kind === 'verifySnapshot').length + 1;
    const steps = wanted.map((cut): PlannedStep => {
      const volume = record.volumes.find(candidate => candidate.volumeId === cut.volumeId);
      return {
        id: `verify-${round}:${cut.volumeSnapshotId}`,
        kind: 'verifySnapshot',
        after: [],
        priority: 20,
        diskId: cut.diskId,
        volumeSnapshotId: cut.volumeSnapshotId,
        storageClass: volume?.storageClass ?? '',
        // At the source and in the restore.
        weightBytes: 2 * dataOfState(record, cut),
      };
    });
    await tx.query(
      `update vm_migrate.migration set state = 'running', finished_at = null, wanted = 'run' where id = $1 and state = 'migrated'`,
      [migration],
    );
    await addSteps(tx, migration, steps, known.length);
    await addEvent(tx, {
      migrationId: migration,
      kind: 'verify',
      actor: context.actor,
      message: `${steps.length} VolumeSnapshots are read whole`,
    });
    await admitSteps(tx);
  });
  return { migration, steps: wanted.length };
};

/** What there is to read of a state: holes are not read. More than that where layers hide each other's data. */
function dataOfState({ layers }: MigrationRecord, cut: VolumeSnapshotRow): number {
  const byId = new Map(layers.map(layer => [layer.layerId, layer]));
  let bytes = 0;
  for (let layer = byId.get(cut.layerId); layer !== undefined;) {
    bytes += layer.dataBytes;
    layer = layer.parentId === null ? undefined : byId.get(layer.parentId);
  }
  return Math.min(bytes, cut.stateSizeBytes);
}

export const getLimits: Operation<'getLimits', LimitView[]> = async context =>
  (await limits(context.database)).map(limit => ({
    ...limit,
    changedAt: limit.changedAt.toISOString(),
  }));

export const setLimit: Operation<'setLimit', LimitView[]> = async (
  context,
  { scope, maxRunning, bytesPerSecond },
) => {
  await context.database.transaction(async tx => {
    await storeLimit(tx, scope, { maxRunning, bytesPerSecond }, context.actor);
    await addEvent(tx, {
      kind: 'limit',
      actor: context.actor,
      message: `Limit ${scope} changed`,
      data: { scope, maxRunning, bytesPerSecond },
    });
    await admitSteps(tx);
  });
  return getLimits(context, {});
};

async function assertOpen(tx: Tx, id: string): Promise<void> {
  const row = await lockMigration(tx, id);
  if (row.state === 'migrated' || row.state === 'canceled')
    throw refused(row, `it is ${row.state}`);
  assertNotCanceling(row);
}

/** Its objects may be going already: nothing of it goes on. */
function assertNotCanceling(row: MigrationRow): void {
  if (row.wanted === 'cancel' && row.state !== 'canceled')
    throw refused(row, 'it is being canceled', canceledAgain(row));
}

function refused({ id }: MigrationRow, found: string, hint?: string): EngineError {
  const where = { object: `migration ${id}` };
  return new EngineError('STATE_REFUSED', {
    where,
    found,
    ...(hint === undefined ? {} : { hint }),
  });
}

async function view(context: OperationContext, id: string): Promise<MigrationView> {
  return readMigrationView(context.database, id);
}
