/** Which waits are long enough to be told: one that passes by itself in seconds is nobody's news. */

/** A step that has waited so long says why. */
const LONG_MS = 30_000;
/** The same step speaks again after this at the earliest, if it waits for something else by then. */
const AGAIN_MS = 120_000;

interface Waiting {
  readonly since: number;
  told: { readonly reason: string; readonly at: number } | undefined;
}

export class LongWaits {
  private readonly waiting = new Map<string, Waiting>();

  constructor(private readonly longMs = LONG_MS) {}

  /** Whether this wait is to be told now. `step` waits since the first call for it that no `over` followed. */
  isNews(step: string, reason: string): boolean {
    const now = performance.now();
    const known = this.waiting.get(step) ?? { since: now, told: undefined };
    this.waiting.set(step, known);
    if (now - known.since < this.longMs) return false;
    const { told } = known;
    if (told !== undefined && (told.reason === reason || now - told.at < AGAIN_MS)) return false;
    known.told = { reason, at: now };
    return true;
  }

  over(step: string): void {
    this.waiting.delete(step);
  }
}
