/** Plans of a VM with two disks and a line of snapshots. */
import type { PlanView } from '../plan-view';
import { GIB, MIB } from './build-migrations';

type PlannedSnapshot = PlanView['snapshots'][number];

/** Taken on the day of November that its id says. */
export function plannedSnapshotOf(
  rest: Partial<PlannedSnapshot> & Pick<PlannedSnapshot, 'id'>,
): PlannedSnapshot {
  return {
    name: `snapshot ${rest.id}`,
    description: '',
    createdAtUs: Date.UTC(2026, 10, Number(rest.id)) * 1000,
    kept: true,
    costBytes: MIB,
    costMs: 5_000,
    volumeSnapshotIds: [],
    ...rest,
  };
}

function diskOfPlan(id: string, label: string, rootFile: string): PlanView['disks'][number] {
  return { id, label, rootFile, sizeBytes: GIB, storageClass: 'fast' };
}

export function planOf(rest: Partial<PlanView> = {}): PlanView {
  const snapshots = rest.snapshots ?? [
    plannedSnapshotOf({ id: '1' }),
    plannedSnapshotOf({ id: '2', parentId: '1' }),
    plannedSnapshotOf({ id: '3', parentId: '2' }),
  ];
  return {
    version: 1,
    digest: 'd'.repeat(64),
    vm: { source: 'lab', id: 'vm-1', name: 'web-1', location: '/srv/vms/web-1/web-1.vmx' },
    target: 'cluster',
    options: {},
    disks: [
      diskOfPlan('disk-a', 'scsi0:0', 'web-1.vmdk'),
      diskOfPlan('disk-b', 'scsi0:1', 'web-1_1.vmdk'),
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
      dataBytes: 3 * GIB,
      zeroBytes: 0,
      space: [{ storageClass: 'fast', neededBytes: 4 * GIB, freeBytes: 9 * GIB }],
      estimateMs: { low: 60_000, high: 120_000, basis: 'measured: fast 100 MiB/s' },
    },
    tree: {},
    ...rest,
  };
}
