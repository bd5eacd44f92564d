/**
 * Views of the example VM (engine's testing/example-vm.ts) in several states, for tests and for
 * looking at the output. Names, files and shape are those of a real run; figures are round.
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
  TreeStepView,
  TreeNodeView,
  TreeView,
  VolumeSnapshotView,
} from '@vm-migrate/api';

const MIB = 1024 * 1024;

export const VM_NAME = 'Büro-Server "Alpha" – пример';
export const MIGRATION_ID = 'm-9mbxaaqm';
export const PLAN_DIGEST = 'ee53d67b0b7e917532a54c0346a13bd87b45c552b6e4b1b819abbb7074a7aee1';
/** When all fixtures are looked at. */
export const NOW = new Date('2026-11-23T15:40:00.000Z');

export type TreeState = 'before' | 'running' | 'migrated';

export function progress(doneMib: number, totalMib: number, mibPerSecond = 0): ProgressView {
  const leftMib = totalMib - doneMib;
  return {
    bytesDone: doneMib * MIB,
    bytesTotal: totalMib * MIB,
    bytesPerSecond: mibPerSecond * MIB,
    etaMs:
      leftMib === 0 ? 0 : mibPerSecond > 0 ? Math.round((leftMib * 1000) / mibPerSecond) : null,
  };
}

export function migration(rest: Partial<MigrationView> = {}): MigrationView {
  return {
    id: MIGRATION_ID,
    group: null,
    source: 'lab',
    vm: VM_NAME,
    vmId: '224e328117c73f17',
    target: 'local',
    entity: null,
    owner: null,
    state: 'running',
    wanted: 'run',
    layers: { total: 11, migrated: 3, notWanted: 0 },
    snapshots: { total: 6, ready: 2 },
    progress: progress(24, 48, 12),
    startedBy: 'anna@laptop',
    createdAt: '2026-11-23T15:38:30.000Z',
    finishedAt: null,
    error: null,
    ...rest,
  };
}

export function step(rest: Partial<StepView> = {}): StepView {
  return {
    id: 'apply-1',
    kind: 'applyLayer',
    words: 'write Beispiel VM-000002.vmdk onto volume buro-server-alpha-scsi0-0-62f24a70bd',
    state: 'running',
    after: [],
    diskId: 'd0',
    weightBytes: 4 * MIB,
    progress: progress(2, 4, 12),
    waitsFor: null,
    waitsSince: null,
    worker: 'w-1',
    attempts: 1,
    error: null,
    startedAt: '2026-11-23T15:39:50.000Z',
    finishedAt: null,
    ...rest,
  };
}

export function diskStatus(rest: Partial<DiskStatusView> = {}): DiskStatusView {
  return {
    diskId: 'd0',
    label: 'scsi0:0',
    rootFile: 'Beispiel VM.vmdk',
    layers: { total: 7, migrated: 2 },
    progress: progress(18, 29, 12),
    now: [step()],
    ...rest,
  };
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
    waitsFor: 'hostpath.csi.k8s.io to finish buro-server-alpha-scsi0-1-datenbank-dazu-7f4914702e',
    waitsSince: '2026-11-23T15:39:18.000Z',
  });
  const failure = {
    code: 'VOLUME_FULL',
    message:
      'The target has no space left. Where: buro-server-alpha-scsi0-0-62f24a70bd. Expected: 4 MiB free. Found: 1.2 MiB.',
    hint: 'Free space in class fast, then: kubectl vm-migrate retry m-9mbxaaqm',
    where: { object: 'buro-server-alpha-scsi0-0-62f24a70bd' },
  };
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
        ...migration({ state: 'failed', error: failure, finishedAt: '2026-11-23T15:40:00.000Z' }),
        now: [],
        disks: [
          diskStatus({
            progress: progress(18, 29),
            now: [step({ state: 'failed', error: failure })],
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

export const FINDINGS: readonly FindingView[] = [
  {
    id: 'memory-not-carried:2',
    kind: 'memory-not-carried',
    severity: 'warns',
    object: 'Before "5.0" upgrade',
    cause: 'The snapshot holds the memory of the running VM.',
    remedy:
      'Nothing to do: the disks are migrated as they were at that moment, as after a power cut; the memory image stays at the source.',
    acceptable: true,
  },
];

interface Point {
  readonly id: string;
  readonly parentId: string | null;
  readonly name: string;
  readonly description?: string;
  readonly facts?: Partial<TreeNodeView>;
  /** Layer file by disk, own MiB, object name. */
  readonly layers: readonly (readonly [
    slot: string,
    file: string,
    mib: number,
    object: string | null,
  ])[];
}

const POINTS: readonly Point[] = [
  {
    id: '1',
    parentId: null,
    name: '"Fresh install"',
    description: 'Straight from the installer.\nNo updates yet.',
    facts: { quiesced: true },
    layers: [['scsi0:0', 'Beispiel VM.vmdk', 18, 'fresh-install-24b9d03208']],
  },
  {
    id: '2',
    parentId: '1',
    name: 'Before "5.0" upgrade',
    description: 'with | bars and 50 % of the disk',
    facts: { memory: true },
    layers: [['scsi0:0', 'Beispiel VM-000001.vmdk', 5, 'before-5-0-upgrade-4ceceef0c1']],
  },
  {
    id: '3',
    parentId: '2',
    name: 'Datenbank dazu / база данных',
    layers: [
      ['scsi0:0', 'Beispiel VM-000002.vmdk', 1.25, 'datenbank-dazu-099aab86a8'],
      ['scsi0:1', 'Beispiel VM_1.vmdk', 10, 'datenbank-dazu-7f4914702e'],
    ],
  },
  {
    id: '4',
    parentId: '2',
    name: 'Versuch: andere Bibliothek',
    description: 'side branch',
    layers: [['scsi0:0', 'Beispiel VM-000003.vmdk', 5.25, 'versuch-andere-bib-944e3e26cd']],
  },
  {
    id: '5',
    parentId: '3',
    name: 'nach dem Test 100 % grün',
    description: 'leaf',
    layers: [
      ['scsi0:0', 'Beispiel VM-000004.vmdk', 0.9375, 'nach-dem-test-100-b58752df38'],
      ['scsi0:1', 'Beispiel VM_1-000001.vmdk', 3.5, 'nach-dem-test-100-e50ab6b4fa'],
    ],
  },
  {
    id: '6',
    parentId: '3',
    name: '本番前 ✓',
    facts: { quiesced: false },
    layers: [
      ['scsi0:0', 'Beispiel VM-000005.vmdk', 2.25, 'snapshot-9524113d4e'],
      ['scsi0:1', 'Beispiel VM_1-000002.vmdk', 1.75, 'snapshot-bd3bd68c6a'],
    ],
  },
  {
    id: 'current',
    parentId: '6',
    name: 'you are here',
    layers: [
      ['scsi0:0', 'Beispiel VM-000006.vmdk', 0.5625, null],
      ['scsi0:1', 'Beispiel VM_1-000003.vmdk', 0.5, null],
    ],
  },
];

export function tree(state: TreeState): TreeView {
  return {
    source: 'lab',
    vm: VM_NAME,
    vmId: '224e328117c73f17',
    location: '/srv/vms/beispiel/Beispiel VM.vmx',
    power: 'off',
    migration: state === 'before' ? null : state === 'running' ? migration() : status('migrated'),
    nodes: POINTS.map((point, index) => node(point, index, state)),
    disks: [
      { id: 'd0', label: 'scsi0:0', rootFile: 'Beispiel VM.vmdk', sizeBytes: 256 * MIB },
      { id: 'd1', label: 'scsi0:1', rootFile: 'Beispiel VM_1.vmdk', sizeBytes: 256 * MIB },
    ],
    findings: FINDINGS,
  };
}

function node(
  { layers, facts, description = '', ...point }: Point,
  index: number,
  state: TreeState,
): TreeNodeView {
  const minute = String(30 + 7 * index).padStart(2, '0');
  return {
    ...point,
    description,
    createdAt:
      point.id === 'current' || Number(minute) > 59 ? null : `2023-05-17T09:${minute}:00.000Z`,
    quiesced: null,
    memory: false,
    kept: true,
    mergedInto: null,
    disks: layers.map(([disk, file, mib, object]) =>
      treeDisk({ disk, file, mib, object, point: point.id }, state),
    ),
    ...facts,
  };
}

interface DiskFacts {
  readonly disk: string;
  readonly file: string;
  readonly mib: number;
  readonly object: string | null;
  readonly point: string;
}

function treeDisk({ disk, file, mib, object, point }: DiskFacts, state: TreeState): TreeDiskView {
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
  return {
    disk,
    layerFile: file,
    format: 'hosted-sparse',
    dataBytes: state === 'before' ? null : mib * MIB,
    zeroBytes: state === 'before' ? null : 0,
    flag,
    state: words,
    stage: STAGES[words] ?? 'needs-migration',
    step: words.startsWith('copying') ? copyingStep() : null,
    volumeSnapshot:
      state === 'before' || object === null ? null : volumeSnapshot(disk, object, file, done),
  };
}

const STAGES: Readonly<Record<string, TreeStageView>> = {
  migrated: 'ready',
  'not migrated': 'not-migrated',
  'copying 42 %': 'copying',
};

function copyingStep(): TreeStepView {
  const {
    after: _a,
    diskId: _d,
    weightBytes: _w,
    startedAt: _s,
    finishedAt: _f,
    ...shown
  } = step();
  return shown;
}

export function volumeSnapshot(
  disk: string,
  object: string,
  layerFile: string,
  done: boolean,
): VolumeSnapshotView {
  const name = `buro-server-alpha-${disk.replace(':', '-')}-${object}`;
  return {
    id: name,
    disk,
    name,
    purpose: 'snapshot',
    state: done ? 'ready' : 'planned',
    handle: done ? `/srv/fast/${name}.raw` : null,
    layerFile,
    stateSizeBytes: 256 * MIB,
    stateDigest: done ? `${object.slice(-10)}77a0c41b1e5f`.padEnd(64, '0') : null,
    volumeDigest: null,
    proof: done ? (object.includes('snapshot') ? 'sampled' : 'volume') : null,
    readyAt: done ? '2026-11-23T15:39:20.000Z' : null,
    provedAt: done ? '2026-11-23T15:39:20.000Z' : null,
  };
}

export function events(): readonly EventView[] {
  const event = (id: number, at: string, rest: Partial<EventView>): EventView => ({
    id,
    at: `2026-11-23T15:${at}.000Z`,
    migration: MIGRATION_ID,
    step: null,
    level: 'info',
    kind: 'step',
    actor: 'worker w-1',
    message: '',
    ...rest,
  });
  return [
    event(1, '38:30', {
      kind: 'started',
      actor: 'anna@laptop',
      message: `Migration of ${VM_NAME} to local accepted`,
    }),
    event(2, '38:34', { message: 'Done: prove that storage class fast supports snapshots' }),
    event(3, '39:18', {
      level: 'warning',
      message:
        'Waits for hostpath.csi.k8s.io to finish buro-server-alpha-scsi0-1-datenbank-dazu-7f4914702e',
    }),
    event(4, '39:55', {
      level: 'error',
      message: 'The target has no space left. Where: buro-server-alpha-scsi0-0-62f24a70bd.',
    }),
  ];
}

export function description(state: Parameters<typeof status>[0]): DescriptionView {
  const view = status(state);
  return {
    migration: view,
    planDigest: PLAN_DIGEST,
    steps: [
      ...view.disks.flatMap(({ now }) => now),
      step({ id: 'later', state: 'blocked', progress: null }),
    ],
    volumes: [
      {
        name: 'buro-server-alpha-scsi0-0-62f24a70bd',
        disk: 'scsi0:0',
        role: 'main',
        storageClass: 'fast',
        sizeBytes: 256 * MIB,
        state: 'there',
        holds: 'Beispiel VM-000001.vmdk',
      },
      {
        name: 'buro-server-alpha-scsi0-0-side-e551e19c86',
        disk: 'scsi0:0',
        role: 'branch',
        storageClass: 'fast',
        sizeBytes: 256 * MIB,
        state: 'planned',
        holds: null,
      },
    ],
    findings: FINDINGS,
    events: events(),
    next: [
      {
        command: `kubectl vm-migrate retry ${MIGRATION_ID}`,
        why: 'try again when the cause is gone',
      },
    ],
  };
}

export function place(rest: Partial<PlaceView> = {}): PlaceView {
  return {
    database: 'embedded, /home/anna/.local/state/vm-migrate',
    storeId: 's-4f2a9c',
    schemaVersion: 1,
    sources: ['lab'],
    targets: ['local'],
    workers: 1,
    migrations: { running: 1, paused: 0, failed: 0, migrated: 2, canceled: 0 },
    ...rest,
  };
}

export function report(): ReportView {
  const view = tree('migrated');
  const files = new Map(POINTS.map(({ id, layers }) => [id, layers]));
  return {
    generatedAt: NOW.toISOString(),
    storeId: 's-4f2a9c',
    migration: migration({ ...status('migrated') }),
    planDigest: PLAN_DIGEST,
    namespace: null,
    snapshots: view.nodes
      .filter(({ id }) => id !== 'current')
      .map(({ disks, ...rest }) => ({
        id: rest.id,
        name: rest.name,
        description: rest.description,
        createdAt: rest.createdAt,
        quiesced: rest.quiesced,
        memory: rest.memory,
        parentId: rest.parentId,
        kept: rest.kept,
        mergedInto: rest.mergedInto,
        readyAt: '2026-11-23T15:39:20.000Z',
        disks: disks.flatMap(({ disk, volumeSnapshot: cut }) =>
          cut === null
            ? []
            : [
                {
                  disk,
                  volumeSnapshot: cut,
                  layers: (files.get(rest.id) ?? [])
                    .filter(([slot]) => slot === disk)
                    .map(([, file, mib]) => ({
                      file,
                      format: 'hosted-sparse',
                      flag: 'migrated' as const,
                      manifest: {
                        descriptorSha256: '00',
                        cid: 'fffffffe',
                        parentCid: 'ffffffff',
                        files: [
                          {
                            name: file,
                            sizeBytes: mib * MIB,
                            mtimeNs: '1684316220000000000',
                            inode: '7',
                            counters: { freeSector: '128' },
                          },
                        ],
                      },
                      manifestDigest: '5d41402abc4b2a76'.padEnd(64, '0'),
                      dataBytes: mib * MIB,
                      zeroBytes: 0,
                      writtenBytes: mib * MIB,
                      windowsDigest: '7d793037a0760186'.padEnd(64, '0'),
                      stateDigest: cut.stateDigest,
                      zerosBy: 'punch',
                      readBackBy: 'direct',
                      startedAt: '2026-11-23T15:39:10.000Z',
                      finishedAt: '2026-11-23T15:39:12.000Z',
                    })),
                  proof: {
                    kind: cut.proof,
                    words:
                      'the volume was read back before the cut; the VolumeSnapshot itself was not read',
                    at: cut.provedAt,
                  },
                },
              ],
        ),
      })),
    current: [
      {
        disk: 'scsi0:0',
        volume: 'buro-server-alpha-scsi0-0-62f24a70bd',
        layerFile: 'Beispiel VM-000006.vmdk',
        stateDigest: '24b9d032'.padEnd(64, '0'),
      },
    ],
    findings: FINDINGS,
    totals: { dataBytes: 48 * MIB, zeroBytes: 0, writtenBytes: 48 * MIB, durationMs: 72_000 },
  };
}
