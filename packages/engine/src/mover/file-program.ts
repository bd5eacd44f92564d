/**
 * The mover program where it has no stdin: the order is a file, commands are annotations in a file,
 * the last report is a file as well. Reports go to stdout, one a line, as always.
 */
import { writeFileSync } from 'node:fs';

import { toEngineError } from '../errors';
import { followControl } from './control-file';
import type { MoverReport } from './mover';
import { readOrderFile } from './packed-order';
import { fittingResult } from './result-file';
import { startOrder, type RunOptions } from './run-order';
import { makeTableRoom } from './table-room';

/** Where a mover without stdin is told what to do and says how it ended. */
export interface OrderFiles {
  /** The order as packOrder or JSON wrote it, in one or several parts. */
  readonly orderFile: string;
  /** Annotations of the pod; absent: nobody steers it. */
  readonly controlFile?: string;
  /** Gets the last report in at most 4,096 bytes. */
  readonly resultFile?: string;
}

export interface FileProgramOptions extends OrderFiles, Pick<RunOptions, 'lanes' | 'flush'> {}

/**
 * So long that it never ends: nobody renews a mover that has no stdin. That it is the only writer
 * is for whoever started it to see to (a pod's name can exist once).
 */
export const NO_LEASE_MS = 100 * 365 * 24 * 3_600_000;
/** Lines go through a log that is kept and rotated. */
export const PROGRESS_EVERY_MS = 1_000;

/** Runs the order and ends the process: 0 after `done`, 1 after `failed`. SIGTERM finishes the window in hand. */
export function runFileProgram(program: string, options: FileProgramOptions): void {
  const { orderFile, controlFile, resultFile, ...rest } = options;
  const say = (report: MoverReport): void =>
    void process.stdout.write(`${JSON.stringify(report)}\n`);
  const leave = (last: Extract<MoverReport, { type: 'done' | 'failed' }>): void => {
    if (resultFile !== undefined) keepResult(resultFile, last);
    process.stdout.write('', () => process.exit(last.type === 'done' ? 0 : 1));
  };
  process.on('SIGINT', () => undefined);
  try {
    const order = readOrderFile(orderFile);
    if (order.order === 'apply') makeTableRoom(order);
    const running = startOrder(
      { ...order, leaseMs: NO_LEASE_MS },
      { program, say, progressEveryMs: PROGRESS_EVERY_MS, ...rest },
    );
    process.stdout.on('error', () => running.abandon());
    process.on('SIGTERM', () => running.command({ type: 'stop' }));
    if (controlFile !== undefined)
      followControl(controlFile, order.bytesPerSecond, command => running.command(command));
    void running.ended.then(leave);
  } catch (error) {
    const last = { type: 'failed', error: toEngineError(error).toJSON() } as const;
    say(last);
    leave(last);
  }
}

/** The log has the report too; a result that cannot be written is not worth failing for. */
export function keepResult(
  file: string,
  last: Extract<MoverReport, { type: 'done' | 'failed' }>,
): void {
  try {
    writeFileSync(file, fittingResult(last));
  } catch (error) {
    process.stderr.write(`cannot write ${file}: ${String(error)}\n`);
  }
}
