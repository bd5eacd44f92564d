/** The folder of one VM: which files it has, and reading the small ones. */
import path from 'node:path';

import { EngineError, toEngineError } from '../../errors';
import type { FileOpener } from '../../formats/random-access';
import { MAX_DICTIONARY_BYTES } from './dictionary';
import { fileIn } from './file-name';
import type { FolderEntry } from './power-state';
import { isSourceTrouble, type ListedEntry, type VmFolders } from './vm-folders';

/** @throws EngineError FILE_UNREADABLE, SOURCE_… */
export async function readFolder(
  folders: VmFolders,
  folder: string,
): Promise<readonly FolderEntry[]> {
  const entries = await folders.list(folder);
  return await Promise.all(
    entries.map(async ({ name, kind }): Promise<FolderEntry> => {
      if (kind !== 'folder' || !name.toLowerCase().endsWith('.lck')) return { name, kind };
      const locks = await folders.list(fileIn(folder, name)).catch(orUnreadable);
      return {
        name,
        kind,
        inside: locks === 'unreadable' ? locks : locks.map(lock => lock.name),
      };
    }),
  );
}

function orUnreadable(error: unknown): readonly ListedEntry[] | 'unreadable' {
  if (isSourceTrouble(toEngineError(error))) throw error;
  return 'unreadable';
}

/** @throws EngineError FILE_MISSING, FILE_UNREADABLE, FILE_OUTSIDE_ROOT, VM_INVALID when it is too long to be configuration */
export async function readConfig(opener: FileOpener, name: string): Promise<Uint8Array> {
  const file = await opener.open(name);
  try {
    if (file.sizeBytes > MAX_DICTIONARY_BYTES) {
      throw new EngineError('VM_INVALID', {
        where: { file: file.name },
        expected: `at most ${MAX_DICTIONARY_BYTES} bytes of text`,
        found: `${file.sizeBytes} bytes`,
      });
    }
    const bytes = new Uint8Array(file.sizeBytes);
    await file.read(0, bytes);
    return bytes;
  } finally {
    await file.close();
  }
}

/** `vm.vmsd` beside `vm.vmx`, in any case; else the only .vmsd of a folder with one VM. */
export function findVmsd(
  entries: readonly FolderEntry[],
  configOrBase: string,
): string | undefined {
  const files = entries.filter(({ kind }) => kind === 'file').map(({ name }) => name);
  const all = files.filter(name => /\.vmsd$/i.test(name));
  const wanted = `${stemOf(configOrBase)}.vmsd`.toLowerCase();
  const own = all.find(name => name.toLowerCase() === wanted);
  const alone = files.filter(name => /\.(vmx|vmtx)$/i.test(name)).length <= 1;
  return own ?? (alone && all.length === 1 ? all[0] : undefined);
}

export function stemOf(name: string): string {
  return path.basename(name, path.extname(name));
}

/**
 * Whether a snapshot has an image of the memory: a .vmem beside its .vmsn, or, from old hosts, a
 * .vmsn that is as large as the memory itself.
 */
export async function hasMemoryImage(
  { folders, folder, entries, memoryMib }: MemoryPlace,
  stateFile: string | undefined,
): Promise<boolean> {
  if (stateFile === undefined) return false;
  const name = stateFile.split(/[/\\]/).at(-1) ?? '';
  const image = `${stemOf(name)}.vmem`.toLowerCase();
  if (entries.some(entry => entry.name.toLowerCase() === image)) return true;
  if (memoryMib === undefined || memoryMib <= 0) return false;
  const sizeBytes = await folders.sizeOf(fileIn(folder, name));
  return sizeBytes !== undefined && sizeBytes >= memoryMib * 1024 * 1024;
}

export interface MemoryPlace {
  readonly folders: VmFolders;
  readonly folder: string;
  readonly entries: readonly FolderEntry[];
  readonly memoryMib: number | undefined;
}
