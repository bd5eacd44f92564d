/** What every kind of order is run with. */
import type { MoverControl } from './control';
import type { MoverProgress, Receipt, WindowReport } from './mover';

/** What a kind of order adds to a receipt; the rest is the same for all. */
export type ReceiptFacts = Omit<
  Receipt,
  'order' | 'runId' | 'startedAt' | 'finishedAt' | 'durationMs' | 'moverVersion'
>;

export interface RunContext {
  /** The mover's program file: threads run it again. */
  readonly program: string;
  readonly control: MoverControl;
  /** Threads that read, unpack and write, the main one included; `undefined`: as the format likes it. */
  readonly lanes: number | undefined;
  /** `none`: leave the bytes in the page cache, and read them back from there. Only the bench does that. */
  readonly flush: 'checkpoints' | 'none';
  onWindow(window: WindowReport): void;
  /** At most five a second go out, whatever is told here. */
  onProgress(progress: Omit<MoverProgress, 'bytesPerSecond'>): void;
}
