/** The folder of one VM: which files it has, and reading the small ones. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

import { EngineError } from '../../errors';
import type { FileOpener } from '../../formats/random-access';
import { MAX_DICTIONARY_BYTES } from './dictionary';
import type { FolderEntry } from './power-state';

/** @throws EngineError FILE_UNREADABLE */
export async function readFolder(folder: string): Promise<readonly FolderEntry[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new EngineError('FILE_UNREADABLE', {
      where: { file: folder },
      found: cause instanceof Error ? cause.message : String(cause),
      retry: 'later',
      cause,
    });
  });
  return await Promise.all(
    entries.map(async (entry): Promise<FolderEntry> => {
      const kind = entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : 'other';
      if (kind !== 'folder' || !entry.name.toLowerCase().endsWith('.lck'))
        return { name: entry.name, kind };
      return {
        name: entry.name,
        kind,
        inside: await readdir(path.join(folder, entry.name)).catch(() => []),
      };
    }),
  );
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
  folder: string,
  entries: readonly FolderEntry[],
  stateFile: string | undefined,
  memoryMib: number | undefined,
): Promise<boolean> {
  if (stateFile === undefined) return false;
  const name = stateFile.split(/[/\\]/).at(-1) ?? '';
  const image = `${stemOf(name)}.vmem`.toLowerCase();
  if (entries.some(entry => entry.name.toLowerCase() === image)) return true;
  if (memoryMib === undefined || memoryMib <= 0) return false;
  const facts = await stat(path.join(folder, name)).catch(() => undefined);
  return facts !== undefined && facts.isFile() && facts.size >= memoryMib * 1024 * 1024;
}
