/**
 * A Source that is a folder on this machine (a copy, or a datastore that is mounted here) with VMs
 * anywhere below it.
 */
import { realpath } from 'node:fs/promises';
import path from 'node:path';

import { EngineError } from '../../errors';
import { folderOpener } from '../../formats/folder-opener';
import { openLayer } from '../../formats/open-layer';
import type { FolderInPods, Source, VmDirectoryAddress } from '../source';
import { vmFilesSource } from '../vm-files/vm-files-source';
import { localFolders } from './local-folders';

export interface VmDirectoryOptions {
  /** The configured name. */
  readonly name: string;
  /** Folder with VMs, or of one VM. */
  readonly folder: string;
  /** Further folders that parents may lie in (linked clones). */
  readonly roots?: readonly string[];
  /** Prefixes as VMware writes them (`/vmfs/volumes/<uuid>`, `[datastore]`, `C:\VMs`) -> folder here. */
  readonly datastores?: Readonly<Record<string, string>>;
  /** How far below `folder` VMs are looked for; 0 = only in it. */
  readonly maxDepth?: number;
  /** How movers in a cluster find `folder`. */
  readonly pods?: FolderInPods;
}

/** Nothing is read before the first call. */
export function vmDirectorySource(options: VmDirectoryOptions): Source {
  const address = (folder: string): VmDirectoryAddress => addressOf(options, folder);
  return vmFilesSource({
    name: options.name,
    kind: 'vm-directory',
    maxDepth: options.maxDepth,
    folders: localFolders(folder => folderOpener(address(folder)), absoluteFolders(options)),
    root: () => realRoot(options),
    address: async folder => address(folder),
    openLayer: (folder, file) => openLayer(folderOpener(address(folder)), file),
  });
}

function addressOf(options: VmDirectoryOptions, folder: string): VmDirectoryAddress {
  const { folder: own, roots = [], pods } = options;
  return {
    kind: 'vm-directory',
    folder,
    roots: [own, ...roots].map(root => path.resolve(root)),
    datastores: absoluteFolders(options),
    ...(pods === undefined ? {} : { pods }),
  };
}

function absoluteFolders({ datastores = {} }: VmDirectoryOptions): Record<string, string> {
  return Object.fromEntries(
    Object.entries(datastores).map(([prefix, target]) => [prefix, path.resolve(target)]),
  );
}

async function realRoot({ name, folder }: VmDirectoryOptions): Promise<string> {
  return await realpath(folder).catch((cause: unknown) => {
    throw new EngineError('FILE_MISSING', {
      where: { file: folder, object: `source ${name}` },
      hint: 'Check the folder of this source in the configuration, and that it is mounted.',
      retry: 'later',
      cause,
    });
  });
}
