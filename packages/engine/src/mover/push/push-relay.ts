/**
 * Keeps a run supplied: connects to its mover, starts a pusher for each connection, hands the bytes
 * from one to the other, and begins again when either breaks. Bytes pass through with backpressure on
 * both sides, so that what is in memory does not grow with the disk.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Duplex, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { EngineError } from '../../errors';
import { moverEnvironment } from '../child-run';
import { Deferred } from '../deferred';
import { LineSplitter } from '../line-splitter';
import { Bell } from './bell';
import { PUSH_PROTOCOL } from './frames';
import { PUSH_STREAM_FD, type PushCommand, type PushOrder } from './push-order';
import type { PushReport } from './push-program';
import { pushToken } from './push-token';
import { framePipe, type PusherFrames } from './pusher-frames';

export interface RelayOptions {
  /** The built program of packages/mover. */
  readonly program: string;
  readonly runId: string;
  /** Of the run, hex; stays here. */
  readonly key: string;
  readonly order: Pick<PushOrder, 'source' | 'layer' | 'windowBytes' | 'content'>;
  /** A connection to the mover's port. */
  connect(signal: AbortSignal): Promise<Duplex>;
  /** Grows as the run gets on, by whatever is known of it. */
  progress(): number;
  /** What the run waits for; `undefined`: for nothing but its bytes. */
  waits(reason: string | undefined): void;
  /** Before try `number` (1 = the first repeat) after tries without progress. */
  pauseMs(number: number): number;
  /** After so long without a connection that brought anything on, this side gives up. */
  readonly patienceMs: number;
  giveUp(lastTrouble: string): EngineError;
}

/** A pusher that does not end with its connection is ended. */
const LEAVE_MS = 5_000;
/** So much of the end of stderr goes into a reason. */
const STDERR_TAIL_BYTES = 2048;

export class PushRelay {
  /** Resolves when there is nothing more to push, or after `close`. @throws what `giveUp` makes */
  readonly ended: Promise<void>;
  private readonly closing = new AbortController();
  private readonly hurry = new Bell();
  private child: ChildProcess | undefined;
  private isStopped = false;
  private connections = 0;

  constructor(private readonly options: RelayOptions) {
    this.ended = this.keepSupplied();
    this.ended.catch(() => undefined);
  }

  /** Tells the mover to stop after the window in hand, if it can be reached. */
  stop(): void {
    this.isStopped = true;
    this.tellStop();
  }

  /** Ends everything at once. */
  async close(): Promise<void> {
    this.closing.abort();
    this.hurry.ring();
    this.child?.kill('SIGKILL');
    await this.ended.catch(() => undefined);
  }

  private async keepSupplied(): Promise<void> {
    const { options } = this;
    let failures = 0;
    let troubleSince = performance.now();
    for (;;) {
      const before = options.progress();
      const startedAt = performance.now();
      const trouble = await this.pushOnce();
      if (trouble === undefined || this.closing.signal.aborted) return;
      if (options.progress() > before) {
        failures = 0;
        troubleSince = performance.now();
      } else if (performance.now() - startedAt > options.patienceMs) {
        troubleSince = performance.now(); // it stood so long, only slowly
      }
      if (performance.now() - troubleSince > options.patienceMs) throw options.giveUp(trouble);
      options.waits(`the connection that pushes the layer to come back: ${trouble}`);
      failures++;
      await this.hurry.heard(options.pauseMs(failures));
      if (this.closing.signal.aborted) return;
    }
  }

  /** One connection; `undefined`: nothing more is to be pushed. Else why it ended. */
  private async pushOnce(): Promise<string | undefined> {
    const { options, closing } = this;
    let connection: Duplex;
    try {
      connection = await options.connect(closing.signal);
    } catch (error) {
      return messageOf(error);
    }
    let broken: string | undefined;
    connection.on('error', error => (broken ??= messageOf(error)));
    if (closing.signal.aborted) {
      connection.destroy();
      return 'it was closed';
    }
    const pusher = this.startPusher(connection);
    connection.once('data', () => options.waits(undefined));
    const through = this.handBytes(pusher.frames, connection);
    const report = await pusher.ended;
    connection.destroy();
    await through;
    this.child = undefined;
    if (report.type === 'ended') return undefined;
    const found = report.error.found ?? report.error.message;
    return broken === undefined ? found : `${found} (${broken})`;
  }

  /** Ends when either end does, and ends the other. */
  private async handBytes({ stream, handed }: PusherFrames, connection: Duplex): Promise<void> {
    const leave = (): void => {
      stream.destroy();
      const { child } = this;
      const timer = setTimeout(() => child?.kill('SIGKILL'), LEAVE_MS).unref();
      child?.once('close', () => clearTimeout(timer));
    };
    connection.once('close', leave);
    await Promise.allSettled([handed, pipeline(connection, stream)]);
  }

  private startPusher(to: Duplex): {
    readonly frames: PusherFrames;
    readonly ended: Promise<PushReport>;
  } {
    const { program, key, runId, order } = this.options;
    const connection = ++this.connections;
    const pipe = framePipe();
    const child = spawn(process.execPath, [program, '--push'], {
      stdio: ['pipe', 'pipe', 'pipe', pipe.theirs],
      env: moverEnvironment(),
    });
    this.child = child;
    const ended = reportOf(child);
    const told: PushOrder = {
      order: 'push',
      protocol: PUSH_PROTOCOL,
      ...order,
      connection,
      token: pushToken(key, runId, connection).toString('hex'),
    };
    const stdin = child.stdin as Writable;
    stdin.on('error', () => undefined);
    stdin.write(`${JSON.stringify(told)}\n`);
    if (this.isStopped) this.tellStop();
    const frames = pipe.begin(child, PUSH_STREAM_FD, to);
    frames.stream.on('error', () => undefined);
    frames.handed.catch(() => undefined);
    return { frames, ended };
  }

  private tellStop(): void {
    const { child } = this;
    if (child?.stdin?.writable !== true) return;
    child.stdin.write(`${JSON.stringify({ type: 'stop' } satisfies PushCommand)}\n`);
  }
}

/** The pusher's last line, or how it went without one. */
function reportOf(child: ChildProcess): Promise<PushReport> {
  const done = new Deferred<PushReport>();
  let report: PushReport | undefined;
  let stderr = Buffer.alloc(0);
  const lines = new LineSplitter(line => (report ??= parsed(line)));
  (child.stdout as Readable).on('data', (chunk: Buffer) => lines.add(chunk));
  (child.stderr as Readable).on('data', (chunk: Buffer) => {
    stderr = Buffer.concat([stderr, chunk]).subarray(-STDERR_TAIL_BYTES);
  });
  const without = (found: string): PushReport => {
    const tail = stderr.toString('utf8').trim();
    const error = new EngineError('MOVER_FAILED', {
      where: { object: 'the process that reads the layer' },
      found: tail === '' ? found : `${found}; its last words: ${tail}`,
      retry: 'later',
    });
    return { type: 'broken', error: error.toJSON() };
  };
  child.on('error', error => done.resolve(without(error.message)));
  child.on('close', (code, signal) =>
    done.resolve(
      report ?? without(signal === null ? `exit code ${code ?? '?'}` : `signal ${signal}`),
    ),
  );
  return done.promise;
}

function parsed(line: string): PushReport | undefined {
  try {
    return JSON.parse(line) as PushReport;
  } catch {
    return undefined; // how the process ends says more
  }
}

function messageOf(error: unknown): string {
  if (error instanceof EngineError) return error.found ?? error.message;
  return error instanceof Error ? error.message : String(error);
}
