/** VmFolders of this machine. Links are not followed. */
import { readdir, stat } from 'node:fs/promises';

import { EngineError } from '../../errors';
import type { FileOpener } from '../../formats/random-access';
import { configuredDatastore } from '../vm-files/datastores';
import type { ListedEntry, VmFolders } from '../vm-files/vm-folders';

/** @param datastores prefixes as VMware writes them -> absolute folder */
export function localFolders(
  opener: (folder: string) => FileOpener,
  datastores: Readonly<Record<string, string>>,
): VmFolders {
  return {
    list,
    sizeOf,
    datastoreOf: async file => configuredDatastore(file, datastores),
    opener,
  };
}

async function list(folder: string): Promise<readonly ListedEntry[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new EngineError('FILE_UNREADABLE', {
      where: { file: folder },
      found: cause instanceof Error ? cause.message : String(cause),
      retry: 'later',
      cause,
    });
  });
  return entries.map(entry => ({
    name: entry.name,
    kind: entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : 'other',
  }));
}

async function sizeOf(file: string): Promise<number | undefined> {
  const facts = await stat(file).catch(() => undefined);
  return facts?.isFile() === true ? facts.size : undefined;
}
