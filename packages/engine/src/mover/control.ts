/**
 * What steers a running mover, in memory that all its threads share: the lease, the wish to stop,
 * the rate, the next span to copy and how much is copied but not proved.
 *
 * Time is the monotonic clock (one for all threads, it goes on while the process is stopped). A
 * lease that ran out stays so: a renewal that waited in the pipe while the process slept must not
 * wake it up again, because another mover may have taken over in between.
 */
import { EngineError } from '../errors';
import { SharedBudget, type ByteBudget } from '../copy/wrappers/rate-limit';
import type { LeaseGuard } from '../copy/wrappers/leased';

const enum Long {
  RenewedAtNs,
  HalfLeaseNs,
  Rate,
  SpentUntilNs,
  BytesDone,
  Count,
}

const enum Short {
  Stop,
  Bell,
  NextSpan,
  Unproved,
  Count,
}

const enum Stop {
  No,
  /** Finish the window in hand, prove and report it. */
  AfterWindow,
  /** Nothing may be written any more. */
  AtOnce,
  LeaseLost,
}

const LONG_BYTES = Long.Count * 8;

export class MoverControl implements LeaseGuard {
  readonly budget: ByteBudget;
  private readonly long: BigInt64Array;
  private readonly short: Int32Array;
  private readonly shared: SharedBudget;

  /** Views on memory that another thread made. */
  constructor(readonly memory: SharedArrayBuffer) {
    this.long = new BigInt64Array(memory, 0, Long.Count);
    this.short = new Int32Array(memory, LONG_BYTES, Short.Count);
    this.shared = new SharedBudget(
      new BigInt64Array(memory, Long.Rate * 8, 2),
      new Int32Array(memory, LONG_BYTES + Short.Bell * 4, 1),
    );
    // Who was told to stop is not held up by a rate.
    this.budget = { take: bytes => (this.mayGoOn() ? this.shared.take(bytes) : Promise.resolve()) };
  }

  /** The lease starts now. */
  static create(leaseMs: number, bytesPerSecond: number): MoverControl {
    const control = new MoverControl(new SharedArrayBuffer(LONG_BYTES + Short.Count * 4));
    Atomics.store(control.long, Long.HalfLeaseNs, BigInt(Math.floor(leaseMs / 2)) * 1_000_000n);
    Atomics.store(control.long, Long.RenewedAtNs, process.hrtime.bigint());
    control.shared.setRate(bytesPerSecond);
    return control;
  }

  renew(): void {
    if (!this.lapsed()) Atomics.store(this.long, Long.RenewedAtNs, process.hrtime.bigint());
  }

  limit(bytesPerSecond: number): void {
    this.shared.setRate(bytesPerSecond);
  }

  stopAfterWindow(): void {
    Atomics.compareExchange(this.short, Short.Stop, Stop.No, Stop.AfterWindow);
    // Whoever waits for the rate finishes its window at full speed.
    this.shared.setRate(0);
  }

  stopAtOnce(): void {
    if (!this.lapsed()) Atomics.store(this.short, Short.Stop, Stop.AtOnce);
    this.shared.setRate(0);
  }

  /** Lets go whoever waits for the rate when the lease ran out meanwhile; called by a clock. */
  watch(): void {
    if (this.lapsed()) this.shared.setRate(0);
  }

  /** False once a stop was asked for: start no further window. */
  mayGoOn(): boolean {
    return !this.lapsed() && Atomics.load(this.short, Short.Stop) === Stop.No;
  }

  /** @throws EngineError MOVER_STOPPED when the lease ran out or everything must end at once */
  assertHeld(): void {
    if (this.lapsed() || Atomics.load(this.short, Short.Stop) === Stop.AtOnce)
      throw this.stopError();
  }

  stopError(): EngineError {
    const found = this.lapsed()
      ? `no renewal for more than ${Number(Atomics.load(this.long, Long.HalfLeaseNs) / 1_000_000n)} ms, half of the lease`
      : 'an order to stop';
    return new EngineError('MOVER_STOPPED', { found, retry: 'later' });
  }

  /** The next number, for one lane only. */
  takeSpan(): number {
    return Atomics.add(this.short, Short.NextSpan, 1);
  }

  addBytesDone(bytes: number): void {
    Atomics.add(this.long, Long.BytesDone, BigInt(bytes));
  }

  bytesDone(): number {
    return Number(Atomics.load(this.long, Long.BytesDone));
  }

  /** Windows that were started and are not proved yet. */
  unproved(): number {
    return Atomics.load(this.short, Short.Unproved);
  }

  addUnproved(windows: number): void {
    Atomics.add(this.short, Short.Unproved, windows);
  }

  private lapsed(): boolean {
    if (Atomics.load(this.short, Short.Stop) === Stop.LeaseLost) return true;
    const age = process.hrtime.bigint() - Atomics.load(this.long, Long.RenewedAtNs);
    if (age <= Atomics.load(this.long, Long.HalfLeaseNs)) return false;
    Atomics.store(this.short, Short.Stop, Stop.LeaseLost);
    return true;
  }
}
