/**
 * The frames of a pusher on their way to the connection: through a socket pair into one memory that is
 * used again and again. Node's own pipes make a new buffer for every 64 KiB, and collecting those was
 * half of what a worker did in a push.
 */
import type { ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Duplex, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';

import { posix } from '../../native/posix';

const READ_BYTES = 256 * 1024;

/** What the pusher gets as its end, and what becomes of ours. */
export interface FramePipe {
  /** For the pusher's stdio. */
  readonly theirs: number | 'pipe';
  /**
   * Once it is started: hands on what comes, no faster than `connection` takes it, and ends it at the end.
   * @param nth place of `theirs` among its stdio
   */
  begin(child: ChildProcess, nth: number, connection: Writable): PusherFrames;
}

export interface PusherFrames {
  /** Its writing side leads to the pusher. */
  readonly stream: Duplex;
  /** Resolves when all was handed on; rejects when either end breaks. */
  readonly handed: Promise<void>;
}

export function framePipe(): FramePipe {
  const pair = posix()?.socketPair?.();
  return pair === undefined ? nodesOwn : overPair(pair);
}

const nodesOwn: FramePipe = {
  theirs: 'pipe',
  begin(child, nth, connection) {
    const stream = child.stdio[nth] as Duplex;
    return { stream, handed: pipeline(stream, connection) };
  },
};

function overPair([ours, theirs]: readonly [number, number]): FramePipe {
  return {
    theirs,
    begin(_child, _nth, connection) {
      closeSync(theirs); // the pusher has its own copy
      const stream: Socket = new Socket({
        fd: ours,
        readable: true,
        writable: true,
        onread: {
          buffer: Buffer.allocUnsafeSlow(READ_BYTES),
          // Nothing is read into the memory before the connection is done with it.
          callback(count, bytes) {
            connection.write(bytes.subarray(0, count), error => {
              if (error === null || error === undefined) stream.resume();
            });
            return false;
          },
        },
      });
      return { stream, handed: handed(stream, connection) };
    },
  };
}

async function handed(stream: Duplex, connection: Writable): Promise<void> {
  await finished(stream, { writable: false });
  connection.end();
  await finished(connection, { readable: false });
}
