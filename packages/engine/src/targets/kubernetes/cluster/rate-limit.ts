/** A token bucket: so many requests at once, and so many a second from then on, in the order in which they came. */
export class RateLimit {
  private tokens: number;
  private filledAt = performance.now();

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
  ) {
    this.tokens = burst;
  }

  /** Resolves when the caller may go on. */
  async admit(): Promise<void> {
    const now = performance.now();
    const earned = ((now - this.filledAt) * this.perSecond) / 1000;
    this.filledAt = now;
    // May go below zero: whoever comes later waits behind those who already wait.
    this.tokens = Math.min(this.burst, this.tokens + earned) - 1;
    if (this.tokens >= 0) return;
    const waitMs = (-this.tokens * 1000) / this.perSecond;
    await new Promise(resolve => setTimeout(resolve, waitMs));
  }
}
