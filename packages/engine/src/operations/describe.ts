/** describe: everything about one migration, and what a person would do next. */
import type { DescriptionView, EventView } from '@vm-migrate/api';
import { eventsAfter, eventsBefore, latestEvents } from '../store/events';
import { acceptedFindings } from '../store/migrations';
import { volumeName, type EventRow } from '../store/store';
import { diskLabel, readMigration, stepView, type MigrationRecord } from './migration-record';
import type { Operation } from './operation';
import { statusView } from './status';
import { findingView } from './tree';

const EVENTS_SHOWN = 20;

export const describeMigration: Operation<'describe', DescriptionView> = async (
  context,
  { migration },
) => {
  const record = await readMigration(context.database, migration);
  const accepted = new Map(
    (await acceptedFindings(context.database, migration)).map(row => [
      row.findingId,
      row.acceptedBy,
    ]),
  );
  const events = await latestEvents(context.database, migration, EVENTS_SHOWN);
  return {
    migration: statusView(record),
    planDigest: record.row.planDigest,
    steps: record.steps.map(step => stepView(record, step)),
    volumes: record.volumes.map(volume => ({
      name: volumeName(volume),
      disk: diskLabel(record.plan, volume.diskId),
      role: volume.role,
      storageClass: volume.storageClass,
      sizeBytes: volume.sizeBytes,
      state: volume.removedAt !== null ? 'removed' : volume.madeAt !== null ? 'there' : 'planned',
      holds: record.layers.find(layer => layer.layerId === volume.contentLayerId)?.file ?? null,
    })),
    findings: record.plan.findings.map(finding => findingView(finding, accepted.get(finding.id))),
    events: events.map(eventView),
    next: nextCommands(record),
  };
};

export const getEvents: Operation<'getEvents', EventView[]> = async (
  context,
  { migration, after, before, limit = 200 },
) => {
  const filter = { migrationId: migration, limit, scope: context.access.read };
  const rows =
    before === undefined
      ? await eventsAfter(context.database, { ...filter, after })
      : await eventsBefore(context.database, { ...filter, after, before });
  return rows.map(eventView);
};

export function eventView(event: EventRow): EventView {
  return {
    id: event.id,
    at: event.at.toISOString(),
    migration: event.migrationId,
    step: event.stepId,
    level: event.level,
    kind: event.kind,
    actor: event.actor,
    message: event.message,
  };
}

function nextCommands({ row, cuts }: MigrationRecord): { command: string; why: string }[] {
  const id = row.id;
  switch (row.state) {
    case 'running':
      return [
        { command: `kubectl vm-migrate status ${id} --watch`, why: 'watch it' },
        { command: `kubectl vm-migrate pause ${id}`, why: 'stop after the windows in hand' },
      ];
    case 'paused':
      return [{ command: `kubectl vm-migrate resume ${id}`, why: 'go on' }];
    case 'failed':
      return [
        { command: `kubectl vm-migrate logs ${id}`, why: 'see what failed' },
        { command: `kubectl vm-migrate retry ${id}`, why: 'try again when the cause is gone' },
      ];
    case 'migrated':
      return cuts.some(cut => cut.proof !== 'full' && cut.state === 'ready')
        ? [
            {
              command: `kubectl vm-migrate verify ${id} --full`,
              why: 'read every VolumeSnapshot through a restore',
            },
            { command: `kubectl vm-migrate report ${id}`, why: 'what was done, with digests' },
          ]
        : [{ command: `kubectl vm-migrate report ${id}`, why: 'what was done, with digests' }];
    case 'canceled':
      return [{ command: `kubectl vm-migrate cleanup`, why: 'list what is left on the target' }];
  }
}
