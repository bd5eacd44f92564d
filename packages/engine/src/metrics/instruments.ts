/**
 * The contract of this folder: every instrument that the engine has, in one list. The engine knows
 * the OpenTelemetry API only: without a provider nothing is kept and nothing costs. Who runs a worker
 * brings one (`kubectl vm-migrate worker --metrics-port`).
 *
 * Names and units follow OpenTelemetry's conventions; times are seconds, sizes bytes. Attributes have
 * few values: kinds, states, codes and names of storage classes, never a VM, a disk or an object.
 * docs/operations.md describes each; a test compares the two.
 */

export interface MetricDefinition {
  readonly name: string;
  /** `gauge`: asked for when somebody looks. */
  readonly type: 'counter' | 'histogram' | 'gauge';
  /** UCUM: `s`, `By`, or what is counted in braces. */
  readonly unit: string;
  readonly description: string;
  readonly attributes: readonly string[];
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
}

const FAST_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const SLOW_S = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400];

/** What this worker did since it started. */
export const RECORDED = {
  stepEnded: {
    name: 'vm_migrate.step.ended',
    type: 'counter',
    unit: '{step}',
    description: 'Steps that this worker ended or put off.',
    attributes: ['kind', 'outcome'],
  },
  stepDuration: {
    name: 'vm_migrate.step.duration',
    type: 'histogram',
    unit: 's',
    description: 'From the claim of a step by this worker to its end.',
    attributes: ['kind', 'outcome'],
    buckets: SLOW_S,
  },
  copied: {
    name: 'vm_migrate.copy.io',
    type: 'counter',
    unit: 'By',
    description: 'Bytes of layers that were written, flushed, read back and stored as done.',
    attributes: ['extent'],
  },
  verified: {
    name: 'vm_migrate.verify.io',
    type: 'counter',
    unit: 'By',
    description: 'Bytes that were read back and compared.',
    attributes: ['method'],
  },
  moverRuns: {
    name: 'vm_migrate.mover.run',
    type: 'counter',
    unit: '{run}',
    description: 'Movers that began to copy a layer, from its start or where an earlier one ended.',
    attributes: ['start'],
  },
  volumeSnapshotReady: {
    name: 'vm_migrate.volume_snapshot.ready.duration',
    type: 'histogram',
    unit: 's',
    description: 'From the first look at a VolumeSnapshot to be taken until it is ready to use.',
    attributes: ['storage_class'],
    buckets: SLOW_S,
  },
  apiRequests: {
    name: 'vm_migrate.kubernetes.request.duration',
    type: 'histogram',
    unit: 's',
    description: 'Requests to API servers, each try; streams until they begin.',
    attributes: ['http.request.method', 'http.response.status_code'],
    buckets: FAST_S,
  },
  leasesLost: {
    name: 'vm_migrate.lease.lost',
    type: 'counter',
    unit: '{lease}',
    description: 'Steps that another worker took over while this one held them.',
    attributes: [],
  },
} as const satisfies Record<string, MetricDefinition>;

/** How things stand: of the whole database, the same from every worker, and of this worker. */
export const OBSERVED = {
  steps: {
    name: 'vm_migrate.step.count',
    type: 'gauge',
    unit: '{step}',
    description: 'Steps of migrations that are not over.',
    attributes: ['kind', 'state'],
  },
  layers: {
    name: 'vm_migrate.layer.count',
    type: 'gauge',
    unit: '{layer}',
    description: 'Bases and deltas by their flag.',
    attributes: ['flag'],
  },
  migrations: {
    name: 'vm_migrate.migration.count',
    type: 'gauge',
    unit: '{migration}',
    description: 'Migrations by state.',
    attributes: ['state'],
  },
  queueDepth: {
    name: 'vm_migrate.queue.depth',
    type: 'gauge',
    unit: '{step}',
    description: 'Steps that are due and that no worker has taken.',
    attributes: [],
  },
  queueAge: {
    name: 'vm_migrate.queue.oldest_age',
    type: 'gauge',
    unit: 's',
    description: 'For how long the oldest of them has been due.',
    attributes: [],
  },
  waitAge: {
    name: 'vm_migrate.step.oldest_wait',
    type: 'gauge',
    unit: 's',
    description: 'For how long the step that waits longest has waited for the same thing.',
    attributes: [],
  },
  workers: {
    name: 'vm_migrate.worker.count',
    type: 'gauge',
    unit: '{worker}',
    description: 'Workers on this database that answer.',
    attributes: [],
  },
  stepsHeld: {
    name: 'vm_migrate.worker.step.held',
    type: 'gauge',
    unit: '{step}',
    description: 'Steps that this worker holds now.',
    attributes: [],
  },
  heartbeatAge: {
    name: 'vm_migrate.worker.heartbeat.age',
    type: 'gauge',
    unit: 's',
    description: "Since this worker's last heartbeat was stored.",
    attributes: [],
  },
  connections: {
    name: 'db.client.connection.count',
    type: 'gauge',
    unit: '{connection}',
    description: 'Connections of this worker to PostgreSQL.',
    attributes: ['db.client.connection.pool.name', 'db.client.connection.state'],
  },
  connectionsAwaited: {
    name: 'db.client.connection.pending_requests',
    type: 'gauge',
    unit: '{request}',
    description: 'Statements of this worker that wait for a connection.',
    attributes: ['db.client.connection.pool.name'],
  },
} as const satisfies Record<string, MetricDefinition>;

export const METRICS: readonly MetricDefinition[] = [
  ...Object.values(RECORDED),
  ...Object.values(OBSERVED),
];
