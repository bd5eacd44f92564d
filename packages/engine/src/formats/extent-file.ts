/**
 * What one extent file of a VMDK says about its own stretch of the disk. A Layer is one or several
 * of these side by side; a reader of one sparse or flat format is one file that makes an ExtentFile.
 *
 * Offsets are bytes relative to the start of this extent, ranges are half-open and lie inside
 * [0, sizeBytes). `inherited` means "not allocated here", whether or not there is a parent: the
 * layer that has none turns it into `zero`.
 */
import type { ByteRange } from '../bytes';
import type { Extent, ExtentKind, TableOddity } from './layer';
import type { RandomAccess } from './random-access';

export interface ExtentFile {
  /** The file that it is read from; `undefined` for a ZERO extent, which has none. */
  readonly file: RandomAccess | undefined;

  readonly sizeBytes: number;

  /**
   * In order, without gaps or overlaps, neighbours of one kind merged.
   * @throws EngineError LAYER_DAMAGED with file and offset of the bad table entry
   */
  extents(window: ByteRange): Promise<readonly Extent[]>;

  /** Fills `into`. The range lies inside data extents. May be called again before the first call is done. */
  read(offset: number, into: Uint8Array): Promise<void>;

  /**
   * Header fields that change when the file is written to, read again at every call
   * (`uncleanShutdown`, `freeSector`, ..., and `header`: the SHA-256 of the first header).
   */
  counters(): Promise<Record<string, string>>;

  /** Layer.checkTables for this file; absent where there are no tables. */
  checkTables?(signal?: AbortSignal): Promise<readonly TableOddity[]>;

  close(): Promise<void>;
}

/** What a reader needs from whoever opens the extent. */
export interface OpenExtentOptions {
  /** A file that says that it was not closed: refused as LAYER_UNCLEAN, or opened and reported in counters(). */
  readonly unclean: UncleanRule;
}

export type UncleanRule = 'refuse' | 'report';

/** Collects runs in order and merges neighbours of one kind, so that no reader has to. */
export class ExtentList {
  private readonly done: Extent[] = [];
  private kind: ExtentKind = 'inherited';
  private offset = 0;
  private length = 0;

  /** Runs come in ascending order and touch; empty ones are ignored. */
  add(kind: ExtentKind, offset: number, length: number): void {
    if (length <= 0) return;
    if (this.length > 0 && kind === this.kind) {
      this.length += length;
      return;
    }
    this.finish();
    this.kind = kind;
    this.offset = offset;
    this.length = length;
  }

  /** Everything that was added, moved by `shift` bytes. */
  addAll(extents: readonly Extent[], shift = 0): void {
    for (const extent of extents) this.add(extent.kind, extent.offset + shift, extent.length);
  }

  toArray(): readonly Extent[] {
    this.finish();
    this.length = 0;
    return this.done;
  }

  private finish(): void {
    if (this.length > 0)
      this.done.push({ offset: this.offset, length: this.length, kind: this.kind });
  }
}
