/** start: accept a plan, exactly the one that was shown, and let the workers begin. */
import type { StartedView } from '@vm-migrate/api';
import { randomInt } from 'node:crypto';
import { EngineError } from '../errors';
import type { Plan } from '../plan/plan';
import type { Finding } from '../sources/snapshot-tree';
import { insertMigration, lockMigration, migrations, planOf } from '../store/migrations';
import type { Tx } from '../store/database';
import { inScope } from '../store/migration-scope';
import type { MigrationRow } from '../store/store';
import { beginMigration, beginOf, type Begin } from './begin-migration';
import { assertControl, type VmEntity } from './caller';
import { extendMigration } from './extend-migration';
import type { Operation, OperationContext } from './operation';
import { planFor } from './plan-vm';
import { resolveVm } from './resolve-vm';

export const startMigration: Operation<'start', StartedView> = async (context, input) => {
  const begin = beginOf(input);
  const resolved = await resolveVm(context, input.vm);
  const entity = await context.entityOf?.({ source: resolved.place.name, id: resolved.vm.id });
  const plan = await planFor(context, resolved, input.options ?? {});
  if (input.planDigest !== undefined && input.planDigest !== plan.digest) {
    throw new EngineError('PLAN_CHANGED', {
      where: { object: resolved.vm.name },
      expected: `plan ${input.planDigest}`,
      found: `plan ${plan.digest}`,
      hint: `See it with: kubectl vm-migrate plan ${input.vm}`,
    });
  }
  for (let attempts = 1; ; attempts++) {
    const known = await migrationsOf(context.database, plan);
    const already = await sameMigration(context, plan, known);
    if (already !== undefined) return already;
    const earlier = await migratedBefore(context, plan, known);
    const accepted = acceptedFindings(plan, input.accept ?? []);
    if (earlier !== undefined) {
      if (!inScope(context.access.read, earlier)) throw openAlready(plan);
      await assertControl(context.database, context.access.control, earlier.id, 'start');
    }
    const { groupId } = input;
    try {
      return earlier === undefined
        ? await accept(context, plan, { known, accepted, groupId, entity, begin })
        : await extendMigration(context, earlier.id, plan, { accepted, begin });
    } catch (error) {
      const othersCameFirst = error instanceof EngineError && error.code === 'STORE_CONFLICT';
      if (!othersCameFirst || attempts === MAX_ATTEMPTS) throw error;
    }
  }
};

const MAX_ATTEMPTS = 5;

interface Acceptance {
  /** All that were known of this VM and target when it was decided to start one. */
  readonly known: readonly MigrationRow[];
  readonly accepted: readonly Finding[];
  readonly groupId: string | undefined;
  readonly entity: VmEntity | undefined;
  readonly begin: Begin;
}

/**
 * Records the plan and lets its first steps in, unless it is to stand still, in one transaction.
 * @throws EngineError STORE_CONFLICT when the VM's migrations are not as they were known
 */
async function accept(
  context: OperationContext,
  plan: Plan,
  { known, accepted, groupId, entity, begin }: Acceptance,
): Promise<StartedView> {
  const id = newMigrationId();
  const state = await context.database.transaction(async tx => {
    // Of two that start one VM the second sees the first; one that was open a moment ago may have
    // ended, and its objects have the names of this plan.
    await tx.query('select pg_advisory_xact_lock($1, hashtext($2))', [START_LOCK, vmKey(plan)]);
    for (const { id: other } of known) await lockMigration(tx, other);
    if (essence(await migrationsOf(tx, plan)) !== essence(known))
      throw new EngineError('STORE_CONFLICT', {
        where: { object: plan.vm.name },
        found: 'migrations of this VM that begin or end meanwhile',
        retry: 'later',
      });
    await insertMigration(tx, { id, groupId, plan, accepted, actor: context.actor, ...entity });
    return beginMigration(tx, id, begin, context.actor);
  });
  return {
    migration: id,
    vm: plan.vm.name,
    planDigest: plan.digest,
    outcome: 'started',
    state,
  };
}

/** Transaction-level advisory lock, one for each VM and target. */
const START_LOCK = 0x766d_6d32;

function vmKey({ vm, target }: Plan): string {
  return JSON.stringify([vm.source, vm.id, target]);
}

/** Those of this VM to this target that were not given up. */
async function migrationsOf(tx: Tx, { vm, target }: Plan): Promise<MigrationRow[]> {
  const rows = await migrations(tx, {
    vm: vm.id,
    states: ['running', 'paused', 'failed', 'migrated'],
  });
  return rows.filter(row => row.sourceName === vm.source && row.targetName === target);
}

function essence(rows: readonly MigrationRow[]): string {
  return JSON.stringify(rows.map(({ id, state, planDigest }) => [id, state, planDigest]));
}

/** This very plan is under way or done: nothing to start. */
async function sameMigration(
  context: OperationContext,
  plan: Plan,
  known: readonly MigrationRow[],
): Promise<StartedView | undefined> {
  for (const row of known) {
    const earlier =
      row.planDigest === plan.digest || sameHistory(await planOf(context.database, row.id), plan);
    if (earlier && !inScope(context.access.read, row)) throw openAlready(plan);
    if (earlier)
      return {
        migration: row.id,
        vm: row.vmName,
        planDigest: row.planDigest,
        outcome: 'already',
        state: row.state,
      };
  }
  return undefined;
}

/** Whoever may start a migration of this VM may know that there is one, and no more. */
function openAlready(plan: Plan): EngineError {
  return new EngineError('STATE_REFUSED', {
    where: { object: plan.vm.name },
    found: `a migration of this VM to ${plan.target}, which you may not read`,
    hint: 'Ask whoever decides about permissions in Backstage.',
  });
}

/** A migration that ended and whose objects have the names that this plan would use. */
async function migratedBefore(
  context: OperationContext,
  plan: Plan,
  known: readonly MigrationRow[],
): Promise<MigrationRow | undefined> {
  for (const row of known.filter(({ state }) => state === 'migrated')) {
    const names = new Set(
      (await planOf(context.database, row.id)).volumes.map(volume => volume.name),
    );
    if (plan.volumes.some(volume => names.has(volume.name))) return row;
  }
  return undefined;
}

/** Free space, rates and findings about them may differ; the layers, their bytes and what is kept may not. */
function sameHistory(earlier: Plan, plan: Plan): boolean {
  const historyOf = (of: Plan) =>
    JSON.stringify([
      of.steps.map(step => step.id),
      of.layers.map(layer => layer.manifestDigest),
      of.volumeSnapshots.map(cut => cut.name),
    ]);
  return historyOf(earlier) === historyOf(plan);
}

/** @throws EngineError PLAN_BLOCKED naming every blocking finding that is not accepted */
function acceptedFindings(plan: Plan, ids: readonly string[]): Finding[] {
  const accepted = plan.findings.filter(finding => ids.includes(finding.id) && finding.acceptable);
  const open = plan.findings.filter(
    finding => finding.severity === 'blocks' && !accepted.includes(finding),
  );
  if (open.length === 0) return accepted;
  const acceptable = open.filter(finding => finding.acceptable);
  throw new EngineError('PLAN_BLOCKED', {
    where: { object: plan.vm.name },
    found: someOf(open.map(finding => `${finding.id} (${finding.cause})`)),
    hint:
      acceptable.length === 0
        ? 'Mend them and plan again.'
        : `Mend them, or accept by id: ${acceptable.map(finding => `--accept '${finding.id}'`).join(' ')}`,
  });
}

/** The first few by name, the rest by number: `plan` lists them all. */
function someOf(items: readonly string[]): string {
  const shown = items.slice(0, 5);
  return (
    shown.join('; ') +
    (items.length > shown.length ? `; and ${items.length - shown.length} more` : '')
  );
}

function newMigrationId(): string {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
  return `m-${Array.from({ length: 8 }, () => letters[randomInt(letters.length)]).join('')}`;
}
