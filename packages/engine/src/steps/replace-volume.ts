/**
 * What stands on the target is not what the store counts on (a volume was changed or removed, the
 * database is older than the target): nothing of it is written. The volume's next generation starts
 * from a VolumeSnapshot that holds a state at or under the needed one, and what is missing is
 * written again.
 */
import { EngineError } from '../errors';
import type { VolumeMark } from '../mover/mover';
import type { Plan } from '../plan/plan';
import { addEvent } from '../store/events';
import { loseVolumeSnapshot, replaceVolume } from '../store/objects';
import { holdClaim, releaseStep } from '../store/steps';
import { volumeName, type VolumeRow } from '../store/store';
import { plannedVolumeSnapshot } from './step-objects';
import type { StepContext, StepOutcome } from './step';

/**
 * Begins the volume's next generation. `found`: the mark that is there; absent when nothing is.
 * `needed`: the layer whose state this step needs under it; absent: the volume's first state.
 * @throws EngineError VOLUME_FOREIGN when the volume is another store's
 */
export async function replace(
  context: StepContext,
  row: VolumeRow,
  found: VolumeMark | undefined,
  needed: string | undefined,
): Promise<StepOutcome> {
  const { claim, database, plan, storeId } = context;
  if (found !== undefined && found.storeId !== storeId) {
    throw new EngineError('VOLUME_FOREIGN', {
      where: { object: volumeName(row) },
      expected: `store ${storeId}`,
      found: `store ${found.storeId}`,
      hint: 'Another vm-migrate database made it. Choose another name prefix, or run: kubectl vm-migrate recover VM --take-over.',
    });
  }
  if (found === undefined) await assertNotAllGone(context, volumeName(row));
  await database.transaction(async tx => {
    await holdClaim(tx, claim);
    const { again } = await replaceVolume(tx, row, originOfVolume(plan, row), needed);
    await addEvent(tx, {
      migrationId: claim.migrationId,
      stepId: claim.stepId,
      level: 'warning',
      kind: 'volume-replaced',
      actor: claim.owner,
      message: `Volume ${volumeName(row)} ${found === undefined ? 'is gone' : 'does not hold what the store expects'}; its next generation is made, ${again.length} layers are written again`,
      data: { mark: found, again },
    });
    if (!again.some(layerId => layerId === context.step.layerId)) await releaseStep(tx, claim);
  });
  return { outcome: 'handled' };
}

/** The VolumeSnapshot that a volume is to be restored from is gone: it is cut again, from a volume brought back to that state. */
export async function remakeOrigin(
  context: StepContext,
  row: VolumeRow,
  cutId: string,
): Promise<StepOutcome> {
  const { claim, database, plan } = context;
  const { name } = plannedVolumeSnapshot(plan, cutId);
  await assertNotAllGone(context, name);
  await database.transaction(async tx => {
    await holdClaim(tx, claim);
    await releaseStep(tx, claim);
    await loseVolumeSnapshot(tx, row, cutId, originOfVolume(plan, row));
    await addEvent(tx, {
      migrationId: claim.migrationId,
      stepId: claim.stepId,
      level: 'warning',
      kind: 'volume-snapshot-lost',
      actor: claim.owner,
      message: `VolumeSnapshot ${name} is gone from the target; it is taken again`,
    });
  });
  return { outcome: 'handled' };
}

function originOfVolume(plan: Plan, row: VolumeRow): string | null {
  return plan.volumes.find(volume => volume.id === row.volumeId)?.restoredFrom ?? null;
}

/** Where nothing of the migration stands, the target itself is away (not mounted, say): nothing is begun anew there by itself. */
async function assertNotAllGone({ target, claim }: StepContext, object: string): Promise<void> {
  const { volumes, volumeSnapshots } = await target.inventory();
  const standing = [
    ...volumes.map(volume => volume.mark.migrationId),
    ...volumeSnapshots.map(cut => cut.spec.migrationId),
    ...((await target.leftovers?.()) ?? []).map(leftover => leftover.migrationId),
  ];
  if (standing.includes(claim.migrationId)) return;
  throw new EngineError('VOLUME_MISSING', {
    where: { object },
    expected: `the volumes and VolumeSnapshots of migration ${claim.migrationId} on ${target.name}`,
    found: 'none of them',
    hint: 'See that the target is as it was (mounted, the right folder), then run: kubectl vm-migrate retry VM. If all was removed on purpose, cancel and start again.',
  });
}
