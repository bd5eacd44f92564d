/** start: accept a plan, exactly the one that was shown, and let the workers begin. */
import type { StartedView } from '@vm-migrate/api';
import { randomInt } from 'node:crypto';
import { EngineError } from '../errors';
import type { Plan } from '../plan/plan';
import type { Finding } from '../sources/snapshot-tree';
import { insertMigration, migrations, planOf } from '../store/migrations';
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
  const already = await sameMigration(context, plan);
  if (already !== undefined) return already;
  const earlier = await migratedBefore(context, plan);
  if (earlier !== undefined) {
    if (!inScope(context.access.read, earlier)) throw openAlready(plan);
    await assertControl(context.database, context.access.control, earlier.id, 'start');
    const accepted = acceptedFindings(plan, input.accept ?? []);
    return extendMigration(context, earlier.id, plan, { accepted, begin });
  }
  return accept(context, plan, input.accept ?? [], {
    groupId: input.groupId,
    entity,
    begin,
  });
};

/** Records the plan and lets its first steps in, unless it is to stand still, in one transaction. */
export async function accept(
  context: OperationContext,
  plan: Plan,
  acceptIds: readonly string[],
  {
    groupId,
    entity,
    begin,
  }: { readonly groupId?: string; readonly entity?: VmEntity; readonly begin: Begin },
): Promise<StartedView> {
  const accepted = acceptedFindings(plan, acceptIds);
  const id = newMigrationId();
  const state = await context.database.transaction(async tx => {
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

/** This very plan is under way or done: nothing to start. */
async function sameMigration(
  context: OperationContext,
  plan: Plan,
): Promise<StartedView | undefined> {
  const rows = await migrations(context.database, {
    vm: plan.vm.id,
    states: ['running', 'paused', 'failed', 'migrated'],
  });
  for (const row of rows) {
    if (row.sourceName !== plan.vm.source || row.targetName !== plan.target) continue;
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
): Promise<MigrationRow | undefined> {
  for (const row of await migrations(context.database, { vm: plan.vm.id, states: ['migrated'] })) {
    if (row.sourceName !== plan.vm.source || row.targetName !== plan.target) continue;
    const names = new Set(
      (await planOf(context.database, row.id)).volumes.map(volume => volume.name),
    );
    if (plan.volumes.some(volume => names.has(volume.name))) return row;
  }
  return undefined;
}

/** Free space, rates and findings about them may differ; the layers, their bytes and what is kept may not. */
function sameHistory(earlier: Plan, plan: Plan): boolean {
  const essence = (of: Plan) =>
    JSON.stringify([
      of.steps.map(step => step.id),
      of.layers.map(layer => layer.manifestDigest),
      of.volumeSnapshots.map(cut => cut.name),
    ]);
  return essence(earlier) === essence(plan);
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
