/**
 * applyLayer: the layer's own changes are written onto the volume, flushed, read back and equal; the
 * receipt is stored and the flag says "migrated". The volume's mark is the guard: it is set to this
 * layer and fence before the first byte, and a volume whose mark is not expected is never written.
 */
import { EngineError } from '../errors';
import { count } from '../metrics/record';
import {
  MOVER_PROTOCOL,
  type ApplyOrder,
  type Receipt,
  type VolumeMark,
  type WindowReport,
} from '../mover/mover';
import { getVolume, setMigrated, setVolumeMade } from '../store/objects';
import {
  forgetWindows,
  holdClaim,
  type Claim,
  putProgress,
  storeWindows,
  windowsOf,
} from '../store/steps';
import { volumeName, type VolumeRow } from '../store/store';
import { isPending, type Pending, type Volume } from '../targets/target';
import { ensurePlannedVolume } from './make-volume';
import { replace } from './replace-volume';
import {
  attend,
  attendWork,
  done,
  wait,
  type StepContext,
  type StepKind,
  type StepOutcome,
} from './step';
import { plannedLayer, required } from './step-objects';

export const applyLayer: StepKind = {
  happened: 'LayerMigrated',
  words(step, plan) {
    const layer = plan.layers.find(candidate => candidate.id === step.layerId);
    const volume = plan.volumes.find(candidate => candidate.id === step.volumeId);
    return `write ${layer?.file ?? '?'} onto volume ${volume?.name ?? '?'}`;
  },

  async advance(context) {
    const { step, database } = context;
    const run = runs.get(context.claim);
    if (run !== undefined) return copy(context, run);
    const row = await getVolume(
      database,
      step.migrationId,
      required(step.volumeId, 'volume', step),
    );
    const volume = await presentVolume(context, row);
    if ('outcome' in volume) return volume;
    if (isPending(volume)) return wait(volume.retryMs, volume.reason);
    if (volume.mark.layerId !== step.layerId) await startAfresh(context);
    const mark = writingMark(context, row);
    try {
      await context.target.mark(volume.name, volume.mark, mark);
    } catch (error) {
      if (error instanceof EngineError && error.code === 'VOLUME_BUSY')
        return wait(1_000, `another writer to leave volume ${volume.name}`);
      // A worker that lost this step marked it after we had looked. What it is now decides, as ever.
      if (error instanceof EngineError && error.code === 'VOLUME_UNEXPECTED')
        return wait(
          100,
          `volume ${volume.name}, whose mark changed meanwhile, to be looked at again`,
        );
      throw error;
    }
    const marked = { ...volume, mark };
    const order = await orderFor(context, marked);
    const begun: Run = { row, volume: marked, order, attended: false };
    runs.set(context.claim, begun);
    count('moverRuns', 1, { start: step.fence > 1 ? 'resumed' : 'fresh' });
    return copy(context, begun);
  },

  /** The windows of a mover that was stopped or handed over are on the volume: what is stored now is not copied again. */
  async leave({ claim, database, mover }) {
    const run = runs.get(claim);
    // Never attended to, it might be started by the question.
    if (run?.attended !== true) return;
    const { windows } = await mover.attend(run.order, 0);
    await database.transaction(async tx => {
      await holdClaim(tx, claim);
      await storeWindows(tx, claim, windows);
    });
    measure(windows);
  },
};

/** Each was written, flushed, read back and found equal before it was reported. */
function measure(windows: readonly WindowReport[]): void {
  for (const { dataBytes, zeroBytes } of windows) {
    count('copied', dataBytes, { extent: 'data' });
    count('copied', zeroBytes, { extent: 'zero' });
    count('verified', dataBytes + zeroBytes, { method: 'read back' });
  }
}

/** Nothing of this layer is on the volume, whatever was reported of an earlier one of its name. */
async function startAfresh({ claim, database }: StepContext): Promise<void> {
  await database.transaction(async tx => {
    await holdClaim(tx, claim);
    await forgetWindows(tx, claim);
  });
}

/** A copy under way: what was found out once for a claim, so that attending to its mover asks nothing again. */
interface Run {
  readonly row: VolumeRow;
  readonly volume: Volume;
  readonly order: ApplyOrder;
  attended: boolean;
}
const runs = new WeakMap<Claim, Run>();

async function presentVolume(
  context: StepContext,
  row: VolumeRow,
): Promise<Volume | Pending | StepOutcome> {
  const needed = plannedLayer(
    context.plan,
    required(context.step.layerId, 'layer', context.step),
  ).parentId;
  const found = await context.target.findVolume(volumeName(row));
  if (found !== undefined)
    return isExpected(found.mark, context, row) ? found : replace(context, row, found.mark, needed);
  // It held states that the store counts on: its next generation is made, not an empty one of the same name.
  if (row.madeAt !== null) return replace(context, row, undefined, needed);
  const made = await ensurePlannedVolume(context, row, needed);
  if ('outcome' in made || isPending(made)) return made;
  if (!isExpected(made.mark, context, row))
    return wait(1_000, `volume ${made.name} to hold what this layer is written on`);
  await context.database.transaction(tx => setVolumeMade(tx, row, made.mark.layerId ?? null));
  return made;
}

/** Ours, of this generation, and empty, at the parent's state, or half-written with this very layer. */
function isExpected(mark: VolumeMark, context: StepContext, row: VolumeRow): boolean {
  const { step, plan, storeId } = context;
  if (
    mark.storeId !== storeId ||
    mark.migrationId !== row.migrationId ||
    mark.volumeId !== row.volumeId
  )
    return false;
  if (mark.generation !== row.generation) return false;
  const layer = plannedLayer(plan, required(step.layerId, 'layer', step));
  if (mark.phase === 'empty') return layer.parentId === undefined;
  // Fences count the claims of one step: they say nothing about the writer of another layer.
  if (mark.layerId === layer.id)
    return mark.manifestDigest === layer.manifestDigest && mark.fence <= step.fence;
  return mark.phase === 'holds' && mark.layerId === layer.parentId;
}

function writingMark(context: StepContext, row: VolumeRow): VolumeMark {
  const layer = plannedLayer(context.plan, required(context.step.layerId, 'layer', context.step));
  return {
    storeId: context.storeId,
    migrationId: row.migrationId,
    volumeId: row.volumeId,
    generation: row.generation,
    phase: 'writing',
    layerId: layer.id,
    fence: context.step.fence,
    manifestDigest: layer.manifestDigest,
  };
}

async function copy(context: StepContext, run: Run): Promise<StepOutcome> {
  const { claim, database, mover, settings, target } = context;
  const { row, volume, order } = run;
  const status = await mover.attend(order, settings.patienceMs);
  run.attended = true;
  await database.transaction(async tx => {
    await holdClaim(tx, claim);
    await storeWindows(tx, claim, status.windows);
    if (status.state === 'running' && status.progress !== undefined)
      await putProgress(tx, claim, status.progress);
  });
  measure(status.windows);
  switch (status.state) {
    case 'running':
      return status.waitingFor === undefined
        ? attendWork(200, 'copying')
        : attend(200, status.waitingFor);
    case 'failed':
      if (status.error.code === 'VOLUME_BUSY')
        return wait(1_000, `another writer to leave volume ${volume.name}`);
      throw EngineError.fromJSON(status.error);
    case 'done': {
      const layerId = required(context.step.layerId, 'layer', context.step);
      await target.mark(volume.name, volume.mark, { ...volume.mark, phase: 'holds' });
      return done(
        { bytes: status.receipt.bytes, durationMs: status.receipt.durationMs },
        async tx => {
          await setMigrated(tx, claim.migrationId, layerId, row.volumeId, status.receipt);
          await putProgress(tx, claim, finishedProgress(status.receipt));
        },
      );
    }
  }
}

function finishedProgress(receipt: Receipt) {
  const bytes = receipt.bytes.data + receipt.bytes.zero;
  return {
    phase: 'copying' as const,
    bytesDone: bytes,
    bytesTotal: bytes,
    bytesPerSecond: receipt.durationMs > 0 ? (bytes * 1000) / receipt.durationMs : 0,
  };
}

async function orderFor(context: StepContext, volume: Volume): Promise<ApplyOrder> {
  const { step, claim, plan, source, target, database, settings } = context;
  const layer = plannedLayer(plan, required(step.layerId, 'layer', step));
  const storageClass = (await target.capabilities()).classes.find(
    candidate => candidate.name === volume.storageClass,
  );
  const isBase = layer.parentId === undefined;
  const rests = storageClass?.moversRest === true && isFollowed(context);
  return {
    protocol: MOVER_PROTOCOL,
    order: 'apply',
    runId: `${claim.migrationId}/${claim.stepId}/${claim.fence}`,
    leaseMs: settings.leaseMs,
    bytesPerSecond: context.bytesPerSecond,
    fence: claim.fence,
    layerId: layer.id,
    source: await source.address(plan.vm.id),
    layer: { file: layer.file, manifest: layer.manifest },
    volume: volume.address,
    content: isBase && storageClass?.newVolumesReadZero === true ? 'zeros' : 'parent',
    mark: volume.mark,
    windowBytes: settings.windowBytes,
    windowsDone: await windowsOf(database, claim),
    ...(rests ? { afterwards: 'rest' as const } : {}),
    proof: {
      stateSizeBytes: layer.sizeBytes,
      parentTable: isBase ? undefined : `${volume.tablesPath}/${layer.parentId}.table`,
      table: `${volume.tablesPath}/${layer.id}.table`,
    },
  };
}

/** Whether another layer is written onto this volume after this one. */
function isFollowed({ step, plan }: StepContext): boolean {
  return plan.steps.some(
    ({ kind, volumeId, layerId }) =>
      kind === 'applyLayer' &&
      volumeId === step.volumeId &&
      plan.layers.some(({ id, parentId }) => id === layerId && parentId === step.layerId),
  );
}
