/** The thread that reads mutants, one after the other. The main thread watches its clock. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';

import { guardAllocations, LIMIT_BYTES, type AllocationGuard } from './allocation-guard';
import { makeCorpus, type CorpusItem } from './corpus';
import { exercise, type Verdict } from './exercise';
import { makeMutant, type Mutant } from './mutate';
import { diskOpener, memoryOpener } from './openers';

/** What the main thread tells this one. */
export interface ThreadInput {
  readonly folder: string;
  readonly fixtures: string;
  /** Int32: number of mutants begun; index of the corpus item; seed of the mutant at work. */
  readonly progress: SharedArrayBuffer;
  readonly seed: number;
  readonly firstIndex: number;
  /** Only this one, then stop. */
  readonly only?: { readonly item: string; readonly seed: number };
}

export type ThreadMessage =
  | { readonly kind: 'ready'; readonly items: readonly string[] }
  | {
      readonly kind: 'failed';
      readonly item: string;
      readonly seed: number;
      readonly recipe: readonly string[];
      readonly why: string;
    }
  | {
      readonly kind: 'counts';
      readonly read: number;
      readonly refused: number;
      readonly largestBytes: number;
      readonly slowest: Slowest;
    }
  | { readonly kind: 'done' };

export interface Slowest {
  readonly ms: number;
  readonly item: string;
  readonly seed: number;
}

/** Every so many mutants one is read as real files through the engine's own opener. */
const ON_DISK_EVERY = 32;
const REPORT_EVERY = 256;
const CHECK_HELD_EVERY = 4096;
/** Times that memory is looked at before it counts as held. */
const LOOKS = 20;

export async function runThread(): Promise<void> {
  const input = workerData as ThreadInput;
  const corpus = await makeCorpus(input.folder, input.fixtures);
  const send = (message: ThreadMessage): void => parentPort?.postMessage(message);
  send({ kind: 'ready', items: corpus.map(item => item.name) });
  const progress = new Int32Array(input.progress);
  const run = new ThreadRun(input, guardAllocations());
  if (input.only !== undefined) {
    const { item, seed } = input.only;
    const found = corpus.find(one => one.name === item);
    if (found === undefined)
      throw new Error(
        `there is no ${item} in the corpus: ${corpus.map(one => one.name).join(', ')}`,
      );
    Atomics.add(progress, 0, 1);
    for (const mode of ['memory', 'disk'] as const)
      run.reportFailure(
        makeMutant(found, seed),
        await run.judge(makeMutant(found, seed), mode),
        send,
      );
    send({ kind: 'done' });
    return;
  }
  for (let index = input.firstIndex; ; index++) {
    const seed = seedOf(input.seed, index);
    const at = seed % corpus.length;
    Atomics.store(progress, 1, at);
    Atomics.store(progress, 2, seed | 0);
    Atomics.add(progress, 0, 1);
    const mutant = makeMutant(corpus[at] as CorpusItem, seed);
    run.reportFailure(
      mutant,
      await run.judge(mutant, index % ON_DISK_EVERY === 0 ? 'disk' : 'memory'),
      send,
    );
    if (index % REPORT_EVERY === 0) {
      if (index % CHECK_HELD_EVERY === 0) await run.assertNothingHeld();
      send(run.counts());
      // Lets the message out: awaits alone never leave this turn of the loop.
      await new Promise(resolve => setImmediate(resolve));
    }
  }
}

class ThreadRun {
  private read = 0;
  private refused = 0;
  private largestBytes = 0;
  private slowest: Slowest = { ms: 0, item: '', seed: 0 };
  private heldAtStart: number | undefined;

  constructor(
    private readonly input: ThreadInput,
    private readonly guard: AllocationGuard,
  ) {}

  async judge(mutant: Mutant, mode: 'memory' | 'disk'): Promise<Verdict> {
    const watched =
      mode === 'memory' ? memoryOpener(mutant) : diskOpener(mutant, `${this.input.folder}-case`);
    if (watched === undefined) return { kind: 'refused' };
    this.guard.reset();
    const startedAt = performance.now();
    const verdict = await exercise(mutant, watched);
    const ms = performance.now() - startedAt;
    if (ms > this.slowest.ms) this.slowest = { ms, item: mutant.item, seed: mutant.seed };
    this.largestBytes = Math.max(this.largestBytes, this.guard.largestBytes());
    if (verdict.kind === 'read') this.read++;
    if (verdict.kind === 'refused') this.refused++;
    // Thrown by the guard and then turned into something else by a reader: still an offence.
    if (this.guard.largestBytes() > LIMIT_BYTES)
      return { kind: 'failed', why: `${this.guard.largestBytes()} bytes asked for at once` };
    return verdict;
  }

  reportFailure(mutant: Mutant, verdict: Verdict, send: (message: ThreadMessage) => void): void {
    if (verdict.kind === 'failed')
      send({
        kind: 'failed',
        item: mutant.item,
        seed: mutant.seed,
        recipe: mutant.recipe,
        why: verdict.why,
      });
  }

  counts(): ThreadMessage {
    return {
      kind: 'counts',
      read: this.read,
      refused: this.refused,
      largestBytes: this.largestBytes,
      slowest: this.slowest,
    };
  }

  /**
   * Closed layers leave nothing behind. Memory of collected buffers is given back by a thread of the
   * collector some time later: only what stays is held.
   */
  async assertNothingHeld(): Promise<void> {
    let held = NaN;
    for (let look = 0; look < LOOKS; look++) {
      collectGarbage();
      await new Promise(resolve => setImmediate(resolve));
      const { arrayBuffers, heapUsed } = process.memoryUsage();
      held = arrayBuffers + heapUsed;
      this.heldAtStart = Math.min(this.heldAtStart ?? held, held);
      if (held - this.heldAtStart <= LIMIT_BYTES && look > 0) return;
    }
    throw new Error(
      `${held - (this.heldAtStart ?? NaN)} bytes more are held than at the start: closed layers leak`,
    );
  }
}

/** The seed of mutant `index` of a run: numbers far apart for neighbours. */
function seedOf(seed: number, index: number): number {
  let mixed = (Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) + Math.imul(index, 0xc2b2_ae35)) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b_3c6d) >>> 0;
  return (mixed ^ (mixed >>> 13)) >>> 0;
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
}
