/** Whether a worker lives and can work: the facts behind liveness, readiness and the heartbeat's age. */
import { toEngineError } from '../errors';

export interface WorkerHealth {
  /** The process does its rounds: when not, only a restart helps. A database that is away is no reason. */
  readonly alive: boolean;
  /** It can take work now. */
  readonly ready: boolean;
  /** One line for each thing that was looked at: `database: ok`, `target prod: ...`. */
  readonly lines: readonly string[];
}

/** Times by this process's own monotonic clock. */
export class Vitals {
  private readonly startedAt = performance.now();
  private roundEndedAt = performance.now();
  private beatAt: number | undefined;
  private stopping = false;

  /** A round of lease renewal is over, well or not. */
  renewed(): void {
    this.roundEndedAt = performance.now();
  }

  heartbeatStored(): void {
    this.beatAt = performance.now();
  }

  stop(): void {
    this.stopping = true;
  }

  get isStopping(): boolean {
    return this.stopping;
  }

  heartbeatAgeMs(): number {
    return performance.now() - (this.beatAt ?? this.startedAt);
  }

  /** A round that does not end within a lease has lost every step that it was to keep. */
  isAlive(leaseMs: number): boolean {
    return performance.now() - this.roundEndedAt < Math.max(leaseMs, 10_000);
  }
}

/** `NAME: ok`, or what is wrong. */
export async function healthLine(
  name: string,
  look: () => Promise<unknown>,
): Promise<{ readonly ok: boolean; readonly line: string }> {
  try {
    await look();
    return { ok: true, line: `${name}: ok` };
  } catch (thrown) {
    const { code, message } = toEngineError(thrown);
    return { ok: false, line: `${name}: ${code} ${message.replaceAll('\n', ' ')}` };
  }
}
