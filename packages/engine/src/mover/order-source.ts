/** Opens layers from what an order says about its source. */
import { EngineError } from '../errors';
import { LayerChain } from '../formats/layer-chain';
import type { Layer } from '../formats/layer';
import { openSource } from '../sources/open-source';
import type { SourceAddress } from '../sources/source';
import type { ApplyOrder } from './mover';

/** Blocking reads where files are local; the caller closes it. @throws EngineError as openLayer does */
export async function openOrderLayer(source: ApplyOrder['source'], file: string): Promise<Layer> {
  if (source.kind === 'pushed')
    throw new EngineError('INTERNAL', {
      where: { file },
      found: 'a mover that opens a layer which is pushed',
    });
  return openSource(source).openLayer(file);
}

/**
 * How many threads may read from a source at once, each with an opening of its own. One of a server
 * costs a thread about 80 MiB (TLS, and what is read ahead), and the network is shared anyway.
 */
export function readersOf(source: ApplyOrder['source']): number {
  switch (source.kind) {
    case 'vm-directory':
      return Number.POSITIVE_INFINITY;
    case 'vm-https':
    case 'pushed':
      return 1;
  }
}

/** Base first; the caller closes it. The links were checked when the tree was loaded. */
export async function openOrderChain(
  source: SourceAddress,
  files: readonly string[],
): Promise<LayerChain> {
  const opened = openSource(source);
  const layers: Layer[] = [];
  try {
    for (const file of files) layers.push(await opened.openLayer(file));
    return new LayerChain(layers);
  } catch (error) {
    await Promise.allSettled(layers.map(layer => layer.close()));
    throw error;
  }
}
