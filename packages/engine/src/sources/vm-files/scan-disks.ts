/**
 * Finds the VMDKs of a folder that the configuration does not name: leftover deltas, disks that
 * were unplugged, and everything when there is no configuration.
 */
import { toEngineError, EngineError } from '../../errors';
import type { FileOpener, RandomAccess } from '../../formats/random-access';
import type { DiskGraph } from './disk-graph';
import { fileIn, folderOf } from './file-name';
import type { FolderEntry } from './power-state';
import { descriptorIn } from './probe-layer';
import { isSourceTrouble } from './vm-folders';

export interface ScannedDisks {
  /** Descriptors that were added to the graph, absolute. */
  readonly added: readonly string[];
  /** VMDK files that hold data, but that no descriptor names; base names. */
  readonly orphans: readonly string[];
  /** VMDK files that cannot be read and that nobody names, so that nobody knows what they are; by base name. */
  readonly unreadable: ReadonlyMap<string, EngineError>;
}

/**
 * Adds all descriptors of the folder to the graph. A file that a descriptor names as its data is
 * never taken for a descriptor, whatever its first bytes say: a guest may have written them. So
 * files that can only be descriptors (short texts) come first, and those that may hold data after them.
 */
export async function scanDisks(
  graph: DiskGraph,
  opener: FileOpener,
  folder: string,
  entries: readonly FolderEntry[],
): Promise<ScannedDisks> {
  const names = entries
    .filter(
      ({ name, kind }) => kind === 'file' && /\.vmdk$/i.test(name) && !/-ctk\.vmdk$/i.test(name),
    )
    .map(({ name }) => name)
    .sort();
  const kinds = new Map<string, HeadKind | EngineError>();
  const added: string[] = [];
  for (const wanted of ['text', 'with-data'] as const) {
    for (const name of names) {
      if (graph.nodes.has(fileIn(folder, name)) || claimedFiles(graph).has(fileIn(folder, name)))
        continue;
      const kind = kinds.get(name) ?? (await headKind(opener, name));
      kinds.set(name, kind);
      if (kind === wanted) added.push(await graph.add(name));
    }
  }
  const claimed = claimedFiles(graph);
  const unnamed = names.filter(
    name => !claimed.has(fileIn(folder, name)) && !graph.nodes.has(fileIn(folder, name)),
  );
  const unreadable = new Map<string, EngineError>();
  for (const name of unnamed) {
    const kind = kinds.get(name);
    if (kind instanceof EngineError) unreadable.set(name, kind);
  }
  return { added, orphans: unnamed.filter(name => !unreadable.has(name)), unreadable };
}

/** Data files of all descriptors in the graph, absolute. */
export function claimedFiles(graph: DiskGraph): Set<string> {
  const claimed = new Set<string>();
  for (const { file, manifest } of graph.nodes.values()) {
    for (const { name } of manifest.files)
      if (fileIn(folderOf(file), name) !== file) claimed.add(fileIn(folderOf(file), name));
  }
  return claimed;
}

type HeadKind = 'text' | 'with-data' | 'data';

/** Real descriptors have some hundred bytes; no disk is as small as this. */
const TEXT_BYTES = 64 * 1024;

/** An error when the file cannot be read. */
async function headKind(opener: FileOpener, name: string): Promise<HeadKind | EngineError> {
  let file: RandomAccess | undefined;
  try {
    file = await opener.open(name);
    const magic = new Uint8Array(Math.min(4, file.sizeBytes));
    await file.read(0, magic);
    const descriptor = await descriptorIn(file);
    if (descriptor === undefined) return 'data';
    return Buffer.from(magic).toString('latin1') !== 'KDMV' && file.sizeBytes <= TEXT_BYTES
      ? 'text'
      : 'with-data';
  } catch (error) {
    const problem = toEngineError(error);
    if (isSourceTrouble(problem)) throw error;
    return problem.code === 'FILE_UNREADABLE' ? problem : 'data';
  } finally {
    await file?.close();
  }
}
