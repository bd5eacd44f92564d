/** cancel: give a migration up, with an explicit choice of what happens to the objects on the target. */
import type { MigrationView } from '@vm-migrate/api';
import { EngineError } from '../errors';
import { addEvent } from '../store/events';
import { findPlace } from '../store/places';
import { getMigration, setWanted, settleMigration } from '../store/migrations';
import { setVolumeRemoved, setVolumeSnapshotRemoved } from '../store/objects';
import { volumeName } from '../store/store';
import { isPending } from '../targets/target';
import { migrationView, readMigration, type MigrationRecord } from './migration-record';
import type { Operation, OperationContext } from './operation';

/** How long running steps may take to let go before cancel says that it goes on without them. */
const LET_GO_MS = 30_000;

export const cancel: Operation<'cancel', MigrationView> = async (context, { migration, objects }) => {
  const row = await getMigration(context.database, migration);
  if (row.state === 'migrated') {
    throw new EngineError('STATE_REFUSED', {
      where: { object: `migration ${migration}` },
      found: 'it is migrated',
      hint: 'Its volumes and VolumeSnapshots are yours now; remove them on the target if you do not want them.',
    });
  }
  await context.database.transaction(tx => setWanted(tx, migration, 'cancel', context.actor, objects));
  await untilLetGo(context, migration);
  await removeObjects(context, await readMigration(context.database, migration), objects);
  await context.database.transaction(async tx => {
    await tx.query(`update vm_migrate.step set state = 'canceled', lease_owner = null where migration_id = $1 and state not in ('done', 'canceled')`, [migration]);
    await settleMigration(tx, migration);
  });
  return migrationView(await readMigration(context.database, migration));
};

/** Running steps give their movers up at the next heartbeat; nothing is removed under a writer. */
async function untilLetGo(context: OperationContext, migration: string): Promise<void> {
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
        hint: `Ask again: kubectl vm-migrate cancel ${migration}`,
        retry: 'later',
      });
    }
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

async function removeObjects(context: OperationContext, record: MigrationRecord, choice: 'keep-all' | 'keep-snapshots' | 'remove-all'): Promise<void> {
  if (choice === 'keep-all') return;
  const place = await findPlace(context.database, 'target', record.row.targetName);
  if (place === undefined) throw new EngineError('NOT_FOUND', { where: { object: `target ${record.row.targetName}` } });
  const target = await context.openTarget(place);
  const gone = async (kind: 'volume' | 'volume-snapshot', name: string) => {
    for (;;) {
      const answer = await target.remove(kind, name, context.storeId);
      if (!answer || !isPending(answer)) return;
      await new Promise(resolve => setTimeout(resolve, answer.retryMs));
    }
  };
  let removed = 0;
  if (choice === 'remove-all') {
    for (const cut of record.cuts.filter(candidate => candidate.state !== 'removed')) {
      await gone('volume-snapshot', cut.name);
      await setVolumeSnapshotRemoved(context.database, record.row.id, cut.volumeSnapshotId);
      removed += 1;
    }
  }
  for (const volume of record.volumes) {
    for (let generation = 1; generation <= volume.generation; generation++) await gone('volume', volumeName({ ...volume, generation }));
    await setVolumeRemoved(context.database, record.row.id, volume.volumeId);
    removed += 1;
  }
  await addEvent(context.database, {
    migrationId: record.row.id,
    kind: 'objects-removed',
    actor: context.actor,
    message: `${removed} objects removed from ${record.row.targetName} (${choice})`,
  });
}
