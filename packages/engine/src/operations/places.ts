/** getSources, getVms, getWorkers, getPlace: where things are. */
import type { PlaceView, SourceView, VmView, WorkerView } from '@vm-migrate/api';
import { mapAtOnce } from '../at-once';
import { EngineError, toEngineError } from '../errors';
import type { Source, VmSummary } from '../sources/source';
import { scopeSql } from '../store/migration-scope';
import { countByState } from '../store/migration-summaries';
import { migrations } from '../store/migrations';
import { workers } from '../store/places';
import type { MigrationRow, PlaceRow } from '../store/store';
import { offeredPlaces } from './offered-places';
import type { Operation, OperationContext } from './operation';
import { countView } from './status';
import { errorView } from './step-view';

export const getSources: Operation<'getSources', SourceView[]> = async context => {
  const rows = await offeredPlaces(context, 'source');
  return Promise.all(rows.map(row => sourceView(context, row)));
};

async function sourceView(context: OperationContext, row: PlaceRow): Promise<SourceView> {
  const location = String(row.options['folder'] ?? row.options['url'] ?? '');
  try {
    const vms = await (await context.openSource(row)).listVms();
    return { name: row.name, kind: row.kind, location, vms: vms.length, error: null };
  } catch (error) {
    return {
      name: row.name,
      kind: row.kind,
      location,
      vms: null,
      error: errorView(toEngineError(error).toJSON()),
    };
  }
}

/** Of all sources those that answer; a source that is named answers or says why not. */
export const getVms: Operation<'getVms', VmView[]> = async (
  context,
  { source, with: more = [] },
) => {
  const asked = { countsSnapshots: more.includes('snapshots') };
  const known = await migrations(context.database, { scope: context.access.read });
  const rows = await offeredPlaces(context, 'source');
  if (source === undefined) {
    const found: VmView[] = [];
    for (const row of rows)
      found.push(...(await vmViews(context, row, known, asked).catch(() => [])));
    return found;
  }
  const named = rows.find(({ name }) => name === source);
  if (named !== undefined) return vmViews(context, named, known, asked);
  throw new EngineError('NOT_FOUND', {
    where: { object: `source ${source}` },
    hint: 'List them with: kubectl vm-migrate get sources',
  });
};

/** Lists of snapshots that are read at a time: each is a small file, on a server a request. */
const LISTS_AT_ONCE = 8;

async function vmViews(
  context: OperationContext,
  { name, ...row }: PlaceRow,
  known: readonly MigrationRow[],
  { countsSnapshots }: { readonly countsSnapshots: boolean },
): Promise<VmView[]> {
  const source = await context.openSource({ name, ...row });
  const vms = await source.listVms();
  // The newest comes first.
  const newest = new Map<string, MigrationRow>();
  for (const row of known)
    if (row.sourceName === name && !newest.has(row.vmId)) newest.set(row.vmId, row);
  return mapAtOnce(vms, LISTS_AT_ONCE, view);

  async function view(vm: VmSummary): Promise<VmView> {
    const migration = newest.get(vm.id);
    return {
      source: name,
      id: vm.id,
      name: vm.name,
      location: vm.location,
      snapshots:
        countsSnapshots && vm.error === undefined ? await countedSnapshots(source, vm) : null,
      migration: migration === undefined ? null : { id: migration.id, state: migration.state },
      error: vm.error ?? null,
    };
  }
}

/** A VM that went away since it was listed is listed all the same. */
async function countedSnapshots(source: Source, { id }: VmSummary): Promise<number | null> {
  try {
    return (await source.countSnapshots?.(id)) ?? null;
  } catch (error) {
    if (toEngineError(error).code === 'VM_NOT_FOUND') return null;
    throw error;
  }
}

export const getWorkers: Operation<'getWorkers', WorkerView[]> = async context => {
  const params: unknown[] = [];
  const steps = await context.database.query<{ owner: string; count: number }>(
    `select s.lease_owner as owner, count(*) as count
       from vm_migrate.step s join vm_migrate.migration m on m.id = s.migration_id
      where s.state = 'running' and ${scopeSql(context.access.read, 'm', params)} group by 1`,
    params,
  );
  const offered = new Set((await offeredPlaces(context, 'source')).map(({ name }) => name));
  return (await workers(context.database)).map(worker => ({
    id: worker.id,
    surface: worker.surface,
    host: worker.host,
    pid: worker.pid,
    version: worker.version,
    sources: (worker.serves.sources ?? []).filter(name => offered.has(name)),
    targets: worker.serves.targets ?? [],
    startedAt: worker.startedAt.toISOString(),
    silentMs: worker.silentMs,
    steps: steps.find(row => row.owner === worker.id)?.count ?? 0,
  }));
};

export const getPlace: Operation<'getPlace', PlaceView> = async context => {
  const { database, storeId, databaseName } = context;
  const counts = countView(await countByState(database, { scope: context.access.read }));
  const [schema] = await database
    .query<{ version: number }>('select max(number) as version from vm_migrate.schema_migration')
    .catch(() => []);
  return {
    database: databaseName,
    storeId,
    schemaVersion: schema?.version ?? 0,
    sources: (await offeredPlaces(context, 'source')).map(row => row.name),
    targets: (await offeredPlaces(context, 'target')).map(row => row.name),
    workers: (await workers(database)).length,
    migrations: counts.byState,
  };
};
