/**
 * How long things took that the product promises to do soon. Each of them must come within what a busy
 * machine may need, and most of them within the promise: a single late one is the machine's.
 */
const BUSY_MS = 15_000;

export class PromisedTimes {
  private readonly taken: number[] = [];

  constructor(private readonly promisedMs: number) {}

  /** Notes and prints it. @param busyMs where something else than the product adds to it */
  add(what: string, tookMs: number, busyMs = BUSY_MS): void {
    process.stderr.write(`  ${what}: after ${Math.round(tookMs)} ms\n`);
    this.taken.push(tookMs);
    expect(tookMs).toBeLessThan(busyMs);
  }

  /** Of all that were noted. */
  expectKept(): void {
    const sorted = this.taken.toSorted((one, other) => one - other);
    expect(sorted.length).toBeGreaterThan(0);
    expect(sorted[Math.floor((sorted.length - 1) / 2)]).toBeLessThanOrEqual(this.promisedMs);
  }
}
