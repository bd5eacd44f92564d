/** How far one disk of one point of the history is, and how far the point is with all of them. */
import type {
  ProgressView,
  TreeDiskView,
  TreeNodeView,
  TreeStageView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';

/** `verifying`: it can be restored from, and a restore of it is read and compared now. */
export type DiskStage = TreeStageView | 'verifying';

export type DiskState = Pick<TreeDiskView, 'step'> & {
  readonly stage: DiskStage;
  /** What `stage` leaves open: why a layer is not carried, or not readable. */
  readonly words: string;
  readonly proof: 'sampled' | 'full' | null;
};

export function diskStateOf({ stage, step, state, volumeSnapshot: cut }: TreeDiskView): DiskState {
  const proof = cut?.proof === 'sampled' || cut?.proof === 'full' ? cut.proof : null;
  return { stage: isRead(stage, step) ? 'verifying' : stage, step, words: state, proof };
}

function isRead(stage: TreeStageView, step: TreeDiskView['step']): boolean {
  return (
    (stage === 'ready' || stage === 'proved') &&
    (step?.kind === 'verifySnapshot' || step?.kind === 'sampleSnapshot') &&
    step.state === 'running' &&
    step.waitsFor === null
  );
}

/** What is worth saying first: what failed, then what moves, then what is least far. */
const ORDER: readonly DiskStage[] = [
  'failed',
  'copying',
  'verifying',
  'waiting',
  'needs-migration',
  'unreadable',
  'not-migrated',
  'migrated',
  'cut',
  'ready',
  'proved',
  'removed',
  'not-wanted',
];

export type PointState =
  | DiskState
  /** Not kept: its changes are part of a later state. Null: of none. */
  | { readonly stage: 'merged'; readonly into: string | null }
  /** The VM had none at that moment. */
  | { readonly stage: 'no-disks' };

/** Of a point: that of the disk which says most, with the bytes of all that are copied now. */
export function pointStateOf(node: TreeNodeView): PointState {
  const states = node.disks.map(diskStateOf);
  if (!node.kept && !states.some(({ stage }) => isUrgent(stage)))
    return { stage: 'merged', into: node.mergedInto };
  const [first] = states.toSorted((a, b) => ORDER.indexOf(a.stage) - ORDER.indexOf(b.stage));
  if (first === undefined) return { stage: 'no-disks' };
  if (!isMoving(first.stage) || first.step === null) return first;
  return { ...first, step: { ...first.step, progress: sumOf(states, first.stage) } };
}

function isUrgent(stage: DiskStage): boolean {
  return stage === 'failed' || stage === 'waiting' || isMoving(stage);
}

/** Bytes of it are read or written now. */
export function isMoving(stage: PointState['stage']): stage is 'copying' | 'verifying' {
  return stage === 'copying' || stage === 'verifying';
}

function sumOf(states: readonly DiskState[], of: DiskStage): ProgressView | null {
  const moving = states.flatMap(({ stage, step }) =>
    stage === of && step?.progress != null ? [step.progress] : [],
  );
  if (moving.length === 0) return null;
  const sum = (figure: (progress: ProgressView) => number): number =>
    moving.reduce((total, progress) => total + figure(progress), 0);
  const known = moving.map(({ etaMs }) => etaMs);
  return {
    bytesDone: sum(({ bytesDone }) => bytesDone),
    bytesTotal: sum(({ bytesTotal }) => bytesTotal),
    bytesPerSecond: sum(({ bytesPerSecond }) => bytesPerSecond),
    // All must be done, and they go side by side: the last one decides.
    etaMs: known.includes(null) ? null : Math.max(...known.map(ms => ms ?? 0)),
  };
}

/** Own bytes of all disks; null while those of one are not known. */
export function ownBytesOf(disks: readonly TreeDiskView[]): { data: number; zero: number } | null {
  let data = 0;
  let zero = 0;
  for (const disk of disks) {
    if (disk.dataBytes === null) return null;
    data += disk.dataBytes;
    zero += disk.zeroBytes ?? 0;
  }
  return { data, zero };
}
