/** The mover's end of a vm-https source: layers of one VM from its address. */
import type { Layer } from '../../formats/layer';
import { openLayer } from '../../formats/open-layer';
import type { VmHttpsAddress } from '../source';
import { SourceServer, type ServerSeams } from './source-server';
import { ServerOpener } from './server-opener';

export interface OpenedServerFolder {
  openLayer(file: string): Promise<Layer>;
}

/** Nothing is asked of the server before the first openLayer. `seams` are for tests. */
export function openServerFolder(
  address: VmHttpsAddress,
  seams: ServerSeams = {},
): OpenedServerFolder {
  let server: SourceServer | undefined;
  return {
    async openLayer(file) {
      server ??= new SourceServer(address, seams);
      return await openServerLayer(server, address.folder, file);
    },
  };
}

/** As formats/open-layer.ts; each of the layer's manifests is read anew from the server. */
export async function openServerLayer(
  server: SourceServer,
  folder: string,
  file: string,
): Promise<Layer> {
  const opener = new ServerOpener(server, folder);
  const layer = await openLayer(opener, file);
  const manifest = layer.manifest.bind(layer);
  // What was read before says nothing about the file as it is now.
  layer.manifest = () => {
    opener.forget();
    return manifest();
  };
  return layer;
}
