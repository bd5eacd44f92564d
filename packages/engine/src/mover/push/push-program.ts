/**
 * The mover program as the engine's end of a push, in a child process so that reading a layer holds
 * nobody up. The order comes on stdin, the frames go through a descriptor of their own, the last line
 * of stdout says how it ended. It ends with the connection, and with whoever started it.
 */
import { Socket } from 'node:net';

import { type ErrorData, toEngineError } from '../../errors';
import { LineSplitter } from '../line-splitter';
import { PUSH_STREAM_FD, type PushCommand, type PushOrder } from './push-order';
import { type PushEnd, pushLayer } from './pusher';

/** What a pusher says at its end. `broken`: another connection goes on. */
export type PushReport =
  | { readonly type: 'ended'; readonly end: PushEnd }
  | { readonly type: 'broken'; readonly error: ErrorData };

/** Runs the order from stdin and ends the process: 0 when there is nothing more to push, 1 when the connection broke. */
export function runPushProgram(): void {
  let isStarted = false;
  const stopped = new AbortController();
  const leave = (report: PushReport): void => {
    const line = `${JSON.stringify(report)}\n`;
    process.stdout.write(line, () => process.exit(report.type === 'ended' ? 0 : 1));
  };
  const onLine = (line: string): void => {
    if (isStarted) {
      if ((JSON.parse(line) as PushCommand).type === 'stop') stopped.abort();
      return;
    }
    isStarted = true;
    const stream = new Socket({ fd: PUSH_STREAM_FD, readable: true, writable: true });
    pushLayer(JSON.parse(line) as PushOrder, stream, { stopped: stopped.signal }).then(
      end => leave({ type: 'ended', end }),
      (error: unknown) => leave({ type: 'broken', error: toEngineError(error).toJSON() }),
    );
  };
  const lines = new LineSplitter(onLine);
  process.stdin.on('data', (chunk: Buffer) => lines.add(chunk));
  // Whoever started it is gone, and the connection with it.
  process.stdin.on('end', () => process.exit(1));
  process.stdout.on('error', () => process.exit(1));
  // Ctrl-C reaches the whole process group; whoever started it decides what it means.
  process.on('SIGINT', () => undefined);
}
