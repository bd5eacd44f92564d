/**
 * Views of the example VM in several states, for tests and for looking at the output. Names, files and
 * shape are those of a real run; figures are round.
 */
import type {
  DescriptionView,
  DiskStatusView,
  EventView,
  FindingView,
  LayerFlagView,
  MigrationView,
  PlaceView,
  ProgressView,
  ReportView,
  StatusView,
  StepView,
  TreeDiskView,
  TreeStageView,
  TreeNodeView,
  TreeView,
  VolumeSnapshotView,
} from '@vm-migrate/api';
import {
  descriptionOf,
  diskStatusOf,
  eventOf,
  EXAMPLE_POINTS,
  exampleCut,
  MAIN_VOLUME,
  MEMORY_FINDING,
  MIB,
  MIGRATION_ID,
  migrationOf,
  placeOf,
  PLANNED_CUT,
  pointOf,
  progressOf,
  reportOf,
  stepOf,
  takenAt,
  treeDiskOf,
  treeStepOf,
  VM_ID,
  VM_LOCATION,
  VM_NAME,
  VOLUME_FULL,
  volumeOf,
  volumeSnapshotOf,
  WAITS_FOR_DRIVER,
  type ExampleLayer,
  type ExamplePoint,
} from '../../../packages/api/src/testing';

export { VM_NAME, WAITS_FOR_PLACE } from '../../../packages/api/src/testing';
/** When all fixtures are looked at. */
export const NOW = new Date('2026-11-23T15:40:00.000Z');

export type TreeState = 'before' | 'running' | 'migrated';

export function progress(doneMib: number, totalMib: number, mibPerSecond = 0): ProgressView {
  return progressOf(doneMib * MIB, totalMib * MIB, mibPerSecond * MIB);
}

export function migration(rest: Partial<MigrationView> = {}): MigrationView {
  return migrationOf({
    id: MIGRATION_ID,
    vm: VM_NAME,
    vmId: VM_ID,
    target: 'local',
    layers: { total: 11, migrated: 3, notWanted: 0 },
    snapshots: { total: 6, ready: 2 },
    progress: progress(24, 48, 12),
    startedBy: 'anna@laptop',
    createdAt: '2026-11-23T15:38:30.000Z',
    ...rest,
  });
}

export function step(rest: Partial<StepView> = {}): StepView {
  return stepOf({
    words: `write Beispiel VM-000002.vmdk onto volume ${MAIN_VOLUME}`,
    state: 'running',
    progress: progress(2, 4, 12),
    worker: 'w-1',
    startedAt: '2026-11-23T15:39:50.000Z',
    ...rest,
  });
}

export function diskStatus(rest: Partial<DiskStatusView> = {}): DiskStatusView {
  return diskStatusOf({
    rootFile: 'Beispiel VM.vmdk',
    layers: { total: 7, migrated: 2 },
    progress: progress(18, 29, 12),
    now: [step()],
    ...rest,
  });
}

const database = {
  diskId: 'd1',
  label: 'scsi0:1',
  rootFile: 'Beispiel VM_1.vmdk',
  layers: { total: 4, migrated: 1 },
  progress: progress(6, 19),
};

export function status(state: 'running' | 'stalled' | 'failed' | 'migrated'): StatusView {
  const cut = step({
    id: 'cut-1',
    kind: 'takeSnapshot',
    diskId: 'd1',
    words:
      'take VolumeSnapshot buro-server-alpha-scsi0-1-datenbank-dazu-7f4914702e (snapshot "Datenbank dazu / база данных")',
    state: 'waiting',
    weightBytes: 0,
    progress: null,
    waitsFor: WAITS_FOR_DRIVER,
    waitsSince: '2026-11-23T15:39:18.000Z',
  });
  switch (state) {
    case 'running':
      return {
        ...migration(),
        now: [],
        disks: [
          diskStatus(),
          {
            ...database,
            progress: progress(6, 19, 3),
            now: [
              step({
                id: 'apply-9',
                diskId: 'd1',
                words:
                  'write Beispiel VM_1-000002.vmdk onto volume buro-server-alpha-scsi0-1-b73a5ee030',
              }),
            ],
          },
        ],
      };
    case 'stalled':
      return { ...migration(), now: [], disks: [diskStatus(), { ...database, now: [cut] }] };
    case 'failed':
      return {
        ...migration({
          state: 'failed',
          error: VOLUME_FULL,
          finishedAt: '2026-11-23T15:40:00.000Z',
        }),
        now: [],
        disks: [
          diskStatus({
            progress: progress(18, 29),
            now: [step({ state: 'failed', error: VOLUME_FULL })],
          }),
          { ...database, now: [] },
        ],
      };
    case 'migrated':
      return {
        ...migration({
          state: 'migrated',
          layers: { total: 11, migrated: 11, notWanted: 0 },
          snapshots: { total: 6, ready: 6 },
          progress: progress(48, 48),
          finishedAt: '2026-11-23T15:39:42.000Z',
        }),
        now: [],
        disks: [
          diskStatus({ layers: { total: 7, migrated: 7 }, progress: progress(29, 29), now: [] }),
          { ...database, layers: { total: 4, migrated: 4 }, progress: progress(19, 19), now: [] },
        ],
      };
  }
}

export const FINDINGS: readonly FindingView[] = [MEMORY_FINDING];

export function tree(state: TreeState): TreeView {
  return {
    source: 'lab',
    vm: VM_NAME,
    vmId: VM_ID,
    location: VM_LOCATION,
    power: 'off',
    migration: state === 'before' ? null : state === 'running' ? migration() : status('migrated'),
    nodes: EXAMPLE_POINTS.map((point, index) => node(point, index, state)),
    disks: [
      { id: 'd0', label: 'scsi0:0', rootFile: 'Beispiel VM.vmdk', sizeBytes: 256 * MIB },
      { id: 'd1', label: 'scsi0:1', rootFile: 'Beispiel VM_1.vmdk', sizeBytes: 256 * MIB },
    ],
    findings: FINDINGS,
  };
}

function node(
  { layers, facts, ...point }: ExamplePoint,
  index: number,
  state: TreeState,
): TreeNodeView {
  return pointOf({
    ...point,
    createdAt: point.id === 'current' ? null : takenAt(index),
    disks: layers.map(layer => treeDisk(layer, point.id, state)),
    ...facts,
  });
}

function treeDisk(
  { disk, file, ownMib, cut }: ExampleLayer,
  point: string,
  state: TreeState,
): TreeDiskView {
  const done = state === 'migrated' || (state === 'running' && ['1', '2'].includes(point));
  const words = done
    ? 'migrated'
    : state === 'before'
      ? 'not migrated'
      : point === '3' && disk === 'scsi0:0'
        ? 'copying 42 %'
        : 'needs migration';
  const flag: LayerFlagView | null =
    state === 'before' ? null : done ? 'migrated' : 'needs migration';
  return treeDiskOf({
    disk,
    layerFile: file,
    dataBytes: state === 'before' ? null : ownMib * MIB,
    zeroBytes: state === 'before' ? null : 0,
    flag,
    state: words,
    stage: STAGES[words] ?? 'needs-migration',
    step: words.startsWith('copying') ? copyingStep() : null,
    volumeSnapshot:
      state === 'before' || cut === null ? null : volumeSnapshot(disk, cut, file, done),
  });
}

const STAGES: Readonly<Record<string, TreeStageView>> = {
  migrated: 'ready',
  'not migrated': 'not-migrated',
  'copying 42 %': 'copying',
};

function copyingStep() {
  const { id, kind, words, state, progress: done } = step();
  return treeStepOf({ id, kind, words, state, progress: done });
}

export function volumeSnapshot(
  disk: string,
  cut: string,
  layerFile: string,
  done: boolean,
): VolumeSnapshotView {
  const name = exampleCut(disk, cut);
  const shared = { name, disk, layerFile, stateSizeBytes: 256 * MIB };
  if (!done) return volumeSnapshotOf({ ...shared, ...PLANNED_CUT });
  return volumeSnapshotOf({
    ...shared,
    handle: `/srv/fast/${name}.raw`,
    stateDigest: `${cut.slice(-10)}77a0c41b1e5f`.padEnd(64, '0'),
    proof: cut.includes('snapshot') ? 'sampled' : 'volume',
    readyAt: '2026-11-23T15:39:20.000Z',
    provedAt: '2026-11-23T15:39:20.000Z',
  });
}

export function events(): readonly EventView[] {
  const event = (id: number, at: string, rest: Partial<EventView>): EventView =>
    eventOf(id, { at: `2026-11-23T15:${at}.000Z`, migration: MIGRATION_ID, kind: 'step', ...rest });
  return [
    event(1, '38:30', {
      kind: 'started',
      actor: 'anna@laptop',
      message: `Migration of ${VM_NAME} to local accepted`,
    }),
    event(2, '38:34', { message: 'Done: prove that storage class fast supports snapshots' }),
    event(3, '39:18', {
      level: 'warning',
      message: `Waits for ${WAITS_FOR_DRIVER}`,
    }),
    event(4, '39:55', {
      level: 'error',
      message: 'The target has no space left. Where: buro-server-alpha-scsi0-0-62f24a70bd.',
    }),
  ];
}

export function description(state: Parameters<typeof status>[0]): DescriptionView {
  const view = status(state);
  return descriptionOf(view, {
    steps: [
      ...view.disks.flatMap(({ now }) => now),
      step({ id: 'later', state: 'blocked', progress: null }),
    ],
    volumes: [
      volumeOf({ name: MAIN_VOLUME, sizeBytes: 256 * MIB, holds: 'Beispiel VM-000001.vmdk' }),
      volumeOf({
        name: 'buro-server-alpha-scsi0-0-side-e551e19c86',
        role: 'branch',
        sizeBytes: 256 * MIB,
        state: 'planned',
      }),
    ],
    findings: FINDINGS,
    events: events(),
    next: [
      {
        command: `kubectl vm-migrate retry ${MIGRATION_ID}`,
        why: 'try again when the cause is gone',
      },
    ],
  });
}

export function place(rest: Partial<PlaceView> = {}): PlaceView {
  return placeOf({ targets: ['local'], ...rest });
}

export function report(): ReportView {
  return reportOf({
    tree: tree('migrated'),
    migration: migration({ ...status('migrated') }),
    generatedAt: NOW.toISOString(),
    readyAt: '2026-11-23T15:39:20.000Z',
    layerOf: file => ({
      manifest: manifestOf(file),
      startedAt: '2026-11-23T15:39:10.000Z',
      finishedAt: '2026-11-23T15:39:12.000Z',
    }),
    rest: {
      current: [
        {
          disk: 'scsi0:0',
          volume: MAIN_VOLUME,
          layerFile: 'Beispiel VM-000006.vmdk',
          stateDigest: '24b9d032'.padEnd(64, '0'),
        },
      ],
    },
  });
}

function manifestOf(file: string): object {
  const own = EXAMPLE_POINTS.flatMap(({ layers }) => layers).find(layer => layer.file === file);
  return {
    descriptorSha256: '00',
    cid: 'fffffffe',
    parentCid: 'ffffffff',
    files: [
      {
        name: file,
        sizeBytes: (own?.ownMib ?? 0) * MIB,
        mtimeNs: '1684316220000000000',
        inode: '7',
        counters: { freeSector: '128' },
      },
    ],
  };
}
