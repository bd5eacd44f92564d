/** How far one disk of one point of the history is, and how far the point is with all of them. */
import type {
  ProgressView,
  TreeDiskView,
  TreeNodeView,
  TreeStageView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';

export type DiskState = Pick<TreeDiskView, 'stage' | 'step'> & {
  /** What `stage` leaves open: why a layer is not carried, or not readable. */
  readonly words: string;
  readonly proof: 'sampled' | 'full' | null;
};

export function diskStateOf({ stage, step, state, volumeSnapshot: cut }: TreeDiskView): DiskState {
  const proof = cut?.proof === 'sampled' || cut?.proof === 'full' ? cut.proof : null;
  return { stage, step, words: state, proof };
}

/** What is worth saying first: what failed, then what moves, then what is least far. */
const ORDER: readonly TreeStageView[] = [
  'failed',
  'copying',
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
  | { readonly stage: 'merged'; readonly into: string | null };

/** Of a point: that of the disk which says most, with the bytes of all that are copied now. */
export function pointStateOf(node: TreeNodeView): PointState {
  const states = node.disks.map(diskStateOf);
  if (!node.kept && !states.some(({ stage }) => isUrgent(stage)))
    return { stage: 'merged', into: node.mergedInto };
  const [first] = states.toSorted((a, b) => ORDER.indexOf(a.stage) - ORDER.indexOf(b.stage));
  if (first === undefined) return { stage: 'not-wanted', step: null, words: '', proof: null };
  if (first.stage !== 'copying' || first.step === null) return first;
  return { ...first, step: { ...first.step, progress: sumOf(states) } };
}

function isUrgent(stage: TreeStageView): boolean {
  return stage === 'failed' || stage === 'copying' || stage === 'waiting';
}

function sumOf(states: readonly DiskState[]): ProgressView | null {
  const moving = states.flatMap(({ stage, step }) =>
    stage === 'copying' && step?.progress != null ? [step.progress] : [],
  );
  if (moving.length === 0) return null;
  const sum = (of: (progress: ProgressView) => number): number =>
    moving.reduce((total, progress) => total + of(progress), 0);
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
