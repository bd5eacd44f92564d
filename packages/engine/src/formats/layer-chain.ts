/**
 * base..leaf as one view: what a guest would read at the leaf. Parents are found by the hint in
 * each descriptor and held to the link that the content ids make.
 */
import { assertSafeRange, endOf, type ByteRange } from '../bytes';
import { EngineError } from '../errors';
import { ExtentList } from './extent-file';
import type { Extent, Layer } from './layer';
import { openLayer, type OpenLayerOptions } from './open-layer';
import type { FileOpener } from './random-access';

export interface OpenChainOptions extends OpenLayerOptions {
  /** `accept` is an operator's decision: the parent was changed after the delta was made. Default `refuse`. */
  readonly cidMismatch?: 'refuse' | 'accept';
}

/** VMware allows 32 links. */
const DEPTH_LIMIT = 64;

/**
 * Opens the leaf `name` and all its parents. The caller closes the chain.
 * @throws EngineError CHAIN_BROKEN, and what openLayer throws
 */
export async function openLayerChain(
  opener: FileOpener,
  name: string,
  options: OpenChainOptions = { unclean: 'refuse' },
): Promise<LayerChain> {
  const leafFirst: Layer[] = [];
  try {
    let layer: Layer | undefined = await openLayer(opener, name, options);
    while (layer !== undefined) {
      leafFirst.push(layer);
      assertNewLink(layer, leafFirst.slice(0, -1));
      layer = await openParent(opener, layer, options);
    }
    return new LayerChain(leafFirst.reverse());
  } catch (error) {
    await Promise.allSettled(leafFirst.map(one => one.close()));
    throw error;
  }
}

/**
 * The parent that `layer` names, or `undefined` for a base. The hint is tried as it stands first,
 * then its last part beside the child (a VM folder that was copied as a whole). Of these the first
 * whose content id fits is taken: a linked clone may have a disk of the same name beside it.
 * @throws EngineError CHAIN_BROKEN when none fits, and what openLayer throws
 */
export async function openParent(
  opener: FileOpener,
  layer: Layer,
  options: OpenChainOptions = { unclean: 'refuse' },
): Promise<Layer | undefined> {
  if (layer.parent === undefined) return undefined;
  let failure: EngineError | undefined;
  for (const name of parentNames(layer.parent.hint)) {
    try {
      return await openFittingParent(opener, layer, name, options);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      failure = moreTelling(failure, error);
    }
  }
  throw (
    failure ?? new EngineError('CHAIN_BROKEN', { where: { file: layer.file }, found: 'no parent' })
  );
}

/** Names to try for a parent, the likeliest first. */
export function parentNames(hint: string): readonly string[] {
  const last = hint.split(/[/\\]/).at(-1) ?? '';
  const beside = last.replace(/^\[[^\]]*\]\s*/, '');
  return hint === beside || beside === '' ? [hint] : [hint, beside];
}

async function openFittingParent(
  opener: FileOpener,
  child: Layer,
  name: string,
  options: OpenChainOptions,
): Promise<Layer> {
  const parent = await openLayer(opener, name, options, child.file);
  try {
    await assertLink(child, parent, options);
    return parent;
  } catch (error) {
    await parent.close();
    throw error;
  }
}

/** A parent that is there but does not fit says more than one that is missing, and that more than one out of reach. */
function moreTelling(first: EngineError | undefined, second: EngineError): EngineError {
  const weight = (error: EngineError): number =>
    error.code === 'FILE_MISSING' ? 1 : error.code === 'FILE_OUTSIDE_ROOT' ? 2 : 3;
  return first === undefined || weight(second) > weight(first) ? second : first;
}

/**
 * Checks that `parent` is the state that `child` was made on, as far as sizes and content ids tell.
 * @throws EngineError CHAIN_BROKEN
 */
export async function assertLink(
  child: Layer,
  parent: Layer,
  options: Pick<OpenChainOptions, 'cidMismatch'> = {},
): Promise<void> {
  if (child.file === parent.file) {
    throw new EngineError('CHAIN_BROKEN', {
      where: { file: child.file },
      expected: 'another file as its parent',
      found: 'itself',
    });
  }
  if (child.sizeBytes < parent.sizeBytes) {
    throw new EngineError('CHAIN_BROKEN', {
      where: { file: child.file },
      expected: `a capacity of at least ${parent.sizeBytes} bytes, as its parent ${parent.file} has`,
      found: `${child.sizeBytes} bytes`,
    });
  }
  const { cid } = await parent.manifest();
  if (options.cidMismatch === 'accept' || cid === child.parent?.parentCid) return;
  throw new EngineError('CHAIN_BROKEN', {
    where: { file: child.file },
    expected: `a parent with CID ${child.parent?.parentCid ?? 'ffffffff'}`,
    found: `${parent.file} with CID ${cid === '' ? 'none' : cid}`,
    hint: 'The parent was changed after this delta was made, or it is another disk. Put the right file there.',
  });
}

function assertNewLink(layer: Layer, chain: readonly Layer[]): void {
  if (chain.some(other => other.file === layer.file)) {
    throw new EngineError('CHAIN_BROKEN', {
      where: { file: layer.file },
      expected: 'a chain of parents that ends at a base',
      found: `a loop over ${chain.length} files`,
    });
  }
  if (chain.length >= DEPTH_LIMIT) {
    throw new EngineError('CHAIN_BROKEN', {
      where: { file: layer.file },
      expected: `at most ${DEPTH_LIMIT} links`,
      found: 'more',
    });
  }
}

/** Where a range of the view comes from: an index into `layers`, or zeros. */
interface Piece extends ByteRange {
  readonly from: number | 'zero';
}

export class LayerChain {
  readonly sizeBytes: number;

  /** Base first, at least one. Closing the chain closes them. Links are not checked here: assertLink does. */
  constructor(readonly layers: readonly Layer[]) {
    const leaf = layers.at(-1);
    if (leaf === undefined)
      throw new EngineError('INTERNAL', {
        expected: 'a chain of at least one layer',
        found: 'none',
      });
    this.sizeBytes = leaf.sizeBytes;
  }

  /** As Layer.extents, but never `inherited`. */
  async extents(window: ByteRange): Promise<readonly Extent[]> {
    const list = new ExtentList();
    for (const piece of await this.resolve(window))
      list.add(piece.from === 'zero' ? 'zero' : 'data', piece.offset, piece.length);
    return list.toArray();
  }

  /** Fills `into` with what a guest reads there, zeros included: any range will do. */
  async read(offset: number, into: Uint8Array): Promise<void> {
    for (const piece of await this.resolve({ offset, length: into.length })) {
      const target = into.subarray(piece.offset - offset, endOf(piece) - offset);
      if (piece.from === 'zero') target.fill(0);
      else await this.layers[piece.from]?.read(piece.offset, target);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.layers.map(layer => layer.close()));
  }

  private async resolve(window: ByteRange): Promise<readonly Piece[]> {
    assertSafeRange(window, this.layers.at(-1)?.file ?? 'chain');
    if (endOf(window) > this.sizeBytes) {
      throw new EngineError('INTERNAL', {
        expected: `a window inside ${this.sizeBytes} bytes`,
        found: `offset ${window.offset}, length ${window.length}`,
      });
    }
    const pieces: Piece[] = [];
    await this.resolveFrom(this.layers.length - 1, window, pieces);
    return pieces;
  }

  /** Appends the pieces of `window` as layer `index` and its parents see it, in order. */
  private async resolveFrom(index: number, window: ByteRange, pieces: Piece[]): Promise<void> {
    const layer = this.layers[index];
    // Below the base, and behind the end of a smaller parent, everything reads as zero.
    if (layer === undefined || window.offset >= layer.sizeBytes) {
      addPiece(pieces, { ...window, from: 'zero' });
      return;
    }
    const inside = Math.min(endOf(window), layer.sizeBytes) - window.offset;
    for (const extent of await layer.extents({ offset: window.offset, length: inside })) {
      if (extent.kind === 'inherited') await this.resolveFrom(index - 1, extent, pieces);
      else
        addPiece(pieces, {
          offset: extent.offset,
          length: extent.length,
          from: extent.kind === 'data' ? index : 'zero',
        });
    }
    if (inside < window.length)
      addPiece(pieces, {
        offset: window.offset + inside,
        length: window.length - inside,
        from: 'zero',
      });
  }
}

function addPiece(pieces: Piece[], piece: Piece): void {
  if (piece.length === 0) return;
  const last = pieces.at(-1);
  if (last !== undefined && last.from === piece.from)
    pieces[pieces.length - 1] = {
      offset: last.offset,
      length: last.length + piece.length,
      from: last.from,
    };
  else pieces.push({ offset: piece.offset, length: piece.length, from: piece.from });
}
