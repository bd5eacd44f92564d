/**
 * What the mover program does with an order: steer it by the commands that follow, report as it
 * goes, end with `done` or `failed`.
 */
import { EngineError, toEngineError } from '../errors';
import { runApply } from './apply-run';
import { MoverControl } from './control';
import { ensureDiskFile } from './disk-file';
import { runHashChain, runHashVolume } from './hash-run';
import {
  MOVER_PROTOCOL,
  type MoverCommand,
  type MoverOrder,
  type MoverReport,
  type Receipt,
} from './mover';
import { runPattern } from './pattern-run';
import { ProgressReporter } from './progress-reporter';
import type { ReceiptFacts, RunContext } from './run-context';
import { MOVER_VERSION } from './version';

export interface RunOptions extends Pick<RunContext, 'program' | 'lanes' | 'flush'> {
  say(report: MoverReport): void;
  /** Absent: five progress lines a second. */
  readonly progressEveryMs?: number;
}

/** One order under way. */
export interface OrderRun {
  /** The last report, which was said already. Never rejects. */
  readonly ended: Promise<Extract<MoverReport, { type: 'done' | 'failed' }>>;
  command(command: MoverCommand): void;
  /** Nobody listens any more: end without another write. */
  abandon(): void;
}

/** The lease starts with this call. */
export function startOrder(order: MoverOrder, options: RunOptions): OrderRun {
  const control = MoverControl.create(order.leaseMs, order.bytesPerSecond);
  return {
    ended: run(order, control, options),
    abandon: () => control.stopAtOnce(),
    command(command) {
      switch (command.type) {
        case 'renew':
          return control.renew();
        case 'limit':
          return control.limit(command.bytesPerSecond);
        case 'stop':
          return control.stopAfterWindow();
      }
    },
  };
}

async function run(
  order: MoverOrder,
  control: MoverControl,
  options: RunOptions,
): Promise<Extract<MoverReport, { type: 'done' | 'failed' }>> {
  const started = Date.now();
  const startedNs = process.hrtime.bigint();
  const startedAt = new Date(started).toISOString();
  const about = order.order === 'apply' ? { layerId: order.layerId } : {};
  options.say({
    type: 'started',
    protocol: MOVER_PROTOCOL,
    version: MOVER_VERSION,
    pid: process.pid,
    startedAt,
    ...about,
  });
  const progress = new ProgressReporter(
    progressNow => options.say({ type: 'progress', progress: progressNow, ...about }),
    undefined,
    options.progressEveryMs,
  );
  const last = await perform(order, {
    program: options.program,
    lanes: options.lanes,
    flush: options.flush,
    control,
    onWindow: window => options.say({ type: 'window', window, ...about }),
    onProgress: facts => progress.tell(facts),
  }).then(
    facts =>
      ({
        type: 'done',
        receipt: receiptOf(
          order,
          facts,
          startedAt,
          Number((process.hrtime.bigint() - startedNs) / 1_000_000n),
        ),
      }) as const,
    (error: unknown) => ({ type: 'failed', error: toEngineError(error).toJSON() }) as const,
  );
  options.say(last);
  return last;
}

async function perform(order: MoverOrder, context: RunContext): Promise<ReceiptFacts> {
  if (order.protocol !== MOVER_PROTOCOL) {
    throw new EngineError('MOVER_VERSION', {
      expected: `an order of protocol ${MOVER_PROTOCOL} (mover ${MOVER_VERSION})`,
      found: `protocol ${String(order.protocol)}`,
      hint: 'Use the mover that was built with this engine.',
    });
  }
  switch (order.order) {
    case 'apply':
      ensureDiskFile(order);
      return runApply(order, context);
    case 'hash-volume':
      return runHashVolume(order, context);
    case 'hash-chain':
      return runHashChain(order, context);
    case 'pattern':
      return runPattern(order, context);
  }
}

function receiptOf(
  order: MoverOrder,
  facts: ReceiptFacts,
  startedAt: string,
  durationMs: number,
): Receipt {
  return {
    order: order.order,
    runId: order.runId,
    ...facts,
    startedAt,
    finishedAt: new Date().toISOString(),
    durationMs,
    moverVersion: MOVER_VERSION,
  };
}
