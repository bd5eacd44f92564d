/** getMigrations, countMigrations, getStatus, getLayers, getSnapshots, getObjects: rows for tables, from the store alone. */
import type {
  DiskStatusView,
  LayerView,
  MigrationCountView,
  MigrationView,
  ObjectView,
  OperationInput,
  SnapshotView,
  StatusView,
  StepView,
} from '@vm-migrate/api';
import type { MigrationFilter } from '../store/migration-filter';
import { countByState, migrationSummaries } from '../store/migration-summaries';
import { migrations, migrationsOfPage, type Page } from '../store/migrations';
import { targetObjects } from '../store/target-objects';
import {
  copyProgress,
  migrationView,
  readMigration,
  snapshotView,
  stepView,
  type MigrationRecord,
} from './migration-record';
import type { Operation, OperationContext } from './operation';
import { resolveVm } from './resolve-vm';
import { isoOrNull } from './step-view';
import { waitsOf } from './wait-surroundings';

type Filter = OperationInput<'countMigrations'>;

export const getMigrations: Operation<'getMigrations', MigrationView[]> = async (
  context,
  { limit, offset, sort, ...filter },
) => {
  const found = await storeFilter(context, filter);
  return context.database.transaction(async tx => {
    await tx.query('set transaction isolation level repeatable read, read only');
    const rows = await migrationSummaries(tx, found, { limit, offset, sort });
    const waits = await waitsOf(
      tx,
      rows.filter(({ state }) => state === 'running').map(({ id }) => id),
    );
    return rows.map(row => migrationView({ row, waits: waits.get(row.id) ?? null }));
  });
};

export const countMigrations: Operation<'countMigrations', MigrationCountView> = async (
  context,
  filter,
) => countView(await countByState(context.database, await storeFilter(context, filter)));

export function countView(rows: Awaited<ReturnType<typeof countByState>>): MigrationCountView {
  const byState = { running: 0, paused: 0, failed: 0, migrated: 0, canceled: 0 };
  for (const { state, count } of rows) byState[state] = count;
  return { total: rows.reduce((sum, { count }) => sum + count, 0), byState };
}

export const getStatus: Operation<'getStatus', StatusView[]> = async (
  context,
  { limit, offset = 0, ...filter },
) => {
  const rows = await migrations(context.database, await storeFilter(context, filter));
  const page = rows.slice(offset, limit === undefined ? undefined : offset + limit);
  return (await records(context, page)).map(statusView);
};

export const getSnapshots: Operation<'getSnapshots', SnapshotView[]> = (context, input) =>
  pageOf(context, 'vmware_snapshot', input, record =>
    record.snapshots.map(snapshot => snapshotView(record, snapshot)),
  );

export const getLayers: Operation<'getLayers', LayerView[]> = (context, input) =>
  pageOf(context, 'layer', input, layerViews);

export const getObjects: Operation<'getObjects', ObjectView[]> = async (
  context,
  { migrations: ids, ...filter },
) => {
  const rows = await targetObjects(context.database, {
    ...(await storeFilter(context, filter)),
    ids,
  });
  return rows.map(({ migrationId, vmName, targetName, diskLabel, snapshotName, ...same }) => ({
    migration: migrationId,
    vm: vmName,
    target: targetName,
    disk: diskLabel,
    snapshot: snapshotName,
    ...same,
  }));
};

/** Rows of migrations, read only of those that the page reaches into: all layers of all VMs may be very many. */
async function pageOf<View>(
  context: OperationContext,
  table: 'layer' | 'vmware_snapshot',
  { limit, offset = 0, ...filter }: Filter & Page,
  viewsOf: (record: MigrationRecord) => readonly View[],
): Promise<View[]> {
  const { database } = context;
  const page = { limit, offset };
  const found = await migrationsOfPage(database, table, await storeFilter(context, filter), page);
  const views = (await records(context, found)).flatMap(viewsOf);
  const first = offset - (found[0]?.before ?? 0);
  return views.slice(first, limit === undefined ? undefined : first + limit);
}

async function records(
  { database }: OperationContext,
  rows: readonly { readonly id: string }[],
): Promise<MigrationRecord[]> {
  const found: MigrationRecord[] = [];
  for (const { id } of rows) found.push(await readMigration(database, id));
  return found;
}

/** What the caller may read of it; a VM may be named in any form, also one that is gone from its source. */
async function storeFilter(
  context: OperationContext,
  { migration, vm, group, ...same }: Filter,
): Promise<MigrationFilter> {
  return {
    ...same,
    id: migration,
    vm: vm === undefined ? undefined : await vmIdOrName(context, vm),
    groupId: group,
    scope: context.access.read,
  };
}

async function vmIdOrName(context: OperationContext, reference: string): Promise<string> {
  const known = await migrations(context.database, {
    vm: reference,
    scope: context.access.read,
  });
  if (known.length > 0) return reference;
  const resolved = await resolveVm(context, reference).catch(() => undefined);
  return resolved?.vm.id ?? reference.slice(reference.indexOf('/') + 1);
}

export function statusView(record: MigrationRecord): StatusView {
  const moving = record.steps.filter(step => MOVING.has(step.state));
  const disks = record.plan.disks
    .filter(disk => disk.leftOut === undefined)
    .map((disk): DiskStatusView => {
      const layers = record.layers.filter(
        layer => layer.diskId === disk.id && layer.flag !== 'not wanted',
      );
      return {
        diskId: disk.id,
        label: disk.label,
        rootFile: disk.rootFile,
        layers: {
          total: layers.length,
          migrated: layers.filter(layer => layer.flag === 'migrated').length,
        },
        progress: copyProgress(
          record,
          record.steps.filter(step => step.diskId === disk.id),
        ),
        now: moving.filter(step => step.diskId === disk.id).map(step => stepView(record, step)),
      };
    });
  return {
    ...migrationView(record),
    disks,
    now: moving.filter(step => step.diskId === null).map(step => stepView(record, step)),
  };
}

const MOVING: ReadonlySet<StepView['state']> = new Set([
  'ready',
  'queued',
  'running',
  'waiting',
  'failed',
]);

function layerViews(record: MigrationRecord): LayerView[] {
  return record.layers.map(layer => {
    const step = record.steps.find(
      candidate => candidate.kind === 'applyLayer' && candidate.layerId === layer.layerId,
    );
    const view = step === undefined ? undefined : stepView(record, step);
    return {
      migration: record.row.id,
      vm: record.row.vmName,
      disk: layer.diskLabel,
      id: layer.layerId,
      file: layer.file,
      format: layer.format,
      parentId: layer.parentId,
      sizeBytes: layer.sizeBytes,
      dataBytes: layer.dataBytes,
      zeroBytes: layer.zeroBytes,
      flag: layer.flag,
      reason: layer.reason,
      stepState: view?.state ?? null,
      bytesDone: view?.progress?.bytesDone ?? 0,
      waitsFor: view?.waitsFor ?? null,
      migratedAt: isoOrNull(layer.migratedAt),
      goneAtSource: layer.goneAtSource !== null,
    };
  });
}
