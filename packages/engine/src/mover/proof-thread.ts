/** The main thread's end of a ProofLane that runs in a thread. */
import type { CopiedWindow } from '../copy/copy-layer';
import type { ProvedWindow } from '../copy/verify';
import { Deferred } from './deferred';
import type { ProofResult } from './proof-lane';
import { MoverThread, type ThreadTask } from './threads';

export class ProofThread {
  private readonly thread: MoverThread;
  private asked = 0;
  private answered = 0;
  private whenDrained = new Deferred<void>();
  private readonly whenFinished = new Deferred<ProofResult>();

  constructor(
    program: string,
    task: ThreadTask,
    onProved: (windows: readonly ProvedWindow[]) => void,
  ) {
    this.thread = new MoverThread(program, task, report => {
      if (report.type === 'finished') this.whenFinished.resolve(report.result);
      if (report.type !== 'proved') return;
      onProved(report.windows);
      this.answered++;
      if (this.answered === this.asked) this.whenDrained.resolve();
    });
  }

  /** Rejects with the thread's error; resolves when it has ended after `finish`. */
  get ended(): Promise<void> {
    return this.thread.ended;
  }

  /** Windows that are durable. */
  prove(windows: readonly CopiedWindow[]): void {
    if (this.answered === this.asked) this.whenDrained = new Deferred<void>();
    this.asked++;
    this.thread.send({ type: 'prove', windows });
  }

  /** Resolves when everything asked so far is proved. */
  async drained(): Promise<void> {
    if (this.answered < this.asked) await this.whenDrained.promise;
  }

  finish(): Promise<ProofResult> {
    this.thread.send({ type: 'finish' });
    return this.whenFinished.promise;
  }

  terminate(): Promise<void> {
    return this.thread.terminate();
  }
}
