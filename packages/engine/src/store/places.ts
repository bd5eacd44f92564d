/** Sources and targets as named rows, limits, workers, and what the probe of a storage class showed. */
import type { ErrorData } from '../errors';
import { columns } from './columns';
import type { Tx } from './database';
import { scopeSql, type MigrationScope } from './migration-scope';
import type { LimitRow, PlaceRow, WorkerRow } from './store';

const PLACE = columns('p', 'name kind options credential_ref host');

export type PlaceTable = 'source' | 'target';

/** Creates or updates a named source or target. Never carries a secret. */
export async function putPlace(tx: Tx, table: PlaceTable, place: PlaceRow): Promise<void> {
  await tx.query(
    `insert into vm_migrate.${table} (name, kind, options, credential_ref, host) values ($1, $2, $3, $4, $5)
     on conflict (name) do update set kind = $2, options = $3, credential_ref = $4, host = $5, updated_at = now()`,
    [place.name, place.kind, place.options, place.credentialRef, place.host],
  );
}

export async function places(tx: Tx, table: PlaceTable): Promise<PlaceRow[]> {
  return tx.query<PlaceRow>(`select ${PLACE} from vm_migrate.${table} p order by p.name`);
}

export async function findPlace(
  tx: Tx,
  table: PlaceTable,
  name: string,
): Promise<PlaceRow | undefined> {
  const rows = await tx.query<PlaceRow>(
    `select ${PLACE} from vm_migrate.${table} p where p.name = $1`,
    [name],
  );
  return rows[0];
}

export async function storeId(tx: Tx): Promise<string> {
  const rows = await tx.query<{ id: string }>(
    'select store_id::text as id from vm_migrate.store_info',
  );
  return rows[0]?.id ?? '';
}

const LIMIT = columns('l', 'scope max_running bytes_per_second changed_by changed_at');

export async function limits(tx: Tx): Promise<LimitRow[]> {
  return tx.query<LimitRow>(`select ${LIMIT} from vm_migrate.work_limit l order by l.scope`);
}

/** `null` takes a limit away; `undefined` leaves it as it is. */
export async function setLimit(
  tx: Tx,
  scope: string,
  change: { maxRunning?: number | null; bytesPerSecond?: number | null },
  actor: string,
): Promise<void> {
  await tx.query(
    `insert into vm_migrate.work_limit (scope, max_running, bytes_per_second, changed_by) values ($1, $2, $4, $6)
     on conflict (scope) do update set
       max_running = case when $3 then $2 else vm_migrate.work_limit.max_running end,
       bytes_per_second = case when $5 then $4 else vm_migrate.work_limit.bytes_per_second end,
       changed_by = $6, changed_at = now()`,
    [
      scope,
      change.maxRunning ?? null,
      change.maxRunning !== undefined,
      change.bytesPerSecond ?? null,
      change.bytesPerSecond !== undefined,
      actor,
    ],
  );
}

const WORKER = columns('w', 'id pool_id surface host pid version serves started_at heartbeat_at');

export async function beat(
  tx: Tx,
  worker: Omit<WorkerRow, 'startedAt' | 'heartbeatAt'>,
): Promise<void> {
  await tx.query(
    `insert into vm_migrate.worker (id, pool_id, surface, host, pid, version, serves) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (id) do update set pool_id = $2, serves = $7, heartbeat_at = now()`,
    [
      worker.id,
      worker.poolId,
      worker.surface,
      worker.host,
      worker.pid,
      worker.version,
      worker.serves,
    ],
  );
}

export async function workers(tx: Tx): Promise<(WorkerRow & { readonly silentMs: number })[]> {
  return tx.query(
    `select ${WORKER}, (extract(epoch from now() - w.heartbeat_at) * 1000)::int8 as "silentMs"
       from vm_migrate.worker w order by w.started_at`,
  );
}

export async function removeWorker(tx: Tx, id: string): Promise<void> {
  await tx.query('delete from vm_migrate.worker where id = $1', [id]);
}

/** Workers silent for longer than `ms`, removed; their queue pools are returned so that their jobs can be freed. */
export async function takeDeadWorkers(
  tx: Tx,
  ms: number,
): Promise<{ id: string; poolId: string | null }[]> {
  return tx.query(
    `delete from vm_migrate.worker w where w.heartbeat_at < now() - $1 * interval '1 millisecond'
     returning w.id, w.pool_id as "poolId"`,
    [ms],
  );
}

/**
 * Every other worker of this surface is known to be gone: their rows go and their leases end now.
 * Their movers end with them, and until then hold the locks of their volumes.
 */
export async function buryWorkers(
  tx: Tx,
  surface: string,
  survivor: string,
): Promise<{ id: string; poolId: string | null }[]> {
  return tx.query(
    `with gone as (delete from vm_migrate.worker w where w.surface = $1 and w.id <> $2 returning w.id, w.pool_id)
     , freed as (update vm_migrate.step s set lease_until = now() - interval '1 second' from gone g where s.lease_owner = g.id and s.state = 'running')
     select id, pool_id as "poolId" from gone`,
    [surface, survivor],
  );
}

/** Result of a class's probe; the shape is the target's own. */
export interface ClassProofRow<T> {
  readonly provedAt: Date;
  readonly ageMs: number;
  readonly result: T;
}

export async function findClassProof<T>(
  tx: Tx,
  target: string,
  storageClass: string,
): Promise<ClassProofRow<T> | undefined> {
  const rows = await tx.query<ClassProofRow<T>>(
    `select proved_at as "provedAt", (extract(epoch from now() - proved_at) * 1000)::int8 as "ageMs", result
       from vm_migrate.class_proof where target_name = $1 and storage_class = $2`,
    [target, storageClass],
  );
  return rows[0];
}

export interface ProbeFailure {
  readonly target: string;
  readonly storageClass: string;
  readonly failedAt: Date;
  readonly ageMs: number;
  readonly error: ErrorData | null;
}

/** The newest failure of a probe of each class, among the migrations in scope. */
export async function probeFailures(tx: Tx, scope: MigrationScope): Promise<ProbeFailure[]> {
  const params: unknown[] = [];
  return tx.query(
    `select distinct on (1, 2) m.target_name as target, s.storage_class as "storageClass", s.finished_at as "failedAt",
            (extract(epoch from now() - s.finished_at) * 1000)::int8 as "ageMs", s.error
       from vm_migrate.step s join vm_migrate.migration m on m.id = s.migration_id
      where s.kind = 'proveClass' and s.state = 'failed' and ${scopeSql(scope, 'm', params)}
      order by 1, 2, s.finished_at desc`,
    params,
  );
}

export async function putClassProof(
  tx: Tx,
  target: string,
  storageClass: string,
  result: unknown,
): Promise<void> {
  await tx.query(
    `insert into vm_migrate.class_proof (target_name, storage_class, result) values ($1, $2, $3)
     on conflict (target_name, storage_class) do update set result = $3, proved_at = now()`,
    [target, storageClass, result],
  );
}
