/** Opens layers from what an order says about its source; blocking reads, because a mover has nothing else to do. */
import { folderOpener, LayerChain, openLayer, type Layer } from '../formats';
import type { SourceAddress } from '../sources/source';

/** The caller closes it. @throws EngineError as openLayer does */
export async function openOrderLayer(source: SourceAddress, file: string): Promise<Layer> {
  switch (source.kind) {
    case 'vm-directory':
      return openLayer(folderOpener(source, 'sync'), file);
  }
}

/** Base first; the caller closes it. The links were checked when the tree was loaded. */
export async function openOrderChain(source: SourceAddress, files: readonly string[]): Promise<LayerChain> {
  const layers: Layer[] = [];
  try {
    for (const file of files) layers.push(await openOrderLayer(source, file));
    return new LayerChain(layers);
  } catch (error) {
    await Promise.allSettled(layers.map(layer => layer.close()));
    throw error;
  }
}
