/**
 * The contract of this folder: what the Store remembers, as rows. One implementation, PostgreSQL;
 * the functions that read and write these rows stand in the files beside this one, one subject a
 * file, and take a Tx, so that a step's result, its flag and the wake-up of its children commit
 * together.
 */
import type { ErrorData } from '../errors';
import type { Receipt } from '../mover/mover';
import type { Plan, StepKindName } from '../plan/plan';

export type MigrationState = 'running' | 'paused' | 'failed' | 'migrated' | 'canceled';
export type Wanted = 'run' | 'pause' | 'cancel';

/** What happens to the objects on the target when a migration is canceled. */
export type CancelChoice = 'keep-all' | 'keep-snapshots' | 'remove-all';

export interface MigrationRow {
  readonly id: string;
  readonly groupId: string | null;
  readonly sourceName: string;
  readonly targetName: string;
  readonly vmId: string;
  readonly vmName: string;
  readonly planDigest: string;
  readonly wanted: Wanted;
  readonly cancelChoice: CancelChoice | null;
  readonly state: MigrationState;
  readonly startedBy: string;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
  /** When it begins by itself; null: it has begun, or waits for somebody to resume it. */
  readonly beginsAt: Date | null;
  /** The VM in the catalog and its owner there, as entity refs. */
  readonly entityRef: string | null;
  readonly ownerRef: string | null;
  /** Where the target's objects are, if it has namespaces. */
  readonly targetNamespace: string | null;
}

export type StepState =
  'blocked' | 'ready' | 'queued' | 'running' | 'waiting' | 'done' | 'failed' | 'canceled';

export interface StepRow {
  readonly migrationId: string;
  readonly stepId: string;
  readonly ordinal: number;
  readonly kind: StepKindName;
  readonly priority: number;
  readonly weightBytes: number;
  readonly storageClass: string;
  readonly diskId: string | null;
  readonly volumeId: string | null;
  readonly layerId: string | null;
  readonly volumeSnapshotId: string | null;
  readonly state: StepState;
  readonly fence: number;
  readonly attempts: number;
  readonly leaseOwner: string | null;
  readonly leaseUntil: Date | null;
  readonly reason: string | null;
  readonly reasonSince: Date | null;
  readonly error: ErrorData | null;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

export type LayerFlag = 'needs migration' | 'migrated' | 'not wanted';

export interface LayerRow {
  readonly migrationId: string;
  readonly layerId: string;
  readonly diskId: string;
  readonly diskLabel: string;
  readonly parentId: string | null;
  readonly ordinal: number;
  readonly file: string;
  readonly format: string;
  readonly sizeBytes: number;
  readonly dataBytes: number;
  readonly zeroBytes: number;
  readonly manifestDigest: string;
  readonly flag: LayerFlag;
  readonly reason: string | null;
  readonly receipt: Receipt | null;
  readonly migratedAt: Date | null;
  readonly goneAtSource: Date | null;
}

export interface SnapshotRow {
  readonly migrationId: string;
  readonly snapshotId: string;
  readonly parentId: string | null;
  readonly ordinal: number;
  readonly name: string;
  readonly description: string;
  readonly createdAtUs: number | null;
  readonly quiesced: boolean | null;
  readonly kept: boolean;
  readonly mergedInto: string | null;
  readonly readyAt: Date | null;
}

export interface VolumeRow {
  readonly migrationId: string;
  readonly volumeId: string;
  readonly diskId: string;
  readonly role: 'main' | 'branch';
  readonly baseName: string;
  readonly generation: number;
  readonly storageClass: string;
  readonly sizeBytes: number;
  readonly restoredFrom: string | null;
  readonly contentLayerId: string | null;
  readonly madeAt: Date | null;
  readonly removedAt: Date | null;
}

export type Proof = 'volume' | 'sampled' | 'full';

export interface VolumeSnapshotRow {
  readonly migrationId: string;
  readonly volumeSnapshotId: string;
  readonly name: string;
  readonly volumeId: string;
  readonly diskId: string;
  readonly layerId: string;
  readonly purpose: 'snapshot' | 'fork' | 'current';
  readonly snapshotId: string | null;
  readonly state: 'planned' | 'ready' | 'removed';
  readonly stateSizeBytes: number;
  readonly handle: string | null;
  readonly stateDigest: string | null;
  readonly volumeDigest: string | null;
  readonly tableSha256: string | null;
  readonly proof: Proof | null;
  readonly proofDetail: Readonly<Record<string, unknown>> | null;
  readonly readyAt: Date | null;
  readonly provedAt: Date | null;
}

export interface EventRow {
  readonly id: number;
  readonly at: Date;
  readonly migrationId: string | null;
  readonly stepId: string | null;
  readonly level: 'info' | 'warning' | 'error';
  readonly kind: string;
  readonly actor: string;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>> | null;
}

export interface ProgressRow {
  readonly stepId: string;
  readonly fence: number;
  readonly workerId: string;
  readonly phase: string | null;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly bytesPerSecond: number;
  readonly updatedAt: Date;
}

export interface WorkerRow {
  readonly id: string;
  readonly poolId: string | null;
  readonly surface: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly serves: { readonly sources?: readonly string[]; readonly targets?: readonly string[] };
  readonly startedAt: Date;
  readonly heartbeatAt: Date;
}

export interface PlaceRow {
  readonly name: string;
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly credentialRef: string | null;
  /** Host that can reach it; null: any. */
  readonly host: string | null;
}

export interface LimitRow {
  readonly scope: string;
  readonly maxRunning: number | null;
  readonly bytesPerSecond: number | null;
  readonly changedBy: string;
  readonly changedAt: Date;
}

export type { Plan };

/** Name of the volume's present generation on the target. */
export function volumeName(volume: Pick<VolumeRow, 'baseName' | 'generation'>): string {
  return volume.generation === 1 ? volume.baseName : `${volume.baseName}-g${volume.generation}`;
}
