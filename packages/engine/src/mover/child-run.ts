/** One child process that carries out one order, and what it reported so far. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';

import { EngineError, type ErrorData } from '../errors';
import { Deferred } from './deferred';
import { LineSplitter } from './line-splitter';
import {
  MOVER_PROTOCOL,
  type MoverCommand,
  type MoverOrder,
  type MoverProgress,
  type MoverReport,
  type MoverStatus,
  type Receipt,
  type WindowReport,
} from './mover';
import { parseReport } from './parse-report';

/** So much of the end of stderr goes into an error. */
const STDERR_TAIL_BYTES = 4096;

type End =
  | { readonly state: 'done'; readonly receipt: Receipt }
  | { readonly state: 'failed'; readonly error: ErrorData };

export class ChildRun {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly ended = new Deferred<void>();
  private end: End | undefined;
  private progress: MoverProgress | undefined;
  private windows: WindowReport[] = [];
  private stderr = Buffer.alloc(0);
  /** What the last line said; counts once the process is gone, because only then nobody writes any more. */
  private verdict: End | undefined;
  private rate: number;

  constructor(node: string, args: readonly string[], order: MoverOrder) {
    this.rate = order.bytesPerSecond;
    this.child = spawn(node, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...moverEnvironment(), ...credentialsOf(order) },
    });
    const lines = new LineSplitter(line => this.onLine(line));
    this.child.stdout.on('data', (chunk: Buffer) => lines.add(chunk));
    this.child.stderr.on('data', (chunk: Buffer) => {
      this.stderr = Buffer.concat([this.stderr, chunk]).subarray(-STDERR_TAIL_BYTES);
    });
    // A child that is gone does not read; how it ended says more.
    this.child.stdin.on('error', () => undefined);
    this.child.on('error', error =>
      this.settle(
        failed(
          new EngineError('MOVER_FAILED', { found: error.message, cause: error, retry: 'later' }),
        ),
      ),
    );
    // `close` comes after the last byte of stdout, `exit` may come before.
    this.child.on('close', (code, signal) =>
      this.settle(this.verdict ?? this.withoutResult(code, signal)),
    );
    this.write(order);
  }

  get hasEnded(): boolean {
    return this.end !== undefined;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Windows are handed over exactly once. */
  status(): MoverStatus {
    const windows = this.windows;
    this.windows = [];
    if (this.end === undefined) return { state: 'running', progress: this.progress, windows };
    return { ...this.end, windows };
  }

  async endedWithin(patienceMs: number): Promise<void> {
    if (this.end !== undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>(resolve => {
      timer = setTimeout(resolve, patienceMs);
    });
    await Promise.race([this.ended.promise, patience]);
    clearTimeout(timer);
  }

  send(command: MoverCommand): void {
    this.write(command);
  }

  limit(bytesPerSecond: number): void {
    if (bytesPerSecond === this.rate) return;
    this.rate = bytesPerSecond;
    this.send({ type: 'limit', bytesPerSecond });
  }

  /** Asks it to finish its window; does not wait for ever. */
  async stop(patienceMs: number): Promise<void> {
    this.send({ type: 'stop' });
    await this.endedWithin(patienceMs);
    await this.kill();
  }

  async kill(): Promise<void> {
    if (this.end !== undefined) return;
    this.child.kill('SIGKILL');
    await this.ended.promise;
  }

  private onLine(line: string): void {
    if (this.verdict !== undefined) return;
    try {
      this.onReport(parseReport(line));
    } catch (error) {
      // Something else than a mover answers: nothing it says can be trusted.
      this.verdict = failed(error as EngineError);
      this.child.kill('SIGKILL');
    }
  }

  private onReport(report: MoverReport): void {
    switch (report.type) {
      case 'started':
        if (report.protocol === MOVER_PROTOCOL) return;
        throw new EngineError('MOVER_VERSION', {
          expected: `a mover of protocol ${MOVER_PROTOCOL}`,
          found: `version ${report.version} with protocol ${report.protocol}`,
          hint: 'Use the mover that was built with this engine.',
        });
      case 'progress':
        this.progress = report.progress;
        return;
      case 'window':
        this.windows.push(report.window);
        return;
      case 'done':
        this.verdict = { state: 'done', receipt: report.receipt };
        return;
      case 'failed':
        this.verdict = { state: 'failed', error: report.error };
        return;
    }
  }

  private withoutResult(code: number | null, signal: NodeJS.Signals | null): End {
    const how = signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`;
    const tail = this.stderr.toString('utf8').trim();
    return failed(
      new EngineError('MOVER_FAILED', {
        found: tail === '' ? how : `${how}; its last words: ${tail}`,
        retry: 'later',
      }),
    );
  }

  private settle(end: End): void {
    if (this.end !== undefined) return;
    this.end = end;
    this.child.stdin.destroy();
    this.ended.resolve();
  }

  private write(line: MoverOrder | MoverCommand): void {
    if (this.child.stdin.writable) this.child.stdin.write(`${JSON.stringify(line)}\n`);
  }
}

function failed(error: EngineError): End {
  return { state: 'failed', error: error.toJSON() };
}

/** What a process of the mover program gets of the engine's environment, which may hold a database password. */
export function moverEnvironment(): NodeJS.ProcessEnv {
  const { PATH, LD_LIBRARY_PATH, TMPDIR, TZ } = process.env;
  return { PATH, LD_LIBRARY_PATH, TMPDIR, TZ };
}

/** What its order names. */
function credentialsOf(order: MoverOrder): NodeJS.ProcessEnv {
  const source = 'source' in order ? order.source : undefined;
  if (source?.kind !== 'vm-https' || source.credentials === undefined) return {};
  if (!('env' in source.credentials)) return {};
  const { env } = source.credentials;
  return { [env]: process.env[env] };
}
