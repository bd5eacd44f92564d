/**
 * The mover program where it serves a volume's layers in turn: the first order is a file, each next
 * one an annotation of the pod. Every order is carried out by a process of its own, and its last
 * report is passed on only when that process has ended: whoever reads it knows that the layer is
 * flushed and that nothing here has the volume open. Between two orders nobody writes.
 */
import { EngineError, toEngineError } from '../errors';
import { followControl, readControl } from './control-file';
import { keepResult, NO_LEASE_MS, type OrderFiles } from './file-program';
import type { ApplyOrder, MoverOrder } from './mover';
import { OrderProcess, type LastReport } from './order-process';
import { readOrderFile, unpackOrder } from './packed-order';
import { makeTableRoom } from './table-room';

export interface ServeProgramOptions extends OrderFiles {
  readonly controlFile: string;
  /** How long it waits for each next order. */
  readonly restMs: number;
  /** Arguments of the processes that carry out the orders. */
  readonly programArguments: readonly string[];
}

/** At rest the next order is looked for so often: what follows waits for it. */
const LOOK_MS = 50;

/** Serves until an order has no other after it, fails, or the next one does not come; then ends as runFileProgram does. */
export function runServeProgram(program: string, options: ServeProgramOptions): void {
  process.on('SIGINT', () => undefined);
  new Serving(program, options).serve().then(
    last => leave(options.resultFile, last),
    (error: unknown) => {
      const last = { type: 'failed', error: toEngineError(error).toJSON() } as const;
      process.stdout.write(`${JSON.stringify(last)}\n`);
      leave(options.resultFile, last);
    },
  );
}

function leave(resultFile: string | undefined, last: LastReport): void {
  if (resultFile !== undefined) keepResult(resultFile, last);
  process.stdout.write('', () => process.exit(last.type === 'done' ? 0 : 1));
}

class Serving {
  private isToEnd = false;
  private present: OrderProcess | undefined;

  constructor(
    private readonly program: string,
    private readonly options: ServeProgramOptions,
  ) {
    process.on('SIGTERM', () => {
      this.isToEnd = true;
      this.present?.command({ type: 'stop' });
    });
  }

  async serve(): Promise<LastReport> {
    const first = readOrderFile(this.options.orderFile);
    let order: MoverOrder = first;
    let ready = this.nextProcess();
    for (;;) {
      const last = await this.carryOut(order, ready);
      if (last.type === 'failed' || order.order !== 'apply' || order.afterwards !== 'rest')
        return last;
      // Started ahead, so that the next order costs no start; it holds nothing until it has one.
      ready = this.nextProcess();
      const next = await this.nextOrder(order);
      if (next === undefined) {
        ready.kill();
        return last;
      }
      order = withSourceOf(first, next);
    }
  }

  private nextProcess(): OrderProcess {
    return new OrderProcess(process.execPath, [this.program, ...this.options.programArguments]);
  }

  private async carryOut(order: MoverOrder, by: OrderProcess): Promise<LastReport> {
    if (order.order === 'apply') makeTableRoom(order);
    this.present = by;
    by.begin({ ...order, leaseMs: NO_LEASE_MS });
    if (this.isToEnd) by.command({ type: 'stop' });
    const unfollow = followControl(this.options.controlFile, order.bytesPerSecond, command =>
      by.command(command),
    );
    try {
      return await by.ended;
    } finally {
      unfollow();
      this.present = undefined;
    }
  }

  /** `undefined`: it did not come in time, or the pod is to end. */
  private async nextOrder(before: ApplyOrder): Promise<ApplyOrder | undefined> {
    const { controlFile, restMs } = this.options;
    const limit = performance.now() + restMs;
    while (!this.isToEnd && performance.now() < limit) {
      const wish = readControl(controlFile);
      if (wish?.stop === true) return undefined;
      const order = wish?.nextOrder === undefined ? undefined : unpacked(wish.nextOrder);
      // The annotation of the order before stays until the next one takes its place.
      if (order !== undefined && order.runId !== before.runId) return order;
      await new Promise(resolve => setTimeout(resolve, LOOK_MS));
    }
    return undefined;
  }
}

/** @throws EngineError MOVER_FAILED */
function unpacked(text: string): ApplyOrder {
  const order = unpackOrder(Buffer.from(text, 'base64'));
  if (order.order === 'apply') return order;
  throw new EngineError('MOVER_FAILED', { expected: 'an order to apply', found: order.order });
}

/** Annotations name no source; its credentials are a file of this pod. */
function withSourceOf(first: MoverOrder, next: ApplyOrder): ApplyOrder {
  return first.order === 'apply' ? { ...next, source: first.source } : next;
}
