/** Progress lines now and then, at most five a second, with the rate of the last seconds. */
import type { MoverProgress } from './mover';

const EVERY_MS = 200;
const RATE_OVER_MS = 3_000;

export class ProgressReporter {
  private readonly seen: { readonly atMs: number; readonly bytes: number }[] = [];
  private saidAtMs = -Infinity;

  constructor(
    private readonly say: (progress: MoverProgress) => void,
    private readonly nowMs: () => number = () => performance.now(),
    private readonly everyMs: number = EVERY_MS,
  ) {}

  tell(facts: Omit<MoverProgress, 'bytesPerSecond'>): void {
    const now = this.nowMs();
    if (now - this.saidAtMs < this.everyMs) return;
    this.saidAtMs = now;
    this.seen.push({ atMs: now, bytes: facts.bytesDone });
    while (this.seen.length > 2 && now - (this.seen[0]?.atMs ?? now) > RATE_OVER_MS)
      this.seen.shift();
    const first = this.seen[0];
    const elapsedMs = first === undefined ? 0 : now - first.atMs;
    const bytesPerSecond =
      first === undefined || elapsedMs === 0
        ? 0
        : Math.round(((facts.bytesDone - first.bytes) / elapsedMs) * 1000);
    this.say({ ...facts, bytesPerSecond });
  }
}
