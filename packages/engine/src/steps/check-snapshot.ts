/**
 * sampleSnapshot and verifySnapshot: a VolumeSnapshot is proved only when a restore of it was read.
 * A temporary volume is restored, a mover reads random windows or all of it, and the volume goes.
 * verifySnapshot also reads the chain at the source again, and all three digests must agree.
 */
import { createHash } from 'node:crypto';
import { MIB } from '../bytes';
import { EngineError } from '../errors';
import { count } from '../metrics/record';
import {
  MOVER_PROTOCOL,
  type HashChainOrder,
  type HashVolumeOrder,
  type MoverOrder,
  type MoverProgress,
  type Receipt,
} from '../mover/mover';
import type { Plan } from '../plan/plan';
import { getVolumeSnapshot, setProof } from '../store/objects';
import { holdClaim, putProgress, type Claim } from '../store/steps';
import type { StepRow, VolumeSnapshotRow } from '../store/store';
import { isPending, type Target, type Volume } from '../targets/target';
import {
  attend,
  attendWork,
  done,
  wait,
  type StepContext,
  type StepKind,
  type StepOutcome,
} from './step';
import { originOf, plannedLayer, plannedVolumeSnapshot, required } from './step-objects';

export const sampleSnapshot: StepKind = {
  happened: 'VolumeSnapshotSampled',
  leave: leaveCheck,
  words: (step, plan) => `compare random windows of a restore of ${cutName(step, plan)}`,

  async advance(context) {
    const checked = await withRestore(context, async (cut, { volume, tablePath }) => {
      const sample = {
        windows: context.plan.options.sampleWindows,
        seed: seedOf(context.claim),
        table: tablePath,
      };
      if (!withoutTable.has(context.claim)) {
        try {
          return await run(context, hashVolume(context, cut, volume, sample));
        } catch (error) {
          if (!isMissingFile(error, tablePath)) throw error;
          withoutTable.add(context.claim);
        }
      }
      return readWhole(context, cut, volume);
    });
    if ('outcome' in checked) return checked;
    const { cut, receipt } = checked;
    const detail = { windowsCompared: receipt.windowsCompared ?? 0, bytes: receipt.bytes.read };
    return done(detail, tx =>
      setProof(tx, context.step.migrationId, cut.volumeSnapshotId, 'sampled', detail),
    );
  },
};

export const verifySnapshot: StepKind = {
  happened: 'VolumeSnapshotVerified',
  leave: leaveCheck,
  words: (step, plan) =>
    `read a restore of ${cutName(step, plan)} and its chain at the source, whole`,

  async advance(context) {
    const cut = await cutOf(context);
    const source = await run(context, await hashChain(context, cut));
    if ('outcome' in source) return source;
    const restored = await withRestore(context, (row, volume) =>
      run(context, hashVolume(context, row, volume.volume, undefined)),
    );
    if ('outcome' in restored) return restored;
    const digests = {
      recorded: cut.stateDigest,
      source: source.stateDigest,
      restored: restored.receipt.stateDigest,
    };
    if (digests.recorded !== digests.source || digests.recorded !== digests.restored) {
      throw new EngineError('VERIFY_MISMATCH', {
        where: { object: `VolumeSnapshot ${cut.name}` },
        expected: `digest ${digests.recorded ?? 'none'} as recorded`,
        found: `${digests.source ?? 'none'} at the source, ${digests.restored ?? 'none'} in the restored VolumeSnapshot`,
        hint: 'If the source changed since, the VolumeSnapshot still holds what was migrated. Else migrate this VM again under another name prefix.',
      });
    }
    const detail = { ...digests, bytes: source.bytes.read + restored.receipt.bytes.read };
    return done(detail, tx =>
      setProof(tx, context.step.migrationId, cut.volumeSnapshotId, 'full', detail),
    );
  },
};

function isMissingFile(error: unknown, file: string): boolean {
  return (
    error instanceof EngineError && error.code === 'VOLUME_MISSING' && error.where.file === file
  );
}

const withoutTable = new WeakSet<Claim>();

/** Without a block table there is nothing to compare windows with: the whole state has its digest. */
async function readWhole(
  context: StepContext,
  cut: VolumeSnapshotRow,
  volume: Volume,
): Promise<Receipt | StepOutcome> {
  const order = hashVolume(context, cut, volume, undefined);
  const receipt = await run(context, { ...order, runId: `${order.runId}/whole` });
  if ('outcome' in receipt) return receipt;
  if (receipt.stateDigest === cut.stateDigest)
    return { ...receipt, windowsCompared: Math.ceil(cut.stateSizeBytes / MIB) };
  throw new EngineError('VERIFY_MISMATCH', {
    where: { object: `VolumeSnapshot ${cut.name}` },
    expected: `digest ${cut.stateDigest ?? 'none'} as recorded`,
    found: `${receipt.stateDigest ?? 'none'} in the restored VolumeSnapshot`,
    hint: 'Compare it with the source: kubectl vm-migrate verify VM --full. Else migrate this VM again under another name prefix.',
  });
}

interface Restored {
  readonly volume: Volume;
  readonly tablePath: string;
}

/** Restores the VolumeSnapshot to a temporary volume, runs `check` on it, and removes the volume after it ended. */
async function withRestore(
  context: StepContext,
  check: (cut: VolumeSnapshotRow, restored: Restored) => Promise<Receipt | StepOutcome>,
): Promise<{ cut: VolumeSnapshotRow; receipt: Receipt } | StepOutcome> {
  const { step, plan, storeId, target } = context;
  const cut = await cutOf(context);
  const earlier = checked.get(context.claim);
  if (earlier !== undefined) return removeChecked(context, cut, earlier);
  const planned = plannedVolumeSnapshot(plan, cut.volumeSnapshotId);
  const owner = plan.volumes.find(volume => volume.id === cut.volumeId);
  await removeEarlier(context, cut);
  const name = checkVolumeName(cut, context.claim.fence);
  const volume = await target.ensureVolumeFrom(
    {
      name,
      storageClass: step.storageClass,
      sizeBytes: owner?.sizeBytes ?? cut.stateSizeBytes,
      mark: {
        storeId,
        migrationId: step.migrationId,
        volumeId: `${cut.volumeSnapshotId}-check`,
        generation: 1,
        phase: 'holds',
        layerId: cut.layerId,
        fence: 0,
        manifestDigest: plannedLayer(plan, cut.layerId).manifestDigest,
      },
      origin: originOf(plan, planned.diskId),
    },
    cut.name,
  );
  if (isPending(volume)) return attend(volume.retryMs, volume.reason);
  const receipt = await check(cut, {
    volume,
    tablePath: `${volume.tablesPath}/${cut.layerId}.table`,
  });
  if ('outcome' in receipt) return receipt;
  checked.set(context.claim, receipt);
  return removeChecked(context, cut, receipt);
}

/** What a claim's check found: while its volume is being removed it is not made again. */
const checked = new WeakMap<Claim, Receipt>();

async function removeChecked(
  context: StepContext,
  cut: VolumeSnapshotRow,
  receipt: Receipt,
): Promise<{ cut: VolumeSnapshotRow; receipt: Receipt } | StepOutcome> {
  const { claim, target, storeId } = context;
  const gone = await target.remove('volume', checkVolumeName(cut, claim.fence), storeId);
  if (gone && isPending(gone)) return attend(gone.retryMs, gone.reason);
  // A killed worker's reader, which held its volume when this claim began, has ended by now.
  await removeOfEarlierClaims(context, cut);
  return { cut, receipt };
}

/**
 * Each claim has a volume of its own: a worker that slept longer than its lease must not take away
 * what another one reads. Two VolumeSnapshots may be called alike as far as a volume's name reaches.
 */
export function checkVolumeName(
  {
    name,
    migrationId,
    volumeSnapshotId,
  }: Pick<VolumeSnapshotRow, 'name' | 'migrationId' | 'volumeSnapshotId'>,
  fence: number,
): string {
  const tag = createHash('sha256')
    .update(`${migrationId}/${volumeSnapshotId}/${fence}`)
    .digest('hex')
    .slice(0, 8);
  return `${name.slice(0, 48).replace(/-+$/, '')}-${tag}-check`;
}

const cleared = new WeakSet<Claim>();

/** What killed workers left, before more room is taken. */
async function removeEarlier(context: StepContext, cut: VolumeSnapshotRow): Promise<void> {
  if (cleared.has(context.claim)) return;
  cleared.add(context.claim);
  await removeOfEarlierClaims(context, cut);
}

/** One that is still being read stays, and goes with `cleanup`. */
async function removeOfEarlierClaims(
  { claim, target, storeId }: StepContext,
  cut: VolumeSnapshotRow,
): Promise<void> {
  for (let fence = 1; fence < claim.fence; fence++)
    await removeQuietly(target, checkVolumeName(cut, fence), storeId);
}

/** The step is given back: its volume would be nobody's. */
async function leaveCheck(context: StepContext): Promise<void> {
  await removeQuietly(
    context.target,
    checkVolumeName(await cutOf(context), context.claim.fence),
    context.storeId,
  );
}

async function removeQuietly(target: Target, name: string, storeId: string): Promise<void> {
  await target.remove('volume', name, storeId).catch((error: unknown) => {
    if (!(error instanceof EngineError)) throw error;
  });
}

async function run(context: StepContext, order: MoverOrder): Promise<Receipt | StepOutcome> {
  const { claim, database, mover, settings } = context;
  const finished = receipts.get(claim)?.get(order.runId);
  if (finished !== undefined) return finished;
  const status = await mover.attend(order, settings.patienceMs);
  if (status.state === 'failed') {
    if (status.error.code === 'VOLUME_BUSY')
      return wait(1_000, 'another reader or writer to leave the volume');
    throw EngineError.fromJSON(status.error);
  }
  if (status.state === 'running') {
    const { progress } = status;
    if (progress === undefined) return attend(200, status.waitingFor ?? 'reading');
    await database.transaction(async tx => {
      await holdClaim(tx, claim);
      await putProgress(tx, claim, ofAllRuns(claim, progress));
    });
    return status.waitingFor === undefined
      ? attendWork(200, 'reading')
      : attend(200, status.waitingFor);
  }
  count('verified', status.receipt.bytes.read, {
    method: context.step.kind === 'sampleSnapshot' ? 'sample' : 'whole',
  });
  const ofClaim = receipts.get(claim) ?? new Map<string, Receipt>();
  receipts.set(claim, ofClaim.set(order.runId, status.receipt));
  return status.receipt;
}

/** Runs that ended under a claim whose step needs more than one. */
const receipts = new WeakMap<Claim, Map<string, Receipt>>();

/** What the runs before this one read was read for the same step. */
function ofAllRuns(claim: Claim, progress: MoverProgress): MoverProgress {
  const before = [...(receipts.get(claim)?.values() ?? [])].reduce(
    (sum, { bytes }) => sum + bytes.read,
    0,
  );
  const { bytesDone, bytesTotal } = progress;
  return { ...progress, bytesDone: before + bytesDone, bytesTotal: before + bytesTotal };
}

function hashVolume(
  context: StepContext,
  cut: VolumeSnapshotRow,
  volume: Volume,
  sample: HashVolumeOrder['sample'],
): HashVolumeOrder {
  return {
    ...orderBase(context, 'restored'),
    order: 'hash-volume',
    volume: volume.address,
    stateSizeBytes: cut.stateSizeBytes,
    sample,
  };
}

async function hashChain(context: StepContext, cut: VolumeSnapshotRow): Promise<HashChainOrder> {
  const { plan, source } = context;
  const files: string[] = [];
  for (let id: string | undefined = cut.layerId; id !== undefined;) {
    const layer = plannedLayer(plan, id);
    files.unshift(layer.file);
    id = layer.parentId;
  }
  return {
    ...orderBase(context, 'chain'),
    order: 'hash-chain',
    source: await source.address(plan.vm.id),
    files,
    stateSizeBytes: cut.stateSizeBytes,
  };
}

function orderBase({ claim, settings, bytesPerSecond }: StepContext, part: string) {
  return {
    protocol: MOVER_PROTOCOL,
    runId: `${claim.migrationId}/${claim.stepId}/${claim.fence}/${part}`,
    leaseMs: settings.leaseMs,
    bytesPerSecond,
  } as const;
}

async function cutOf({ step, database }: StepContext): Promise<VolumeSnapshotRow> {
  return getVolumeSnapshot(
    database,
    step.migrationId,
    required(step.volumeSnapshotId, 'VolumeSnapshot', step),
  );
}

function cutName(step: StepRow, plan: Plan): string {
  return `VolumeSnapshot ${plan.volumeSnapshots.find(cut => cut.id === step.volumeSnapshotId)?.name ?? '?'}`;
}

/** Another claim looks at other windows; the same claim, asked again, at the same. */
function seedOf(claim: Claim): number {
  let seed = claim.fence;
  for (const char of claim.stepId) seed = (Math.imul(seed, 31) + char.charCodeAt(0)) >>> 0;
  return seed;
}
