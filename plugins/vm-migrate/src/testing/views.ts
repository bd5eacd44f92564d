/** Answers for tests of pages: whole ones, of which a test names what it is about. */
import type {
  MigrationView,
  ObjectView,
  PlanView,
  TargetClassView,
  TargetView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';

export function migrationView(of: Partial<MigrationView> & { readonly id: string }): MigrationView {
  return {
    group: null,
    source: 'lab',
    vm: 'web-1',
    vmId: 'vm-1',
    target: 'cluster',
    entity: null,
    owner: null,
    state: 'running',
    wanted: 'run',
    layers: { total: 4, migrated: 1, notWanted: 0 },
    snapshots: { total: 3, ready: 1 },
    progress: { bytesDone: 25, bytesTotal: 100, bytesPerSecond: 0, etaMs: null },
    startedBy: 'user:default/ann',
    createdAt: '2026-11-28T02:00:00.000Z',
    finishedAt: null,
    error: null,
    ...of,
  };
}

export function objectView(of: Partial<ObjectView> & { readonly name: string }): ObjectView {
  return {
    migration: 'm-1',
    vm: 'web-1',
    target: 'cluster',
    kind: 'volume-snapshot',
    disk: 'scsi0:0',
    purpose: 'snapshot',
    snapshot: null,
    state: 'there',
    ...of,
  };
}

type PlannedSnapshot = PlanView['snapshots'][number];

export function plannedSnapshot(
  of: Partial<PlannedSnapshot> & { readonly id: string },
): PlannedSnapshot {
  return {
    name: `snapshot ${of.id}`,
    description: '',
    createdAtUs: Date.UTC(2026, 10, Number(of.id)) * 1000,
    kept: true,
    costBytes: 1024 ** 2,
    volumeSnapshotIds: [],
    ...of,
  };
}

export function planView(of: Partial<PlanView> = {}): PlanView {
  const snapshots = of.snapshots ?? [
    plannedSnapshot({ id: '1' }),
    plannedSnapshot({ id: '2', parentId: '1' }),
    plannedSnapshot({ id: '3', parentId: '2' }),
  ];
  return {
    version: 1,
    digest: 'd'.repeat(64),
    vm: { source: 'lab', id: 'vm-1', name: 'web-1', location: '/vms/web-1/web-1.vmx' },
    target: 'cluster',
    options: {},
    disks: [
      {
        id: 'disk-a',
        label: 'scsi0:0',
        rootFile: 'web-1.vmdk',
        sizeBytes: 1024 ** 3,
        storageClass: 'fast',
      },
      {
        id: 'disk-b',
        label: 'scsi0:1',
        rootFile: 'web-1_1.vmdk',
        sizeBytes: 1024 ** 3,
        storageClass: 'fast',
      },
    ],
    layers: [],
    volumes: [],
    volumeSnapshots: [],
    snapshots,
    current: { snapshotId: snapshots.at(-1)?.id },
    steps: [],
    findings: [],
    totals: {
      layers: 4,
      volumes: 2,
      volumeSnapshots: 6,
      dataBytes: 3 * 1024 ** 3,
      zeroBytes: 0,
      space: [{ storageClass: 'fast', neededBytes: 4 * 1024 ** 3, freeBytes: 9 * 1024 ** 3 }],
      estimateMs: { low: 60_000, high: 120_000, basis: 'measured: fast 100 MiB/s' },
    },
    tree: {},
    ...of,
  };
}

export function targetView(of: Partial<TargetView> = {}): TargetView {
  return {
    name: 'cluster',
    kind: 'kubernetes',
    isDefault: true,
    location: 'cluster lab',
    namespaces: ['vms'],
    error: null,
    classes: [classView({ name: 'fast', isDefault: true }), classView({ name: 'bulk' })],
    ...of,
  };
}

export function classView(
  of: Partial<TargetClassView> & { readonly name: string },
): TargetClassView {
  return {
    isDefault: false,
    defaultBecause: null,
    snapshots: { how: 'csi', reason: null },
    proof: {
      outcome: 'passed',
      at: '2026-11-28T02:00:00.000Z',
      ageMs: 60_000,
      snapshotsOutliveVolume: true,
      writeBytesPerSecond: 100 * 1024 ** 2,
      error: null,
    },
    freeBytes: 9 * 1024 ** 3,
    maxSnapshotsPerVolume: null,
    restoresWithoutCopy: null,
    gate: 'readyToUse',
    sizeStepBytes: 4096,
    notes: [],
    ...of,
  };
}
