/** How far one disk of one point of the history is, and how far the point is with all of them. */
import type {
  ErrorView,
  ProgressView,
  ProofView,
  StepView,
  TreeDiskView,
  TreeNodeView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';

/** What is done to a layer or its VolumeSnapshot now, or was tried last. */
export type DiskStep = Pick<StepView, 'state' | 'progress' | 'waitsFor' | 'waitsSince' | 'error'>;

export type DiskState =
  /** No migration knows it. `words`: why it could not be read, as the engine says it. */
  | { readonly kind: 'outside' }
  | { readonly kind: 'unreadable'; readonly words: string }
  | { readonly kind: 'not-wanted'; readonly words: string }
  | { readonly kind: 'needs-migration' }
  | { readonly kind: 'waiting'; readonly for: string; readonly since: string | null }
  | { readonly kind: 'copying'; readonly progress: ProgressView | null }
  /** The layer is on the volume, and nothing is to be cut from it. */
  | { readonly kind: 'migrated' }
  /** On the volume; its VolumeSnapshot is to come. */
  | { readonly kind: 'to-cut' }
  /** The storage has the VolumeSnapshot and has not said that it is ready. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'proved'; readonly proof: ProofView }
  | { readonly kind: 'failed'; readonly error: ErrorView | null };

export type DiskStateKind = DiskState['kind'];

export function diskStateOf(disk: TreeDiskView): DiskState {
  const { flag, volumeSnapshot: cut, state } = disk;
  const { step = null } = disk as TreeDiskView & { readonly step?: DiskStep | null };
  if (flag === null) {
    return state.startsWith('not readable')
      ? { kind: 'unreadable', words: state }
      : { kind: 'outside' };
  }
  if (flag === 'not wanted') return { kind: 'not-wanted', words: state };
  if (step?.state === 'failed') return { kind: 'failed', error: step.error };
  if (flag === 'migrated') return cutStateOf(cut, step);
  if (step?.state === 'running') return { kind: 'copying', progress: step.progress };
  return waitOf(step) ?? { kind: 'needs-migration' };
}

function cutStateOf(cut: TreeDiskView['volumeSnapshot'], step: DiskStep | null): DiskState {
  if (cut === null || cut.state === 'removed') return { kind: 'migrated' };
  if (cut.state === 'planned') {
    const asked = cut.handle !== null;
    return waitOf(step) ?? { kind: asked ? 'cut' : 'to-cut' };
  }
  return cut.proof === 'sampled' || cut.proof === 'full'
    ? { kind: 'proved', proof: cut.proof }
    : { kind: 'ready' };
}

/** A step that only waits for its turn behind others has nobody to wait for. */
function waitOf(step: DiskStep | null): DiskState | undefined {
  if (step === null || step.waitsFor === null) return undefined;
  return { kind: 'waiting', for: step.waitsFor, since: step.waitsSince };
}

/** What is worth saying first: what failed, then what moves, then what is least far. */
const ORDER: readonly DiskStateKind[] = [
  'failed',
  'copying',
  'waiting',
  'needs-migration',
  'to-cut',
  'cut',
  'unreadable',
  'outside',
  'migrated',
  'ready',
  'proved',
  'not-wanted',
];

export type PointState =
  | DiskState
  /** Not kept: its changes are part of a later state. Undefined: of none. */
  | { readonly kind: 'merged'; readonly into: string | null };

/** Of a point: that of the disk which says most, with the bytes of all that are copied now. */
export function pointStateOf(node: TreeNodeView): PointState {
  const states = node.disks.map(diskStateOf);
  if (!node.kept && states.every(({ kind }) => !isUrgent(kind)))
    return { kind: 'merged', into: node.mergedInto };
  const [first] = states.toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  if (first === undefined) return { kind: 'not-wanted', words: '' };
  if (first.kind !== 'copying') return first;
  return { kind: 'copying', progress: sumOf(states) };
}

function isUrgent(kind: DiskStateKind): boolean {
  return kind === 'failed' || kind === 'copying' || kind === 'waiting';
}

function sumOf(states: readonly DiskState[]): ProgressView | null {
  const moving = states.flatMap(state =>
    state.kind === 'copying' && state.progress !== null ? [state.progress] : [],
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
