/** What a VM's configuration says of the VM itself, and where its disks lie. */
import type { VmFacts } from '../snapshot-tree';
import type { DiskGraph } from './disk-graph';
import { fileIn, isAbsoluteName, shownFile } from './file-name';
import type { VmPlace } from './find-vms';
import { stemOf } from './read-folder';
import type { VmFolders } from './vm-folders';
import type { VmxFile } from './vmx';

export function factsOf(
  place: VmPlace,
  vmx: VmxFile | undefined,
  configDigests: Record<string, string>,
): VmFacts {
  const file = place.config ?? place.base ?? '';
  const facts = {
    biosUuid: vmx?.biosUuid,
    guestOs: vmx?.guestOs,
    firmware: vmx?.firmware,
    cpus: vmx?.cpus,
    memoryMib: vmx?.memoryMib,
    networks: vmx?.networks,
    hardware:
      vmx === undefined
        ? undefined
        : { controllers: vmx.controllers, secureBoot: vmx.secureBoot, vtpm: vmx.vtpm },
  };
  const stated = Object.fromEntries(
    Object.entries(facts).filter(([, value]) => value !== undefined),
  ) as Partial<VmFacts>;
  return {
    id: place.id,
    name: vmx?.displayName ?? stemOf(file),
    location: fileIn(place.folder, file),
    ...stated,
    configDigests,
  };
}

/** The source's configuration knows best; of files in the VM's own folder its .vmx may know. */
export async function datastoresOf(
  graph: DiskGraph,
  folder: string,
  folders: VmFolders,
  vmx: VmxFile | undefined,
): Promise<ReadonlyMap<string, string>> {
  const roots = new Set([...graph.nodes.keys()].map(file => graph.rootOf(file)));
  const found = new Map<string, string>();
  for (const root of roots) {
    const inside = !isAbsoluteName(shownFile(folder, root));
    const datastore = (await folders.datastoreOf?.(root)) ?? (inside ? vmx?.datastore : undefined);
    if (datastore !== undefined) found.set(root, datastore);
  }
  return found;
}
