/**
 * Claiming, leasing and ending steps. Every change carries the old state, the owner and the fence in
 * its WHERE: a worker that lost its lease changes no row and learns it from that.
 */
import { EngineError, type ErrorData } from '../errors';
import type { MoverProgress, WindowReport } from '../mover/mover';
import { columns } from './columns';
import type { Tx } from './database';
import type { ProgressRow, StepRow } from './store';

export const STEP_COLUMNS = columns(
  's',
  `migration_id step_id ordinal kind priority weight_bytes storage_class disk_id volume_id layer_id volume_snapshot_id state fence
   attempts lease_owner lease_until reason reason_since error result started_at finished_at`,
);

export interface StepKey {
  readonly migrationId: string;
  readonly stepId: string;
}

/** What a worker holds while it works on a step. */
export interface Claim extends StepKey {
  readonly fence: number;
  readonly owner: string;
}

/**
 * Takes a step that is queued, waiting and due, or whose lease ran out; raises its fence.
 * `undefined` when there is nothing to take: done already, held by a live worker, paused, canceled.
 */
export async function claimStep(
  tx: Tx,
  key: StepKey,
  owner: string,
  leaseMs: number,
): Promise<StepRow | undefined> {
  const rows = await tx.query<StepRow>(
    `update vm_migrate.step s
        set state = 'running', fence = s.fence + 1, lease_owner = $3, lease_until = now() + $4 * interval '1 millisecond',
            started_at = coalesce(s.started_at, now())
       from vm_migrate.migration m
      where s.migration_id = $1 and s.step_id = $2 and m.id = s.migration_id and m.wanted = 'run'
        and (s.state in ('queued', 'waiting') or (s.state = 'running' and s.lease_until < now()))
     returning ${STEP_COLUMNS}`,
    [key.migrationId, key.stepId, owner, leaseMs],
  );
  return rows[0];
}

/**
 * Keeps the leases of these claims alive; returns those that are still held, with what the user wants
 * of them. Only what the worker knows of is renewed: a claim whose answer got lost with a connection
 * would else stay running, attended by nobody, for ever.
 */
export async function renewLeases(
  tx: Tx,
  claims: readonly Claim[],
  leaseMs: number,
): Promise<(StepKey & { fence: number; wanted: string })[]> {
  if (claims.length === 0) return [];
  return tx.query(
    `update vm_migrate.step s set lease_until = now() + $2 * interval '1 millisecond'
       from vm_migrate.migration m, jsonb_to_recordset($1::jsonb) c ("migrationId" text, "stepId" text, fence int8, owner text)
      where s.migration_id = c."migrationId" and s.step_id = c."stepId" and s.fence = c.fence and s.lease_owner = c.owner
        and s.state = 'running' and m.id = s.migration_id
     returning s.migration_id as "migrationId", s.step_id as "stepId", s.fence, m.wanted`,
    [JSON.stringify(claims), leaseMs],
  );
}

/** Steps of dead workers in migrations that nobody wants to run go back, so that they take no room from others. Returns how many. */
export async function releaseExpired(tx: Tx): Promise<number> {
  const rows = await tx.query(
    `update vm_migrate.step s set state = 'ready', lease_owner = null, lease_until = null, reason = null, reason_since = null
       from vm_migrate.migration m
      where m.id = s.migration_id and m.wanted <> 'run' and s.state = 'running' and s.lease_until < now() returning 1`,
  );
  return rows.length;
}

/** Locks the claimed row for this transaction. @throws EngineError STORE_CONFLICT when the claim is no longer held */
export async function holdClaim(tx: Tx, claim: Claim): Promise<void> {
  const rows = await tx.query(
    `select 1 from vm_migrate.step s where s.migration_id = $1 and s.step_id = $2 and s.fence = $3 and s.lease_owner = $4
        and s.state = 'running' for no key update`,
    [claim.migrationId, claim.stepId, claim.fence, claim.owner],
  );
  if (rows.length > 0) return;
  throw new EngineError('STORE_CONFLICT', {
    where: { object: `step ${claim.stepId}` },
    expected: `fence ${claim.fence} held by ${claim.owner}`,
    found: 'a newer claim',
  });
}

/** Ends a claimed step well. Call holdClaim first, in the same transaction. */
export async function endStep(
  tx: Tx,
  claim: Claim,
  result: Readonly<Record<string, unknown>>,
): Promise<void> {
  await tx.query(
    `update vm_migrate.step set state = 'done', result = $3, error = null, reason = null, reason_since = null, lease_owner = null,
            lease_until = null, finished_at = now() where migration_id = $1 and step_id = $2`,
    [claim.migrationId, claim.stepId, result],
  );
}

/** Gives a claimed step back, to be tried again not before `ms` from now, saying what it waits for. */
export async function putOff(
  tx: Tx,
  claim: Claim,
  ms: number,
  reason: string,
  error?: ErrorData,
): Promise<void> {
  await tx.query(
    `update vm_migrate.step set state = 'waiting', lease_owner = null, lease_until = null,
            not_before = now() + $3 * interval '1 millisecond',
            reason_since = case when reason is distinct from $4 then now() else reason_since end, reason = $4, error = $5,
            attempts = attempts + case when $5::jsonb is null then 0 else 1 end
      where migration_id = $1 and step_id = $2`,
    [claim.migrationId, claim.stepId, ms, reason, error ?? null],
  );
}

/** Failures in a row, since the last progress. */
export async function attemptsOf(tx: Tx, key: StepKey): Promise<number> {
  const rows = await tx.query<{ attempts: number }>(
    'select attempts from vm_migrate.step where migration_id = $1 and step_id = $2',
    [key.migrationId, key.stepId],
  );
  return rows[0]?.attempts ?? 0;
}

/** Keeps the claim and says what goes on; of a claim that was lost meanwhile, nothing. */
export async function noteReason(tx: Tx, claim: Claim, reason: string): Promise<void> {
  await tx.query(
    `update vm_migrate.step set reason = $3, reason_since = case when reason is distinct from $3 then now() else reason_since end
      where migration_id = $1 and step_id = $2 and fence = $4 and lease_owner = $5 and reason is distinct from $3`,
    [claim.migrationId, claim.stepId, reason, claim.fence, claim.owner],
  );
}

export async function failStep(tx: Tx, claim: Claim, error: ErrorData): Promise<void> {
  await tx.query(
    `update vm_migrate.step set state = 'failed', error = $3, reason = null, reason_since = null, lease_owner = null, lease_until = null,
            attempts = attempts + 1, finished_at = now() where migration_id = $1 and step_id = $2`,
    [claim.migrationId, claim.stepId, error],
  );
}

/** Gives a claimed step back without a word: its migration was paused or canceled, or the worker goes. */
export async function releaseStep(tx: Tx, claim: Claim): Promise<void> {
  await tx.query(
    `update vm_migrate.step set state = 'ready', lease_owner = null, lease_until = null, reason = null, reason_since = null
      where migration_id = $1 and step_id = $2`,
    [claim.migrationId, claim.stepId],
  );
}

/**
 * Condition on a step `s`: all its predecessors are done. A scalar subquery on purpose: it runs per
 * step over its own few edges, whatever the planner thinks of the tables' sizes.
 */
export const PREDECESSORS_DONE = `coalesce((
  select bool_and(p.state = 'done') from vm_migrate.step_after a
    join vm_migrate.step p on p.migration_id = a.migration_id and p.step_id = a.after_id
   where a.migration_id = s.migration_id and a.step_id = s.step_id), true)`;

/**
 * Steps whose last predecessor has just ended become ready. The children are locked by a statement
 * of its own first: of two predecessors that end at the same moment the second then sees the first.
 */
export async function unblockAfter(tx: Tx, key: StepKey): Promise<void> {
  const children = await tx.query<{ stepId: string }>(
    `select s.step_id as "stepId" from vm_migrate.step_after a
       join vm_migrate.step s on s.migration_id = a.migration_id and s.step_id = a.step_id
      where a.migration_id = $1 and a.after_id = $2 and s.state = 'blocked' order by s.step_id for no key update of s`,
    [key.migrationId, key.stepId],
  );
  if (children.length === 0) return;
  await tx.query(
    `update vm_migrate.step s set state = 'ready'
      where s.migration_id = $1 and s.step_id = any ($2) and s.state = 'blocked' and ${PREDECESSORS_DONE}`,
    [key.migrationId, children.map(child => child.stepId)],
  );
}

/** The same for all steps of a migration: after steps were added, reset or adopted. */
export async function unblockAll(tx: Tx, migrationId: string): Promise<void> {
  await tx.query(
    `update vm_migrate.step s set state = 'ready' where s.migration_id = $1 and s.state = 'blocked' and ${PREDECESSORS_DONE}`,
    [migrationId],
  );
}

export async function stepsOf(tx: Tx, migrationId: string): Promise<StepRow[]> {
  return tx.query<StepRow>(
    `select ${STEP_COLUMNS} from vm_migrate.step s where s.migration_id = $1 order by s.ordinal`,
    [migrationId],
  );
}

/** Failed steps become ready again with their attempts forgotten. Returns how many. */
export async function retryFailed(tx: Tx, migrationId: string): Promise<number> {
  const rows = await tx.query(
    `update vm_migrate.step set state = 'ready', attempts = 0, error = null, finished_at = null
      where migration_id = $1 and state = 'failed' returning step_id`,
    [migrationId],
  );
  return rows.length;
}

export async function storeWindows(
  tx: Tx,
  key: StepKey,
  windows: readonly WindowReport[],
): Promise<void> {
  if (windows.length === 0) return;
  await tx.query(
    `insert into vm_migrate.copied_window (migration_id, step_id, window_index, data_bytes, zero_bytes, digest)
     select $1, $2, (w->>'index')::int8, (w->>'dataBytes')::int8, (w->>'zeroBytes')::int8, w->>'digest'
       from jsonb_array_elements($3::jsonb) w
     on conflict (migration_id, step_id, window_index) do update set
       data_bytes = excluded.data_bytes, zero_bytes = excluded.zero_bytes, digest = excluded.digest`,
    [key.migrationId, key.stepId, JSON.stringify(windows)],
  );
  // Failures are counted since the last progress: a copy of days may meet more of them than a step may have in a row.
  await tx.query(
    'update vm_migrate.step set attempts = 0 where migration_id = $1 and step_id = $2 and attempts > 0',
    [key.migrationId, key.stepId],
  );
}

export async function windowsOf(tx: Tx, key: StepKey): Promise<WindowReport[]> {
  return tx.query<WindowReport>(
    `select window_index as "index", data_bytes as "dataBytes", zero_bytes as "zeroBytes", digest from vm_migrate.copied_window
      where migration_id = $1 and step_id = $2 order by window_index`,
    [key.migrationId, key.stepId],
  );
}

/** The volume that held these windows is gone or was replaced. */
export async function forgetWindows(tx: Tx, key: StepKey): Promise<void> {
  await tx.query('delete from vm_migrate.copied_window where migration_id = $1 and step_id = $2', [
    key.migrationId,
    key.stepId,
  ]);
}

export async function putProgress(tx: Tx, claim: Claim, progress: MoverProgress): Promise<void> {
  await tx.query(
    `insert into vm_migrate.step_progress (migration_id, step_id, fence, worker_id, phase, bytes_done, bytes_total, bytes_per_second)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (migration_id, step_id) do update set fence = $3, worker_id = $4, phase = $5, bytes_done = $6, bytes_total = $7,
       bytes_per_second = $8, updated_at = now()
     where vm_migrate.step_progress.fence <= $3`,
    [
      claim.migrationId,
      claim.stepId,
      claim.fence,
      claim.owner,
      progress.phase,
      progress.bytesDone,
      progress.bytesTotal,
      Math.round(progress.bytesPerSecond),
    ],
  );
}

export async function progressOf(tx: Tx, migrationId: string): Promise<ProgressRow[]> {
  return tx.query<ProgressRow>(
    `select ${columns('p', 'step_id fence worker_id phase bytes_done bytes_total bytes_per_second updated_at')}
       from vm_migrate.step_progress p where p.migration_id = $1`,
    [migrationId],
  );
}
