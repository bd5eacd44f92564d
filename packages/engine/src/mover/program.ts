/** stdin and stdout of the mover program. */
import { toEngineError } from '../errors';
import { LineSplitter } from './line-splitter';
import type { MoverCommand, MoverOrder, MoverReport } from './mover';
import { startOrder, type OrderRun, type RunOptions } from './run-order';

export interface ProgramOptions extends Pick<RunOptions, 'lanes' | 'flush'> {
  /** `stops`: whoever gave the order is gone. `ignored`: for orders from a file. */
  readonly stdinEnd: 'stops' | 'ignored';
}

/**
 * Reads the order from stdin, runs it, prints reports, and ends the process: 0 after `done`, 1
 * after `failed`. `program` is the file that is being run.
 */
export function runProgram(program: string, { stdinEnd, ...options }: ProgramOptions): void {
  let running: OrderRun | undefined;
  const say = (report: MoverReport): void =>
    void process.stdout.write(`${JSON.stringify(report)}\n`);
  const onLine = (line: string): void => {
    if (line.trim() === '') return;
    if (running === undefined) {
      running = startOrder(JSON.parse(line) as MoverOrder, { program, say, ...options });
      void running.ended.then(last => leave(last.type === 'done' ? 0 : 1));
    } else {
      running.command(JSON.parse(line) as MoverCommand);
    }
  };
  const lines = new LineSplitter(onLine);
  process.stdin.on('data', (chunk: Buffer) => {
    try {
      lines.add(chunk);
    } catch (error) {
      refuse(error);
    }
  });
  process.stdin.on('end', () => {
    if (running === undefined) refuse(new Error('no order on stdin'));
    else if (stdinEnd === 'stops') running.abandon();
  });
  const refuse = (error: unknown): void => {
    running?.abandon();
    say({ type: 'failed', error: toEngineError(error).toJSON() });
    leave(1);
  };
  // A reader that is gone wants nothing more.
  process.stdout.on('error', () => running?.abandon());
  // Ctrl-C reaches the whole process group; whoever started the mover decides what it means for it.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => running?.command({ type: 'stop' }));
}

/** After the last line is out. */
function leave(code: number): void {
  process.stdout.write('', () => process.exit(code));
}
