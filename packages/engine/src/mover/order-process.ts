/** A process of this program that carries out one order; its reports go to our own standard output. */
import { spawn, type ChildProcess } from 'node:child_process';

import { EngineError } from '../errors';
import { Deferred } from './deferred';
import { PROGRESS_EVERY_MS } from './file-program';
import { LineSplitter } from './line-splitter';
import type { MoverCommand, MoverOrder, MoverReport } from './mover';
import { parseReport } from './parse-report';

export type LastReport = Extract<MoverReport, { type: 'done' | 'failed' }>;

export class OrderProcess {
  private readonly child: ChildProcess;
  private readonly over = new Deferred<LastReport>();
  private readonly gone = new Deferred<string>();
  private last: LastReport | undefined;
  private hasOrder = false;
  private progressAtMs = -Infinity;

  /** Starts it; it waits for its order and holds nothing. */
  constructor(node: string, args: readonly string[]) {
    this.child = spawn(node, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = new LineSplitter(line => this.onLine(line));
    this.child.stdout?.on('data', (chunk: Buffer) => lines.add(chunk));
    this.child.stdin?.on('error', () => undefined);
    this.child.on('error', error => this.gone.resolve(error.message));
    // `close` comes when all of its output was read: by then the kernel has closed what it had open.
    this.child.on('close', (code, signal) =>
      this.gone.resolve(signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`),
    );
    void this.gone.promise.then(how => this.settle(how));
  }

  /** Its last report, passed on already. The process is gone. */
  get ended(): Promise<LastReport> {
    return this.over.promise;
  }

  begin(order: MoverOrder): void {
    this.hasOrder = true;
    this.write(order);
  }

  command(command: MoverCommand): void {
    if (this.hasOrder) this.write(command);
  }

  /** For one that got no order. */
  kill(): void {
    this.child.kill('SIGKILL');
  }

  private onLine(line: string): void {
    if (!this.hasOrder) return;
    const report = line.startsWith('{"type":"done"') || line.startsWith('{"type":"failed"');
    if (report) this.last = parseReport(line) as LastReport;
    else if (!this.isTooSoon(line)) process.stdout.write(`${line}\n`);
  }

  /** Lines go through a log that is kept and rotated. */
  private isTooSoon(line: string): boolean {
    if (!line.startsWith('{"type":"progress"')) return false;
    const now = performance.now();
    if (now - this.progressAtMs < PROGRESS_EVERY_MS) return true;
    this.progressAtMs = now;
    return false;
  }

  private settle(how: string): void {
    if (!this.hasOrder) return;
    const last: LastReport = this.last ?? {
      type: 'failed',
      error: new EngineError('MOVER_FAILED', { found: how, retry: 'later' }).toJSON(),
    };
    process.stdout.write(`${JSON.stringify(last)}\n`);
    this.over.resolve(last);
  }

  private write(line: MoverOrder | MoverCommand): void {
    this.child.stdin?.write(`${JSON.stringify(line)}\n`);
  }
}
