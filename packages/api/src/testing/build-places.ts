/** Sources, their VMs, targets and their classes, workers, limits. */
import type {
  LimitView,
  PlaceView,
  SourceView,
  TargetClassView,
  TargetView,
  VmView,
  WorkerView,
} from '../views';
import { GIB, MIB } from './build-migrations';

const AT = '2026-11-28T02:00:00.000Z';

export function sourceOf(rest: Partial<SourceView> = {}): SourceView {
  return {
    name: 'lab',
    kind: 'vm-directory',
    location: '/srv/vms',
    vms: 2,
    error: null,
    ...rest,
  };
}

/** Its id follows from its name. */
export function vmOf(rest: Partial<VmView> & Pick<VmView, 'name'>): VmView {
  return {
    source: 'lab',
    id: `id of ${rest.name}`,
    location: `/srv/vms/${rest.name}.vmx`,
    snapshots: null,
    migration: null,
    error: null,
    ...rest,
  };
}

export function classOf(
  rest: Partial<TargetClassView> & Pick<TargetClassView, 'name'>,
): TargetClassView {
  return {
    isDefault: false,
    defaultBecause: null,
    snapshots: { how: 'csi', reason: null },
    proof: {
      outcome: 'passed',
      at: AT,
      ageMs: 60_000,
      snapshotsOutliveVolume: true,
      writeBytesPerSecond: 100 * MIB,
      error: null,
    },
    freeBytes: 9 * GIB,
    maxSnapshotsPerVolume: null,
    restoresWithoutCopy: null,
    gate: 'readyToUse',
    sizeStepBytes: 4096,
    notes: [],
    ...rest,
  };
}

export function targetOf(rest: Partial<TargetView> = {}): TargetView {
  return {
    name: 'cluster',
    kind: 'kubernetes',
    isDefault: true,
    location: 'cluster lab',
    namespaces: ['vms'],
    error: null,
    classes: [classOf({ name: 'fast', isDefault: true }), classOf({ name: 'bulk' })],
    ...rest,
  };
}

export function workerOf(rest: Partial<WorkerView> = {}): WorkerView {
  return {
    id: 'w-1',
    surface: 'backstage',
    host: 'node-1',
    pid: 7,
    version: '1.0.0',
    sources: ['lab'],
    targets: ['cluster'],
    startedAt: AT,
    silentMs: 400,
    steps: 1,
    ...rest,
  };
}

export function limitOf(rest: Partial<LimitView> = {}): LimitView {
  return {
    scope: 'all',
    maxRunning: 4,
    bytesPerSecond: null,
    changedBy: 'user:default/ann',
    changedAt: AT,
    ...rest,
  };
}

export function placeOf(rest: Partial<PlaceView> = {}): PlaceView {
  return {
    database: 'embedded, /home/anna/.local/state/vm-migrate',
    storeId: 's-4f2a9c',
    schemaVersion: 1,
    sources: ['lab'],
    targets: ['cluster'],
    workers: 1,
    migrations: { running: 1, paused: 0, failed: 0, migrated: 2, canceled: 0 },
    ...rest,
  };
}
