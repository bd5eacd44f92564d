/**
 * npm run fuzz -- [--seconds N] [--seed N] [--replay ITEM:SEED]
 *
 * Damaged disks of every kind for every reader. A reader may refuse (EngineError) or read; it may not
 * throw anything else, hang, read outside a file or folder, leave a file open, or ask for more than
 * 64 MiB at once. Prints one line for each defect, with the words that replay it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { isMainThread, Worker } from 'node:worker_threads';

import { runThread, type Slowest, type ThreadInput, type ThreadMessage } from './fuzz-thread';

const MUTANT_LIMIT_MS = 2_000;
const POLL_MS = 100;
const DEFECTS_SHOWN = 20;

interface MutantName {
  readonly item: string;
  readonly seed: number;
}

interface Totals {
  mutants: number;
  read: number;
  refused: number;
  largestBytes: number;
  slowest: Slowest;
}

class Fuzz {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'vm-migrate-fuzz-'));
  private readonly totals: Totals = {
    mutants: 0,
    read: 0,
    refused: 0,
    largestBytes: 0,
    slowest: { ms: 0, item: '', seed: 0 },
  };
  /** First line of the failure -> how it is replayed. One defect makes thousands of mutants fail. */
  private readonly defects = new Map<string, string>();
  private items: readonly string[] = [];
  /** Counts of the threads that ended. */
  private countsBefore = { read: 0, refused: 0 };
  /** When the first thread had its corpus: making that is no part of the time that was asked for. */
  private startedAt: number | undefined;

  constructor(
    private readonly fixtures: string,
    private readonly seed: number,
  ) {}

  async run(seconds: number): Promise<number> {
    print(`fuzz: seed ${this.seed}, ${seconds} s`);
    let index = 0;
    while (!this.isOver(seconds) && this.defects.size < DEFECTS_SHOWN) {
      index += await this.runThread({ firstIndex: index }, seconds);
    }
    return this.finish(seconds);
  }

  async replay(words: string): Promise<number> {
    const at = words.lastIndexOf(':');
    const only = { item: words.slice(0, at), seed: Number(words.slice(at + 1)) };
    await this.runThread({ firstIndex: 0, only }, Number.POSITIVE_INFINITY);
    if (this.defects.size === 0) print(`fuzz: ${words} is read or refused as it should be`);
    return this.finish(0);
  }

  /** Runs a thread until time is over or it hangs; the number of mutants it began. */
  private async runThread(
    order: Pick<ThreadInput, 'firstIndex' | 'only'>,
    seconds: number,
  ): Promise<number> {
    const progress = new SharedArrayBuffer(12);
    const view = new Int32Array(progress);
    const workerData: ThreadInput = {
      ...order,
      folder: this.folder,
      fixtures: this.fixtures,
      progress,
      seed: this.seed,
    };
    const worker = new Worker(__filename, {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    });
    const ended = new Promise<void>(resolve => {
      worker.on('message', (message: ThreadMessage) => {
        this.take(message);
        if (message.kind === 'done') resolve();
      });
      worker.on('error', error => {
        // It says itself what it met; which mutant that was, the shared numbers say.
        const at = order.only ?? this.current(view);
        this.note(at, [], `the thread ended: ${error.stack ?? error.message}`);
        resolve();
      });
      worker.on('exit', () => resolve());
    });
    const stalled = await Promise.race([ended, this.watch(view, seconds)]);
    const begun = view[0] ?? 0;
    await worker.terminate();
    this.countsBefore = { read: this.totals.read, refused: this.totals.refused };
    if (stalled === 'stalled') await this.judgeStall(order.only ?? this.current(view), order.only);
    if (order.only === undefined) this.totals.mutants += begun;
    return begun;
  }

  /** A busy machine stalls any thread: only a mutant that stalls again, alone, is a defect. */
  private async judgeStall(mutant: MutantName, only: ThreadInput['only']): Promise<void> {
    if (only !== undefined) this.note(mutant, [], `took more than ${MUTANT_LIMIT_MS} ms`);
    else await this.runThread({ firstIndex: 0, only: mutant }, Number.POSITIVE_INFINITY);
  }

  /** Comes back when time is over or one mutant takes too long. */
  private async watch(view: Int32Array, seconds: number): Promise<'stalled' | 'over'> {
    let last = 0;
    let since = performance.now();
    while (!this.isOver(seconds)) {
      await new Promise(resolve => setTimeout(resolve, POLL_MS).unref());
      const now = Atomics.load(view, 0);
      if (now !== last || now === 0) {
        last = now;
        since = performance.now();
      } else if (performance.now() - since > MUTANT_LIMIT_MS) {
        return 'stalled';
      }
    }
    return 'over';
  }

  private isOver(seconds: number): boolean {
    return this.startedAt !== undefined && performance.now() - this.startedAt > seconds * 1000;
  }

  private current(view: Int32Array): MutantName {
    return { item: this.items[Atomics.load(view, 1)] ?? '?', seed: Atomics.load(view, 2) >>> 0 };
  }

  private take(message: ThreadMessage): void {
    switch (message.kind) {
      case 'ready':
        this.items = message.items;
        this.startedAt ??= performance.now();
        break;
      case 'failed':
        this.note(message, message.recipe, message.why);
        break;
      case 'counts':
        this.totals.read = this.countsBefore.read + message.read;
        this.totals.refused = this.countsBefore.refused + message.refused;
        this.totals.largestBytes = Math.max(this.totals.largestBytes, message.largestBytes);
        if (message.slowest.ms > this.totals.slowest.ms) this.totals.slowest = message.slowest;
        break;
      case 'done':
        break;
    }
  }

  private note(
    { item, seed }: { readonly item: string; readonly seed: number },
    recipe: readonly string[],
    why: string,
  ): void {
    const kind = `${item} ${(why.split('\n')[0] ?? '').replace(/\d+/g, 'N')}`;
    if (this.defects.has(kind) || this.defects.size >= DEFECTS_SHOWN) return;
    this.defects.set(kind, `${item}:${seed}`);
    print(
      `\nDEFECT in ${item}: ${why}\n  ${recipe.join('\n  ')}\n  replay: npm run fuzz -- --replay '${item}:${seed}'`,
    );
  }

  private finish(seconds: number): number {
    rmSync(this.folder, { recursive: true, force: true });
    rmSync(`${this.folder}-case`, { recursive: true, force: true });
    const { mutants, read, refused, largestBytes, slowest } = this.totals;
    if (seconds > 0) {
      print(
        `fuzz: ${mutants} mutants of ${this.items.length} disks (${Math.round(mutants / seconds)} a second), ${read} read, ${refused} refused; ` +
          `largest allocation ${(largestBytes / 1024 / 1024).toFixed(1)} MiB; slowest ${slowest.ms.toFixed(0)} ms (${slowest.item}:${slowest.seed}); seed ${this.seed}; ${this.defects.size} defects`,
      );
    }
    return this.defects.size === 0 ? 0 : 1;
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: process.env['VM_MIGRATE_FUZZ_SECONDS'] ?? '60' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 0x7fff_ffff)) },
      replay: { type: 'string' },
      fixtures: {
        type: 'string',
        default: path.resolve(__dirname, '../../../shared/fixtures/vmdk-real'),
      },
    },
  });
  const fuzz = new Fuzz(values.fixtures, Number(values.seed));
  return values.replay === undefined
    ? fuzz.run(Number(values.seconds))
    : fuzz.replay(values.replay);
}

if (isMainThread) {
  void main().then(code => {
    process.exitCode = code;
  });
} else {
  void runThread();
}
