/** What was done, with the digests that prove it. */
import type { ProofView, VolumeSnapshotView } from './history';
import type { LayerFlagView, MigrationView } from './migrations';
import type { FindingView } from './trouble';

export interface ReportView {
  readonly generatedAt: string;
  readonly storeId: string;
  readonly migration: MigrationView;
  readonly planDigest: string;
  /** Where on the target the volumes are; null where it has no namespaces. */
  readonly namespace: string | null;
  /** Image that the movers of this migration were to run instead of the target's own; absent: that one. */
  readonly moverImage?: string;
  readonly snapshots: readonly {
    readonly id: string;
    readonly name: string;
    readonly description: string;
    readonly createdAt: string | null;
    readonly quiesced: boolean | null;
    readonly memory: boolean;
    readonly parentId: string | null;
    readonly kept: boolean;
    readonly mergedInto: string | null;
    readonly readyAt: string | null;
    readonly disks: readonly {
      readonly disk: string;
      readonly volumeSnapshot: VolumeSnapshotView;
      readonly layers: readonly ReportLayerView[];
      readonly proof: {
        readonly kind: ProofView | null;
        readonly words: string;
        readonly at: string | null;
      };
    }[];
  }[];
  readonly current: readonly {
    readonly disk: string;
    readonly volume: string | null;
    readonly layerFile: string;
    readonly stateDigest: string | null;
  }[];
  readonly findings: readonly FindingView[];
  readonly totals: {
    readonly dataBytes: number;
    readonly zeroBytes: number;
    readonly writtenBytes: number;
    readonly durationMs: number | null;
  };
}

export interface ReportLayerView {
  readonly file: string;
  readonly format: string;
  readonly flag: LayerFlagView;
  readonly manifest: unknown;
  readonly manifestDigest: string;
  readonly dataBytes: number;
  readonly zeroBytes: number;
  readonly writtenBytes: number | null;
  readonly windowsDigest: string | null;
  readonly stateDigest: string | null;
  readonly zerosBy: string | null;
  readonly readBackBy: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}
