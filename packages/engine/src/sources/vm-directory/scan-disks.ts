/**
 * Finds the VMDKs of a folder that the configuration does not name: leftover deltas, disks that
 * were unplugged, and everything when there is no configuration.
 */
import path from 'node:path';

import type { FileOpener, RandomAccess } from '../../formats/random-access';
import type { DiskGraph } from './disk-graph';
import type { FolderEntry } from './power-state';
import { descriptorIn } from './probe-layer';

export interface ScannedDisks {
  /** Descriptors that were added to the graph, absolute. */
  readonly added: readonly string[];
  /** VMDK files that hold data, but that no descriptor names; base names. */
  readonly orphans: readonly string[];
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
  const kinds = new Map<string, HeadKind>();
  const added: string[] = [];
  for (const wanted of ['text', 'with-data'] as const) {
    for (const name of names) {
      if (
        graph.nodes.has(path.join(folder, name)) ||
        claimedFiles(graph).has(path.join(folder, name))
      )
        continue;
      const kind = kinds.get(name) ?? (await headKind(opener, name));
      kinds.set(name, kind);
      if (kind === wanted) added.push(await graph.add(name));
    }
  }
  const claimed = claimedFiles(graph);
  const orphans = names.filter(
    name => !claimed.has(path.join(folder, name)) && !graph.nodes.has(path.join(folder, name)),
  );
  return { added, orphans };
}

/** Data files of all descriptors in the graph, absolute. */
export function claimedFiles(graph: DiskGraph): Set<string> {
  const claimed = new Set<string>();
  for (const { file, manifest } of graph.nodes.values()) {
    for (const { name } of manifest.files)
      if (path.join(path.dirname(file), name) !== file)
        claimed.add(path.join(path.dirname(file), name));
  }
  return claimed;
}

type HeadKind = 'text' | 'with-data' | 'data';

/** Real descriptors have some hundred bytes; no disk is as small as this. */
const TEXT_BYTES = 64 * 1024;

async function headKind(opener: FileOpener, name: string): Promise<HeadKind> {
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
  } catch {
    return 'data';
  } finally {
    await file?.close();
  }
}
