/**
 * New deltas: the VM went on after its history was migrated, took snapshots, froze further layers.
 * The migration is opened again with the new plan, which must carry on where the old one ended: what
 * was written and cut stays true, the new steps come behind it.
 */
import type { StartedView } from '@vm-migrate/api';
import { EngineError } from '../errors';
import type { Plan, PlannedStep } from '../plan/plan';
import { planDifference } from '../plan/plan-difference';
import type { Finding } from '../sources/snapshot-tree';
import { addEvent } from '../store/events';
import { addObjects, addSteps, reopenMigration } from '../store/migrations';
import { reopenLayers } from '../store/objects';
import { beginMigration, type Begin } from './begin-migration';
import { readMigration, type MigrationRecord } from './migration-record';
import type { OperationContext } from './operation';

/** Steps whose result is an object or bytes on the target; a new plan must still want every one of them. */
const LASTING: ReadonlySet<PlannedStep['kind']> = new Set([
  'createVolume',
  'restoreVolume',
  'applyLayer',
  'takeSnapshot',
]);

/**
 * @throws EngineError STATE_REFUSED when the new plan does not carry on from the old one (a revert
 *   moved the main path, a consolidation changed layers that were migrated): both need other names
 */
export async function extendMigration(
  context: OperationContext,
  id: string,
  plan: Plan,
  { accepted, begin }: { readonly accepted: readonly Finding[]; readonly begin: Begin },
): Promise<StartedView> {
  const record = await readMigration(context.database, id);
  const changedTips = assertCarriesOn(record, plan);
  const known = new Set(record.steps.map(step => step.stepId));
  const added = plan.steps.filter(step => !known.has(step.id));
  const state = await context.database.transaction(async tx => {
    await reopenMigration(tx, id, plan, accepted, context.actor);
    await addObjects(tx, id, plan);
    await addSteps(tx, id, added, record.steps.length);
    await reopenLayers(tx, id, changedTips);
    await addEvent(tx, {
      migrationId: id,
      kind: 'extended',
      actor: context.actor,
      message: `The VM went on: ${added.filter(step => step.kind === 'applyLayer').length + changedTips.length} layers and ${added.filter(step => step.kind === 'takeSnapshot').length} VolumeSnapshots are added`,
      data: { planDigest: plan.digest },
    });
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

/** Answers the layers that were migrated as the end of a disk and have changed since: they are written again. */
function assertCarriesOn(record: MigrationRecord, plan: Plan): string[] {
  const wanted = new Set(plan.steps.map(step => step.id));
  const dropped = record.steps.filter(
    step => step.state === 'done' && LASTING.has(step.kind) && !wanted.has(step.stepId),
  );
  const cutLayers = new Set(
    record.cuts.filter(cut => cut.state === 'ready').map(cut => cut.layerId),
  );
  const parents = new Set(
    record.layers.filter(layer => layer.flag === 'migrated').map(layer => layer.parentId),
  );
  const changed = record.layers.filter(layer => {
    const now = plan.layers.find(candidate => candidate.id === layer.layerId);
    return layer.flag === 'migrated' && now?.manifestDigest !== layer.manifestDigest;
  });
  const broken = changed.filter(
    layer => cutLayers.has(layer.layerId) || parents.has(layer.layerId),
  );
  if (dropped.length === 0 && broken.length === 0) return changed.map(layer => layer.layerId);
  throw new EngineError('STATE_REFUSED', {
    where: { object: `migration ${record.row.id} of ${plan.vm.name}` },
    expected: 'a history that goes on where the migrated one ended',
    found: planDifference(record.plan, plan).slice(0, 5).join('; '),
    hint:
      'Other options, a revert or a consolidation changed what was migrated; its VolumeSnapshots stay as they are. ' +
      'Migrate the history as it is now beside it, under another prefix for the names (--name-prefix).',
  });
}
