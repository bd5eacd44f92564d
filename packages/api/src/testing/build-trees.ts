/** Histories: their points, what each disk has there, and the report of one that is migrated. */
import type {
  MigrationView,
  ReportLayerView,
  ReportView,
  TreeDiskView,
  TreeNodeView,
  TreeStepView,
  TreeView,
  VolumeSnapshotView,
} from '../views';
import { GIB, MIB, stepOf } from './build-migrations';

const AT = '2026-11-28T02:00:00.000Z';

export function treeStepOf(rest: Partial<TreeStepView> = {}): TreeStepView {
  const {
    after: _after,
    diskId: _diskId,
    weightBytes: _weightBytes,
    startedAt: _startedAt,
    finishedAt: _finishedAt,
    ...step
  } = stepOf({ state: 'running', worker: 'w-1' });
  return { ...step, ...rest };
}

/** Ready, and proved by reading its volume back. */
export function volumeSnapshotOf(
  rest: Partial<VolumeSnapshotView> & Pick<VolumeSnapshotView, 'name'>,
): VolumeSnapshotView {
  return {
    id: rest.name,
    disk: 'scsi0:0',
    purpose: 'snapshot',
    state: 'ready',
    handle: `handle-of-${rest.name}`,
    layerFile: 'web-1.vmdk',
    stateSizeBytes: 64 * GIB,
    stateDigest: '4ceceef0c177'.padEnd(64, '0'),
    volumeDigest: null,
    proof: 'volume',
    readyAt: AT,
    provedAt: null,
    ...rest,
  };
}

/** Nothing of it is made yet. */
export const PLANNED_CUT = {
  state: 'planned',
  handle: null,
  stateDigest: null,
  proof: null,
  readyAt: null,
  provedAt: null,
} as const satisfies Partial<VolumeSnapshotView>;

export function treeDiskOf(
  rest: Partial<TreeDiskView> & Pick<TreeDiskView, 'layerFile'>,
): TreeDiskView {
  return {
    disk: 'scsi0:0',
    format: 'hosted-sparse',
    dataBytes: 4 * MIB,
    zeroBytes: 0,
    flag: 'needs migration',
    state: 'needs migration',
    stage: 'needs-migration',
    step: null,
    volumeSnapshot: null,
    ...rest,
  };
}

export function pointOf(
  rest: Partial<TreeNodeView> & Pick<TreeNodeView, 'id' | 'parentId' | 'disks'>,
): TreeNodeView {
  return {
    name: `snapshot ${rest.id}`,
    description: '',
    createdAt: null,
    quiesced: null,
    memory: false,
    kept: true,
    mergedInto: null,
    ...rest,
  };
}

export interface ReportFacts {
  readonly tree: TreeView;
  readonly migration: MigrationView;
  readonly generatedAt: string;
  readonly readyAt: string;
  /** What is said of the layers of a point, besides its name. */
  readonly layerOf: (file: string, disk: string) => Partial<ReportLayerView>;
  readonly rest?: Partial<ReportView>;
}

/** What was done, from the history as it stands at the end. */
export function reportOf(facts: ReportFacts): ReportView {
  const { tree, migration, generatedAt, rest } = facts;
  return {
    generatedAt,
    storeId: 's-4f2a9c',
    migration,
    planDigest: 'ee53d67b0b7e917532a54c0346a13bd87b45c552b6e4b1b819abbb7074a7aee1',
    namespace: null,
    snapshots: tree.nodes
      .filter(({ id }) => id !== 'current')
      .map(({ disks, ...point }) => ({
        ...point,
        readyAt: facts.readyAt,
        disks: disks.flatMap(disk => reportedDisks(disk, facts)),
      })),
    current: [],
    findings: tree.findings,
    totals: { dataBytes: 48 * MIB, zeroBytes: 0, writtenBytes: 48 * MIB, durationMs: 72_000 },
    ...rest,
  };
}

type ReportedDisk = ReportView['snapshots'][number]['disks'][number];

/** One that has no VolumeSnapshot is not reported. */
function reportedDisks(
  { disk, layerFile, format, dataBytes, volumeSnapshot }: TreeDiskView,
  { layerOf }: ReportFacts,
): ReportedDisk[] {
  if (volumeSnapshot === null) return [];
  const ownBytes = dataBytes ?? 4 * MIB;
  const layer: ReportLayerView = {
    file: layerFile,
    format,
    flag: 'migrated',
    manifest: {},
    manifestDigest: '5d41402abc4b2a76'.padEnd(64, '0'),
    dataBytes: ownBytes,
    zeroBytes: 0,
    writtenBytes: ownBytes,
    windowsDigest: '7d793037a0760186'.padEnd(64, '0'),
    stateDigest: volumeSnapshot.stateDigest,
    zerosBy: 'punch',
    readBackBy: 'direct',
    startedAt: AT,
    finishedAt: AT,
    ...layerOf(layerFile, disk),
  };
  return [
    {
      disk,
      volumeSnapshot,
      layers: [layer],
      proof: {
        kind: volumeSnapshot.proof,
        words: 'the volume was read back before the cut; the VolumeSnapshot itself was not read',
        at: volumeSnapshot.provedAt ?? volumeSnapshot.readyAt,
      },
    },
  ];
}
