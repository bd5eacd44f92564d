/**
 * The contract of this folder: a Mover carries out one order in a process of its own and reports
 * as JSON lines. The same program runs as a child process and in a pod.
 *
 * Order: one JSON object on stdin (first line). Further stdin lines are MoverCommand.
 * stdout: one MoverReport a line; the last is `done` or `failed`. Exit code 0 after `done`, 1 after `failed`.
 * A mover ends by itself when stdin closes, and when it was not renewed for half its lease (its own
 * monotonic clock, checked before every write).
 *
 * In a pod the order, the commands and the last report are files instead (file-program.ts), and
 * there is no lease: the pod's name is the lock.
 */
import type { ErrorData } from '../errors';
import type { LayerManifest } from '../formats/layer';
import type { SourceAddress } from '../sources/source';

/** Raised when order or report change in a way that an older program would misread. */
export const MOVER_PROTOCOL = 1;

export type MoverOrder = ApplyOrder | HashVolumeOrder | HashChainOrder | PatternOrder;

interface OrderBase {
  readonly protocol: typeof MOVER_PROTOCOL;
  /** Unique for one run: `<migration>/<step>/<fence>`. */
  readonly runId: string;
  /** The mover stops when no renewal came for half of this. */
  readonly leaseMs: number;
  /** 0 = unlimited; may change while it runs. */
  readonly bytesPerSecond: number;
}

/** Where a mover finds the volume. `file`: raw file; `block`: device node. */
export interface VolumeAddress {
  readonly kind: 'file' | 'block';
  readonly path: string;
  readonly sizeBytes: number;
  /** The volume's name at its target. A mover that runs elsewhere than the engine finds it by that, and makes `path` be it. */
  readonly name?: string;
  /**
   * What a missing file means. `made`: a volume of this target begins without it, so the mover makes
   * it, sparse, where the order says that nothing was written yet. Absent: the volume is gone.
   */
  readonly missingFile?: 'made';
  /** File that the mover locks (flock) as long as it lives; the raw file itself when absent. */
  readonly lockPath?: string;
  /** Metadata file with the VolumeMark; when given, the mover checks it under the lock before its first write. */
  readonly markPath?: string;
}

/** Says what is on a volume; written by the target before the first byte. */
export interface VolumeMark {
  readonly storeId: string;
  readonly migrationId: string;
  readonly volumeId: string;
  readonly generation: number;
  /** `empty`: nothing was written. `writing`: `layerId` is being applied. `holds`: exactly the state of `layerId`. */
  readonly phase: 'empty' | 'writing' | 'holds';
  readonly layerId?: string;
  readonly fence: number;
  readonly manifestDigest?: string;
}

/**
 * Nothing that a mover could open: the engine has the layer's file, and pushes the layer's own
 * changes over a connection (push/frames.ts). Made for one run, in an order that nobody but the mover can read.
 */
export interface PushedSource {
  readonly kind: 'pushed';
  /** Where the mover listens, on its own loopback. */
  readonly port: number;
  /** 32 bytes, hex: whoever knows it may push (push/push-token.ts). */
  readonly key: string;
  /** The mover ends when nobody was connected for so long. */
  readonly silenceMs: number;
}

/** Write the layer's own changes onto the volume, flush, read back, compare, keep the block table. */
export interface ApplyOrder extends OrderBase {
  readonly order: 'apply';
  readonly fence: number;
  readonly layerId: string;
  readonly source: SourceAddress | PushedSource;
  readonly layer: { readonly file: string; readonly manifest: LayerManifest };
  readonly volume: VolumeAddress;
  /** `zeros`: the volume is new and reads as zeros, so zero extents need no write. `parent`: it holds the parent's state. */
  readonly content: 'zeros' | 'parent';
  /** The mark that must be on the volume. */
  readonly mark: VolumeMark;
  /** Guest windows of this size; reports, digests and resume are per window. A multiple of 64 KiB. */
  readonly windowBytes: number;
  /** Windows whose report the store holds: they are skipped. Their digests go into the receipt. */
  readonly windowsDone: readonly WindowReport[];
  /**
   * `rest`: another layer follows on this volume. A mover that can serve a volume's layers in turn
   * then waits for the next order, with everything flushed and nothing open. Absent: it ends.
   */
  readonly afterwards?: 'rest';
  /** Absent: no read-back, no table (only the bench does that). */
  readonly proof?: {
    /** Capacity of this state; the digest of the state covers exactly this. At most the volume's size. */
    readonly stateSizeBytes: number;
    /** Block table of the parent's state; absent for a base. */
    readonly parentTable?: string;
    /** Where to write this state's table. */
    readonly table: string;
  };
}

/** Read a whole volume (or VolumeSnapshot file) and make its state digest. */
export interface HashVolumeOrder extends OrderBase {
  readonly order: 'hash-volume';
  readonly volume: VolumeAddress;
  /** Digest covers exactly this; what follows on the volume must read zero. */
  readonly stateSizeBytes: number;
  /** Absent: everything. Else this many random windows of 1 MiB are compared with the table. */
  readonly sample?: { readonly windows: number; readonly seed: number; readonly table: string };
  /** Where to write the table that was made; absent: nowhere. */
  readonly table?: string;
}

/** Read a chain of layers at the source as one view and make its state digest. */
export interface HashChainOrder extends OrderBase {
  readonly order: 'hash-chain';
  readonly source: SourceAddress;
  /** Base first. */
  readonly files: readonly string[];
  readonly stateSizeBytes: number;
}

/** The class proof's bytes: a pattern made from its seed, from offset 0 on, written and flushed, or read back and compared. */
export interface PatternOrder extends OrderBase {
  readonly order: 'pattern';
  readonly act: 'write' | 'compare';
  readonly volume: VolumeAddress;
  readonly seed: string;
  /** A multiple of 1 MiB. */
  readonly lengthBytes: number;
}

export type MoverCommand =
  | { readonly type: 'renew' }
  | { readonly type: 'limit'; readonly bytesPerSecond: number }
  /** Finish the window in hand, report it, end with MOVER_STOPPED. */
  | { readonly type: 'stop' };

/** `layerId`: of an apply order. One log may hold the reports of several layers, and lines of it may be read twice. */
export type MoverReport =
  | {
      readonly type: 'started';
      readonly protocol: number;
      readonly version: string;
      readonly pid: number;
      readonly startedAt: string;
      readonly layerId?: string;
    }
  | { readonly type: 'progress'; readonly progress: MoverProgress; readonly layerId?: string }
  | { readonly type: 'window'; readonly window: WindowReport; readonly layerId?: string }
  | { readonly type: 'done'; readonly receipt: Receipt }
  | { readonly type: 'failed'; readonly error: ErrorData };

/** Bytes are guest bytes; they only grow within one run. */
export interface MoverProgress {
  /** Own bytes (data and zero) dealt with so far in this run and earlier ones. */
  readonly bytesDone: number;
  /** Own bytes in all; an estimate until the map was walked. */
  readonly bytesTotal: number;
  readonly bytesPerSecond: number;
  readonly phase: 'copying' | 'verifying' | 'hashing';
}

/** One guest window: written, flushed, read back and equal. Once the store holds it, it is never done again. */
export interface WindowReport {
  /** Offset / windowBytes. */
  readonly index: number;
  readonly dataBytes: number;
  readonly zeroBytes: number;
  /** SHA-256 over the digests of its own extents' pieces (split at 64 KiB), hex. */
  readonly digest: string;
}

export interface Receipt {
  readonly order: MoverOrder['order'];
  readonly runId: string;
  readonly layerId?: string;
  readonly fence?: number;
  readonly bytes: {
    readonly data: number;
    readonly zero: number;
    readonly written: number;
    readonly read: number;
  };
  readonly windowBytes?: number;
  readonly windows?: number;
  /** SHA-256 over all window digests in order, hex. */
  readonly windowsDigest?: string;
  /** nbdcopy's blkhash form, sha256 over 64 KiB blocks, of the state's own size. */
  readonly stateDigest?: string;
  /** The same over the whole volume. */
  readonly volumeDigest?: string;
  readonly table?: { readonly path: string; readonly sha256: string };
  readonly ways?: { readonly zeros: string; readonly readBack: string };
  /** For a sample: how many windows were compared and equal. */
  readonly windowsCompared?: number;
  /** For the comparison of a pattern: offset of the first MiB that differs; absent when all is equal. */
  readonly differsAt?: number;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly durationMs: number;
  readonly moverVersion: string;
}

/** The engine's end: starts runs, or finds those that it started before, and tells how they stand. */
export interface Mover {
  /**
   * Makes sure that the order runs, waits up to `patienceMs` for it to end, and tells its state.
   * Windows reported since the last call are handed over exactly once to this caller.
   * Safe to call again with the same runId.
   */
  attend(order: MoverOrder, patienceMs: number): Promise<MoverStatus>;

  /** Keeps a run alive and sets its rate. Unknown runIds are ignored. */
  renew(runId: string, bytesPerSecond: number): void;

  /** Asks the run to stop after its window and waits for its end. Unknown runIds are ignored. */
  stop(runId: string): Promise<void>;

  /**
   * This process goes, and its steps go to another one. A run that does not need us goes on and is
   * found by its next claim; `attend` hands out its last windows, and never starts it again. A run
   * that lives and dies with this process is stopped. Unknown runIds are ignored.
   */
  handOver(runId: string): Promise<void>;

  /** Ends all runs of this process but those that were handed over. */
  close(): Promise<void>;
}

export type MoverStatus =
  | {
      readonly state: 'running';
      readonly progress: MoverProgress | undefined;
      /** Why it does not get on, where the mover's platform says so: `no node takes the pod: ...`. */
      readonly waitingFor?: string;
      readonly windows: readonly WindowReport[];
    }
  | { readonly state: 'done'; readonly receipt: Receipt; readonly windows: readonly WindowReport[] }
  | {
      readonly state: 'failed';
      readonly error: ErrorData;
      readonly windows: readonly WindowReport[];
    };
