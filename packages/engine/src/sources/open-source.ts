/**
 * The mover's end of a Source: from the address in an order to open layers. No listing, no parsing
 * of configuration; local files are read in step, because a mover has nothing else to do meanwhile.
 */
import { folderOpener } from '../formats/folder-opener';
import type { Layer } from '../formats/layer';
import type { LocalFileMode } from '../formats/local-file';
import { openLayer } from '../formats/open-layer';
import type { SourceAddress } from './source';
import { openServerFolder } from './vm-https/open-server-folder';

export interface OpenedSource {
  /**
   * Opens one layer by LayerNode.file. The caller closes it.
   * @throws EngineError what formats/open-layer.ts lists; LAYER_UNCLEAN for a file in use
   */
  openLayer(file: string): Promise<Layer>;
}

/** Nothing is touched before the first openLayer. */
export function openSource(address: SourceAddress, mode: LocalFileMode = 'sync'): OpenedSource {
  switch (address.kind) {
    case 'vm-directory': {
      const opener = folderOpener(address, mode);
      return { openLayer: file => openLayer(opener, file) };
    }
    case 'vm-https':
      return openServerFolder(address);
  }
}
