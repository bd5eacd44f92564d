/**
 * Whether a VM's current files are at rest. Seen from a folder alone: locks, a suspend image, and
 * flags in the headers (which the caller adds). When in doubt the answer is "not at rest".
 */
import path from 'node:path';

import type { CurrentState } from '../snapshot-tree';
import type { VmxFile } from './vmx';

/** One entry of the VM's folder. */
export interface FolderEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'other';
  /** Names inside, for folders that end in `.lck`. */
  readonly inside?: readonly string[] | 'unreadable';
}

export interface PowerSign {
  readonly power: CurrentState['power'];
  /** What gave it away, for the finding. */
  readonly sign: string;
}

/**
 * @param vmx `undefined` for a chain without configuration
 * @param ownFiles base names of this VM's .vmx and disk files: locks of other VMs in the folder are theirs
 */
export function readPowerSigns(
  entries: readonly FolderEntry[],
  vmx: VmxFile | undefined,
  ownFiles: ReadonlySet<string>,
): PowerSign {
  const lock = entries.find(entry => isLock(entry, ownFiles));
  if (lock) return { power: 'running', sign: `the lock ${lock.name}` };
  if (vmx?.suspendState !== undefined)
    return { power: 'suspended', sign: `checkpoint.vmState names ${vmx.suspendState}` };
  const image =
    vmx?.statesNotSuspended === true
      ? undefined
      : entries.find(entry => entry.kind === 'file' && isSuspendImage(entry.name, ownFiles));
  if (image) return { power: 'suspended', sign: `the suspend image ${image.name}` };
  return { power: 'off', sign: '' };
}

/**
 * Hosted products: a folder `<file>.lck` with lock files in it (an empty one was left behind,
 * one that cannot be read may hold some).
 * ESXi on VMFS: a file `<vm>.vmx.lck`. ESXi on NFSv3: `.lck-<file id>`, which names no VM: it
 * counts for every VM of the folder.
 */
function isLock(entry: FolderEntry, ownFiles: ReadonlySet<string>): boolean {
  if (/^\.lck-[0-9a-f]+$/i.test(entry.name)) return true;
  if (!entry.name.toLowerCase().endsWith('.lck')) return false;
  const locked = entry.name.slice(0, -'.lck'.length).toLowerCase();
  if (!ownFiles.has(locked)) return false;
  if (entry.kind !== 'folder') return entry.kind === 'file';
  if (entry.inside === 'unreadable') return true;
  return (entry.inside ?? []).some(name => name.toLowerCase().endsWith('.lck'));
}

function isSuspendImage(name: string, ownFiles: ReadonlySet<string>): boolean {
  if (path.extname(name).toLowerCase() !== '.vmss') return false;
  // `vm.vmss` or `vm-1a2b3c4d.vmss`
  const stem = name
    .slice(0, -'.vmss'.length)
    .toLowerCase()
    .replace(/-[0-9a-f]{8}$/, '');
  return ownFiles.has(`${stem}.vmx`);
}
