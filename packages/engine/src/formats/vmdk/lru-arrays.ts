/** Typed arrays by number within a limit of bytes: the least recently used go first, the newest always stays. */
export class LruArrays {
  private readonly entries = new Map<number, Float64Array>();
  private bytes = 0;

  constructor(private readonly limitBytes: number) {}

  get(key: number): Float64Array | undefined {
    const found = this.entries.get(key);
    if (found === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, found);
    return found;
  }

  set(key: number, value: Float64Array): void {
    this.drop(key);
    this.entries.set(key, value);
    this.bytes += value.byteLength;
    for (const oldest of this.entries.keys()) {
      if (this.bytes <= this.limitBytes || oldest === key) break;
      this.drop(oldest);
    }
  }

  private drop(key: number): void {
    const old = this.entries.get(key);
    if (old === undefined) return;
    this.entries.delete(key);
    this.bytes -= old.byteLength;
  }
}
