/** What repair finds and does. */

export interface CleanupView {
  readonly orphans: readonly {
    /** `tables`: block digests whose volume is gone. */
    readonly kind: 'volume' | 'volume-snapshot' | 'pod' | 'tables';
    readonly name: string;
    readonly why: string;
    readonly removed: boolean;
  }[];
  /** Objects of other stores, or of migrations that this database does not know: never touched. */
  readonly foreign: number;
  readonly recordsRemoved: number;
}

export interface RecoverView {
  readonly migration: string;
  readonly adopted: number;
  readonly again: number;
  /** Names of VolumeSnapshots that are there and not ready: they are waited for, or named as stuck, by their steps. */
  readonly unready: readonly string[];
  readonly tookOver: number;
}
