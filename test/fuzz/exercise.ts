/** Reads a mutant the way the engine would, and says what a reader did that it must never do. */
import type { ByteRange } from '../../packages/engine/src/bytes';
import { EngineError } from '../../packages/engine/src/errors';
import type { Extent } from '../../packages/engine/src/formats/layer';
import { openLayerChain } from '../../packages/engine/src/formats/layer-chain';
import { openLayer } from '../../packages/engine/src/formats/open-layer';
import { Dice } from './dice';
import type { Mutant } from './mutate';
import type { WatchedOpener } from './openers';

/** What the copier asks for at once is smaller. */
const WINDOW_BYTES = 64 * 1024 * 1024;
const WINDOWS = 8;
const READS = 6;
const READ_BYTES = 1024 * 1024;

export type Verdict =
  { readonly kind: 'read' | 'refused' } | { readonly kind: 'failed'; readonly why: string };

interface Readable {
  readonly sizeBytes: number;
  extents(window: ByteRange): Promise<readonly Extent[]>;
  read(offset: number, into: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export async function exercise(
  mutant: Mutant,
  { opener, offences, stillOpen }: WatchedOpener,
): Promise<Verdict> {
  const dice = new Dice(mutant.seed ^ 0x5eed);
  const unclean = dice.chance(50) ? 'refuse' : 'report';
  const outcomes = [
    await attempt(async () => {
      const layer = await openLayer(opener, mutant.disk, { unclean });
      await readSome(layer, dice, () => layer.manifest());
    }),
    await attempt(async () => {
      const chain = await openLayerChain(opener, mutant.disk, { unclean, cidMismatch: 'accept' });
      await readSome(chain, dice, async () => undefined);
    }),
  ];
  const failure = outcomes.find(outcome => outcome.kind === 'failed');
  if (failure !== undefined) return failure;
  if (offences.length > 0) return { kind: 'failed', why: offences[0] ?? '' };
  if (stillOpen() > 0) return { kind: 'failed', why: `${stillOpen()} files left open` };
  return outcomes.every(outcome => outcome.kind === 'read')
    ? { kind: 'read' }
    : { kind: 'refused' };
}

/** A refusal by name is what a reader should do; INTERNAL says of itself that it is a defect. */
async function attempt(body: () => Promise<void>): Promise<Verdict> {
  try {
    await body();
    return { kind: 'read' };
  } catch (error) {
    if (error instanceof EngineError && error.code !== 'INTERNAL') return { kind: 'refused' };
    return {
      kind: 'failed',
      why: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

async function readSome(
  layer: Readable,
  dice: Dice,
  alsoAsk: () => Promise<unknown>,
): Promise<void> {
  try {
    await alsoAsk();
    for (const window of windowsOf(layer.sizeBytes, dice)) await readWindow(layer, window, dice);
  } finally {
    await layer.close();
  }
}

function windowsOf(sizeBytes: number, dice: Dice): readonly ByteRange[] {
  const length = Math.min(sizeBytes, WINDOW_BYTES);
  const windows = [{ offset: 0, length }];
  if (sizeBytes <= WINDOW_BYTES) return windows;
  windows.push({ offset: sizeBytes - length, length });
  for (let i = 0; i < WINDOWS; i++) {
    const offset = dice.below(sizeBytes - length);
    windows.push({ offset, length: dice.chance(50) ? length : 1 + dice.below(length) });
  }
  return windows;
}

async function readWindow(layer: Readable, window: ByteRange, dice: Dice): Promise<void> {
  const extents = await layer.extents(window);
  assertTiled(extents, window);
  const data = extents.filter(extent => extent.kind === 'data');
  for (let i = 0; i < Math.min(READS, data.length); i++) {
    const extent = dice.pick(data);
    const length = Math.min(extent.length, dice.chance(50) ? READ_BYTES : 1 + dice.below(5000));
    await layer.read(extent.offset + dice.below(extent.length - length), new Uint8Array(length));
  }
}

function assertTiled(extents: readonly Extent[], window: ByteRange): void {
  let position = window.offset;
  for (const { offset, length } of extents) {
    if (offset !== position || length <= 0)
      throw new Error(
        `extents of ${window.offset}+${window.length} have a run at ${offset}+${length} where one at ${position} was due`,
      );
    position += length;
  }
  if (position !== window.offset + window.length)
    throw new Error(`extents of ${window.offset}+${window.length} end at ${position}`);
}
