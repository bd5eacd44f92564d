/** getSources, getVms, getWorkers, getPlace: where things are. */
import type { PlaceView, SourceView, VmView, WorkerView } from '@vm-migrate/api';
import { toEngineError } from '../errors';
import { scopeSql } from '../store/migration-scope';
import { countByState } from '../store/migration-summaries';
import { migrations } from '../store/migrations';
import { places, workers } from '../store/places';
import type { PlaceRow } from '../store/store';
import type { Operation, OperationContext } from './operation';
import { countView } from './status';
import { errorView } from './step-view';

export const getSources: Operation<'getSources', SourceView[]> = async context => {
  const rows = await places(context.database, 'source');
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

export const getVms: Operation<'getVms', VmView[]> = async (context, { source }) => {
  const known = await migrations(context.database, { scope: context.access.read });
  const found: VmView[] = [];
  for (const row of await places(context.database, 'source')) {
    if (source !== undefined && row.name !== source) continue;
    const opened = await context.openSource(row).catch(() => undefined);
    const vms = (await opened?.listVms().catch(() => [])) ?? [];
    for (const vm of vms) {
      const migration = known.find(
        candidate => candidate.sourceName === row.name && candidate.vmId === vm.id,
      );
      found.push({
        source: row.name,
        id: vm.id,
        name: vm.name,
        location: vm.location,
        migration: migration === undefined ? null : { id: migration.id, state: migration.state },
        error: vm.error ?? null,
      });
    }
  }
  return found;
};

export const getWorkers: Operation<'getWorkers', WorkerView[]> = async context => {
  const params: unknown[] = [];
  const steps = await context.database.query<{ owner: string; count: number }>(
    `select s.lease_owner as owner, count(*) as count
       from vm_migrate.step s join vm_migrate.migration m on m.id = s.migration_id
      where s.state = 'running' and ${scopeSql(context.access.read, 'm', params)} group by 1`,
    params,
  );
  return (await workers(context.database)).map(worker => ({
    id: worker.id,
    surface: worker.surface,
    host: worker.host,
    pid: worker.pid,
    version: worker.version,
    sources: worker.serves.sources ?? [],
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
    sources: (await places(database, 'source')).map(row => row.name),
    targets: (await places(database, 'target')).map(row => row.name),
    workers: (await workers(database)).length,
    migrations: counts.byState,
  };
};
