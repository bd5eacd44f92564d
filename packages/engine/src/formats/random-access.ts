/**
 * Bytes at an offset: all that a reader of a disk format needs from a file. A local file, a file on
 * a datastore over HTTPS and a buffer in a test look the same from here.
 */
export interface RandomAccess {
  /** How a person finds it: a path or URL without credentials. */
  readonly name: string;
  readonly sizeBytes: number;

  /**
   * Fills all of `into` from `offset`, or throws.
   * @throws EngineError FILE_UNREADABLE on an I/O error, LAYER_DAMAGED when the range passes the end
   */
  read(offset: number, into: Uint8Array): Promise<void>;

  /** Size, mtime and inode as they are now; used to notice a changed file. */
  stat(): Promise<FileFacts>;

  /** Where bytes are really stored, when the medium can tell (SEEK_HOLE); absent means "all of it". */
  allocated?(offset: number, length: number): Promise<readonly AllocatedRun[]>;

  close(): Promise<void>;
}

export interface FileFacts {
  readonly sizeBytes: number;
  readonly mtimeNs: string;
  readonly inode: string;
}

/** Run of a file that is stored (`data`) or a hole that reads as zeros. */
export interface AllocatedRun {
  readonly offset: number;
  readonly length: number;
  readonly kind: 'data' | 'hole';
}

/**
 * Opens the files of one VM by the names found in its descriptors. Every opener enforces its own
 * walls: a name never leads out of the VM's folder or the configured roots.
 */
export interface FileOpener {
  /**
   * Opens `name` (as written in the file `from`, which is a path this opener gave out; `undefined`
   * for the first file, then `name` is relative to the VM's folder).
   * @throws EngineError FILE_OUTSIDE_ROOT, FILE_MISSING, FILE_UNREADABLE
   */
  open(name: string, from?: string): Promise<RandomAccess>;
}
