/** One disk at one point of the history: its layer, its VolumeSnapshot, how far they are, and what is done to them now. */
import type { TreeDiskView, TreeStageView, TreeStepView } from '@vm-migrate/api';
import type { StepKindName } from '../plan/plan';
import type { DiskState, LayerNode, SnapshotTree } from '../sources/snapshot-tree';
import type { LayerRow, StepRow, VolumeSnapshotRow } from '../store/store';
import { stepView, volumeSnapshotView, type MigrationRecord } from './migration-record';

/** @param snapshotId absent: the current state */
export function diskView(
  tree: SnapshotTree,
  state: DiskState,
  record: MigrationRecord | undefined,
  snapshotId: string | undefined,
): TreeDiskView {
  const disk = tree.disks.find(candidate => candidate.id === state.diskId);
  const node = disk?.layers.find(candidate => candidate.id === state.layerId);
  const common = {
    disk: state.slot,
    layerFile: node?.file ?? state.layerId,
    format: node?.format ?? 'unknown',
  };
  if (record === undefined)
    return {
      ...common,
      dataBytes: node?.ownBytes?.data ?? null,
      zeroBytes: node?.ownBytes?.zero ?? null,
      flag: null,
      ...withoutMigration(node?.access),
      step: null,
      volumeSnapshot: null,
    };
  const layer = record.layers.find(candidate => candidate.layerId === state.layerId);
  const cut = record.cuts.find(
    candidate =>
      candidate.layerId === state.layerId &&
      candidate.diskId === state.diskId &&
      matches(candidate, snapshotId),
  );
  const step = layer === undefined ? undefined : nextStep(record, layer, cut);
  return {
    ...common,
    dataBytes: layer?.dataBytes ?? node?.ownBytes?.data ?? null,
    zeroBytes: layer?.zeroBytes ?? node?.ownBytes?.zero ?? null,
    flag: layer?.flag ?? null,
    state: stateWords(record, layer, snapshotId === undefined ? undefined : cut?.state),
    stage: stageOf(layer, cut, step),
    step: step ?? null,
    volumeSnapshot: cut === undefined ? null : volumeSnapshotView(record, cut),
  };
}

function matches(
  cut: { purpose: string; snapshotId: string | null },
  snapshotId: string | undefined,
): boolean {
  return snapshotId === undefined ? cut.purpose === 'current' : cut.snapshotId === snapshotId;
}

function withoutMigration(
  access: LayerNode['access'] | undefined,
): Pick<TreeDiskView, 'state' | 'stage'> {
  return access === undefined || access === 'frozen'
    ? { state: 'not migrated', stage: 'not-migrated' }
    : { state: `not readable: ${access}`, stage: 'unreadable' };
}

/** In the order in which they are done: to the volume that begins with this layer, to the layer, to its VolumeSnapshot. */
const ORDER: readonly StepKindName[] = [
  'createVolume',
  'restoreVolume',
  'applyLayer',
  'takeSnapshot',
  'awaitSnapshot',
  'sampleSnapshot',
  'verifySnapshot',
];

function nextStep(
  record: MigrationRecord,
  layer: LayerRow,
  cut: VolumeSnapshotRow | undefined,
): TreeStepView | undefined {
  if (layer.flag === 'not wanted') return undefined;
  const volume = record.plan.volumes.find(({ layers }) => layers[0] === layer.layerId);
  const isOfThis = (step: StepRow): boolean => {
    switch (step.kind) {
      case 'createVolume':
      case 'restoreVolume':
        return step.volumeId === volume?.id;
      case 'applyLayer':
        return step.layerId === layer.layerId;
      case 'takeSnapshot':
      case 'awaitSnapshot':
      case 'sampleSnapshot':
      case 'verifySnapshot':
        return cut !== undefined && step.volumeSnapshotId === cut.volumeSnapshotId;
      default:
        return false;
    }
  };
  const [step] = record.steps
    .filter(candidate => candidate.state !== 'done' && isOfThis(candidate))
    .sort((a, b) => rank(a) - rank(b));
  if (step === undefined) return undefined;
  const view = stepView(record, step);
  const { id, kind, words, state, progress, waitsFor, waitsSince, worker, attempts, error } = view;
  return { id, kind, words, state, progress, waitsFor, waitsSince, worker, attempts, error };
}

/** What was given up says something only where nothing else is open: a check may be canceled, and made again. */
function rank({ kind, state }: StepRow): number {
  return ORDER.indexOf(kind) + (state === 'canceled' ? ORDER.length : 0);
}

function stageOf(
  layer: LayerRow | undefined,
  cut: VolumeSnapshotRow | undefined,
  step: TreeStepView | undefined,
): TreeStageView {
  if (layer === undefined || layer.flag === 'not wanted') return 'not-wanted';
  if (step?.state === 'failed') return 'failed';
  if (layer.flag === 'needs migration') {
    if (step === undefined || step.state === 'blocked' || step.state === 'canceled')
      return 'needs-migration';
    return step.kind === 'applyLayer' && step.state === 'running' && step.waitsFor === null
      ? 'copying'
      : 'waiting';
  }
  switch (cut?.state) {
    case 'ready':
      return cut.proof === 'sampled' || cut.proof === 'full' ? 'proved' : 'ready';
    case 'removed':
      return 'removed';
    case 'planned':
      return step?.kind === 'awaitSnapshot' ? 'cut' : 'migrated';
    default:
      return 'migrated';
  }
}

/** One or two words: how far this disk's state is. */
function stateWords(
  record: MigrationRecord,
  layer: LayerRow | undefined,
  cutState: VolumeSnapshotRow['state'] | undefined,
): string {
  if (layer === undefined || layer.flag === 'not wanted') return layer?.reason ?? 'not wanted';
  if (layer.flag === 'migrated')
    return cutState === 'planned' ? 'migrated, waits to be cut' : 'migrated';
  const step = record.steps.find(
    candidate => candidate.kind === 'applyLayer' && candidate.layerId === layer.layerId,
  );
  if (step?.state === 'failed') return `failed: ${step.error?.code ?? 'unknown'}`;
  if (step?.state === 'running') {
    const bytes = record.progress.get(step.stepId)?.bytesDone ?? 0;
    return step.weightBytes > 0
      ? `copying ${Math.min(99, Math.floor((bytes * 100) / step.weightBytes))} %`
      : 'copying';
  }
  if (step?.state === 'waiting') return `waits for ${step.reason ?? 'its turn'}`;
  return 'needs migration';
}
