/**
 * The contract of this folder: a disk of a VM is a tree of Layers.
 *
 * A Layer is one virtual-disk file (with its extent files), read-only: the base of a disk, or a
 * delta that holds only what changed since its parent. Offsets and lengths are bytes, safe
 * integers; ranges are half-open and lie inside [0, sizeBytes).
 */
import type { ByteRange } from '../bytes';

export interface Layer {
  /** Path of the file that was opened: the descriptor, or the file that embeds it. */
  readonly file: string;

  /** Which reader serves it. */
  readonly format: LayerFormat;

  /** Capacity that this file states, in bytes; a multiple of 512 except for raw files. */
  readonly sizeBytes: number;

  /** The parent that the file itself names; `undefined` for a base. */
  readonly parent: ParentLink | undefined;

  /**
   * What this file itself says about a window, in order, without gaps or overlaps, neighbours of
   * one kind merged (a run may be split at a scan step, never elsewhere). A base never answers
   * `inherited`: what it does not hold reads as zero.
   * Asked window by window, never for a whole disk: a 62 TiB delta must not build its map.
   * @throws EngineError LAYER_DAMAGED when a table points outside the file
   */
  extents(window: ByteRange): Promise<readonly Extent[]>;

  /** Fills `into` from guest offset `offset`. The range lies inside data extents (one or several that touch). */
  read(offset: number, into: Uint8Array): Promise<void>;

  /** Facts that change when the file changes (design.md: the manifest). Cheap: headers and stat only. */
  manifest(): Promise<LayerManifest>;

  /**
   * The deliberate check of a plan: walks all tables and says what is odd in them although the file
   * can be read. Absent where a format has no tables. Never part of a copy.
   * @throws EngineError LAYER_DAMAGED as extents() does; the signal's reason when it is aborted
   */
  checkTables?(signal?: AbortSignal): Promise<readonly TableOddity[]>;

  close(): Promise<void>;
}

/**
 * `copies-differ`: the second copy of the tables says something else than the first, which is read.
 * `grain-shared`: two entries point to the same place of the file, so two stretches of the disk hold
 * the same bytes. `not-compared`: too many grains to compare all of them in bounded memory.
 */
export interface TableOddity {
  readonly kind: 'copies-differ' | 'grain-shared' | 'not-compared';
  /** The file with the tables, as FILE errors name it. */
  readonly file: string;
  /** The first place: an entry of the directory or of a table. */
  readonly offsetBytes: number;
  /** Entries that are like this; for `not-compared` grains that were not looked at. */
  readonly count: number;
  /** What stands at the first place, as a part of a sentence. */
  readonly detail: string;
}

/** `inherited`: ask the parent. `zero`: reads as zeros whatever the parent holds. Never merge the two. */
export type ExtentKind = 'data' | 'zero' | 'inherited';

export interface Extent extends ByteRange {
  readonly kind: ExtentKind;
}

export type LayerFormat =
  'raw' | 'flat' | 'hosted-sparse' | 'stream-optimized' | 'cowd' | 'se-sparse';

export interface ParentLink {
  /** parentFileNameHint exactly as the file has it. */
  readonly hint: string;
  /** 8 lower-case hex digits; checked against the parent's CID, never an identity. */
  readonly parentCid: string;
}

/**
 * What a layer's files looked like when they were opened. Equal manifests mean "the same bytes" as
 * far as can be told without reading them all; it is plain JSON and compared field by field.
 */
export interface LayerManifest {
  readonly descriptorSha256: string;
  readonly cid: string;
  readonly parentCid: string;
  readonly files: readonly ManifestFile[];
}

export interface ManifestFile {
  /** Base name only. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Nanoseconds since 1970, decimal string. */
  readonly mtimeNs: string;
  readonly inode: string;
  /** Header counters: uncleanShutdown, freeSector, next transaction...; and the hash of the first header sector. */
  readonly counters: Readonly<Record<string, string>>;
}
