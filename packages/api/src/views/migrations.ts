/** Migrations, how far they are, and their steps. */
import type { ErrorView, EventView, FindingView, ProgressView } from './trouble';

export type LayerFlagView = 'needs migration' | 'migrated' | 'not wanted';
export type MigrationStateView = 'running' | 'paused' | 'failed' | 'migrated' | 'canceled';

export interface MigrationView {
  readonly id: string;
  readonly group: string | null;
  readonly source: string;
  readonly vm: string;
  readonly vmId: string;
  readonly target: string;
  /** The VM in a catalog and its owner there, as entity refs; null where there is no catalog. */
  readonly entity: string | null;
  readonly owner: string | null;
  readonly state: MigrationStateView;
  /** What the user asked for last: run, pause or cancel. */
  readonly wanted: 'run' | 'pause' | 'cancel';
  readonly layers: {
    readonly total: number;
    readonly migrated: number;
    readonly notWanted: number;
  };
  readonly snapshots: { readonly total: number; readonly ready: number };
  readonly progress: ProgressView;
  readonly startedBy: string;
  readonly createdAt: string;
  readonly finishedAt: string | null;
  /** When it begins by itself; null: it has begun, or waits for somebody to resume it. */
  readonly beginsAt: string | null;
  /** What it waits for when it is to run and none of its steps goes on; null: one does, or it is not to run. */
  readonly waits: WaitView | null;
  /** First failure, when there is one. */
  readonly error: ErrorView | null;
}

/** Told of the step that is closest to going on. */
export interface WaitView {
  /** In words that follow "waits for", as `waitsFor` of the step. */
  readonly for: string;
  /** As `waitsSince` of the step; null: at no known time. */
  readonly since: string | null;
}

/** Of the migrations that a filter names. */
export interface MigrationCountView {
  readonly total: number;
  readonly byState: Readonly<Record<MigrationStateView, number>>;
}

export interface DiskStatusView {
  readonly diskId: string;
  readonly label: string;
  readonly rootFile: string;
  readonly layers: { readonly total: number; readonly migrated: number };
  readonly progress: ProgressView;
  /** Steps that run or wait now. */
  readonly now: readonly StepView[];
}

export interface StatusView extends MigrationView {
  readonly disks: readonly DiskStatusView[];
  /** Steps of no disk that run or wait now: the proof of a storage class. */
  readonly now: readonly StepView[];
}

export interface StepView {
  readonly id: string;
  readonly kind: string;
  /** What it does, for a person. */
  readonly words: string;
  readonly state:
    'blocked' | 'ready' | 'queued' | 'running' | 'waiting' | 'done' | 'failed' | 'canceled';
  readonly after: readonly string[];
  readonly diskId: string | null;
  readonly weightBytes: number;
  readonly progress: ProgressView | null;
  /** Why it does not go on, and since when; of one that could run: since when it could. */
  readonly waitsFor: string | null;
  readonly waitsSince: string | null;
  readonly worker: string | null;
  readonly attempts: number;
  readonly error: ErrorView | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

/** Who works on what, and why the next ones wait: steps that run, wait or could run, of the migrations that the caller may read. */
export interface QueueView {
  /** All that the filter names, whatever its states and page. */
  readonly counts: Readonly<Record<QueuedStateView, number>>;
  /** Those that run, then those that wait, then the next ones in the order in which they are let in; then what is paused. */
  readonly steps: readonly QueuedStepView[];
}

/** `paused`: of a paused migration, and does not run; it waits for somebody who resumes it, whatever its own state is. */
export type QueuedStateView = 'running' | 'waiting' | 'queued' | 'ready' | 'paused';

export interface QueuedStepView extends Omit<StepView, 'after' | 'state'> {
  readonly state: QueuedStateView;
  readonly migration: string;
  readonly vm: string;
  readonly source: string;
  readonly target: string;
  readonly storageClass: string;
  /** Label of its disk. */
  readonly disk: string | null;
}

export interface DescriptionView {
  readonly migration: StatusView;
  readonly planDigest: string;
  readonly steps: readonly StepView[];
  readonly volumes: readonly {
    readonly name: string;
    readonly disk: string;
    readonly role: 'main' | 'branch';
    readonly storageClass: string;
    readonly sizeBytes: number;
    readonly state: 'planned' | 'there' | 'removed';
    readonly holds: string | null;
  }[];
  readonly findings: readonly FindingView[];
  readonly events: readonly EventView[];
  /** What a person would do next, as a command that can be pasted, and why. */
  readonly next: readonly { readonly command: string; readonly why: string }[];
}

export interface StartedView {
  readonly migration: string;
  readonly vm: string;
  readonly planDigest: string;
  /** `already`: this very plan is migrated or under way, nothing was started. */
  readonly outcome: 'started' | 'already';
  readonly state: MigrationStateView;
}

export interface VerifyView {
  readonly migration: string;
  readonly steps: number;
}
