/** Migrations, their steps, events, findings and objects. */
import type {
  DescriptionView,
  DiskStatusView,
  EventView,
  FindingView,
  MigrationView,
  ObjectView,
  ProgressView,
  QueuedStepView,
  StatusView,
  StepView,
} from '../views';

export const MIB = 1024 ** 2;
export const GIB = 1024 ** 3;

/** Of bytes, with the time left that follows from the rate; no rate: it is not known. */
export function progressOf(
  bytesDone: number,
  bytesTotal: number,
  bytesPerSecond = 0,
): ProgressView {
  const left = bytesTotal - bytesDone;
  const etaMs = bytesPerSecond > 0 ? Math.round((left * 1000) / bytesPerSecond) : null;
  return { bytesDone, bytesTotal, bytesPerSecond, etaMs: left === 0 ? 0 : etaMs };
}

export function migrationOf(rest: Partial<MigrationView> = {}): MigrationView {
  return {
    id: 'm-1',
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
    progress: progressOf(25, 100),
    startedBy: 'user:default/ann',
    createdAt: '2026-11-28T02:00:00.000Z',
    finishedAt: null,
    beginsAt: null,
    waits: null,
    error: null,
    ...rest,
  };
}

export function stepOf(rest: Partial<StepView> = {}): StepView {
  return {
    id: 'apply-1',
    kind: 'applyLayer',
    words: 'write web-1.vmdk onto volume web-1-scsi0-0-62f24a70bd',
    state: 'done',
    after: [],
    diskId: 'd0',
    weightBytes: 4 * MIB,
    progress: null,
    waitsFor: null,
    waitsSince: null,
    worker: null,
    attempts: 1,
    error: null,
    startedAt: null,
    finishedAt: null,
    ...rest,
  };
}

/** A step as a queue shows it. */
export function queuedStepOf(rest: Partial<QueuedStepView> = {}): QueuedStepView {
  const { after: _after, ...step } = stepOf();
  return {
    ...step,
    state: 'running',
    migration: 'm-1',
    vm: 'web-1',
    source: 'lab',
    target: 'cluster',
    storageClass: 'fast',
    disk: 'scsi0:0',
    ...rest,
  };
}

export function diskStatusOf(rest: Partial<DiskStatusView> = {}): DiskStatusView {
  return {
    diskId: 'd0',
    label: 'scsi0:0',
    rootFile: 'web-1.vmdk',
    layers: { total: 4, migrated: 1 },
    progress: progressOf(25, 100),
    now: [],
    ...rest,
  };
}

export function volumeOf(
  rest: Partial<DescriptionView['volumes'][number]> = {},
): DescriptionView['volumes'][number] {
  return {
    name: 'web-1-scsi0-0-62f24a70bd',
    disk: 'scsi0:0',
    role: 'main',
    storageClass: 'fast',
    sizeBytes: 64 * GIB,
    state: 'there',
    holds: null,
    ...rest,
  };
}

export function descriptionOf(
  migration: StatusView,
  rest: Partial<Omit<DescriptionView, 'migration'>> = {},
): DescriptionView {
  return {
    migration,
    planDigest: 'ee53d67b0b7e917532a54c0346a13bd87b45c552b6e4b1b819abbb7074a7aee1',
    steps: [],
    volumes: [volumeOf()],
    findings: [],
    events: [],
    next: [],
    ...rest,
  };
}

export function eventOf(id: number, rest: Partial<EventView> = {}): EventView {
  return {
    id,
    at: '2026-11-28T02:00:00.000Z',
    migration: 'm-1',
    step: null,
    level: 'info',
    kind: 'step-done',
    actor: 'worker w-1',
    message: '',
    ...rest,
  };
}

export function findingOf(rest: Partial<FindingView> = {}): FindingView {
  return {
    id: 'snapshot-dropped:side',
    kind: 'snapshot-dropped',
    severity: 'blocks',
    object: "snapshot 'side'",
    cause: 'It is not carried.',
    remedy: 'Keep it.',
    acceptable: true,
    ...rest,
  };
}

export function objectOf(rest: Partial<ObjectView> = {}): ObjectView {
  return {
    migration: 'm-1',
    vm: 'web-1',
    target: 'cluster',
    kind: 'volume-snapshot',
    name: 'web-1-scsi0-0-before-upgrade-24b9d03208',
    disk: 'scsi0:0',
    purpose: 'snapshot',
    snapshot: null,
    state: 'there',
    ...rest,
  };
}
