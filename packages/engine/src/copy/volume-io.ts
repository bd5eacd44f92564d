/**
 * The contract of this folder: the bytes of a volume, as the copy loop sees them. A raw file, a
 * block device and a buffer in a test look the same; wrappers (retry, rate limit, record, faulty)
 * take one VolumeIo and are one.
 */
export interface VolumeIo {
  readonly sizeBytes: number;

  /** Writes all of `from` at `offset`; durable only after flush. @throws EngineError VOLUME_FULL, VOLUME_IO */
  write(offset: number, from: Uint8Array): Promise<void>;

  /** Makes the range read as zeros: punched where that is cheap and true, written otherwise. */
  zero(offset: number, length: number): Promise<void>;

  /** All writes before this call are on stable storage when it resolves. */
  flush(): Promise<void>;

  /** Fills `into` from `offset` as the medium holds it, past the page cache where the platform allows. */
  readBack(offset: number, into: Uint8Array): Promise<void>;

  /**
   * Offset of the first byte at or after `offset` that is stored, at most sizeBytes: all before it
   * reads as zeros and need not be read. Absent where the medium cannot tell. Flush first.
   */
  nextStored?(offset: number): number;

  /** How zeros were made and reads were done, for the receipt. */
  ways(): VolumeWays;

  close(): Promise<void>;
}

export interface VolumeWays {
  readonly zeros: 'punched' | 'written' | 'none';
  /**
   * `direct` and `emptied-cache`: from the medium for sure. `dropped-cache`: the kernel was asked to
   * forget the range, and may not have. `buffered`: through the cache. The weakest that was used.
   */
  readonly readBack: 'direct' | 'emptied-cache' | 'dropped-cache' | 'buffered' | 'none';
}
