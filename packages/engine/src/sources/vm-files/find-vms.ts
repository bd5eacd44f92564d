/**
 * Where the VMs are in a configured folder: every .vmx (or .vmtx, a template), and VMDK chains in
 * folders that have none. The walk is bounded in depth and in folders and follows no links.
 */
import { createHash } from 'node:crypto';

import { toEngineError, type EngineError } from '../../errors';
import { fileIn } from './file-name';
import { isSourceTrouble, type VmFolders } from './vm-folders';

/** Where one VM is, or may be. `config` and `base` are file names in `folder`; exactly one of the three is set. */
export interface VmPlace {
  readonly id: string;
  readonly folder: string;
  readonly config?: string;
  /** Any VMDK of a folder without configuration; only those that are bases of chains are VMs. */
  readonly base?: string;
  /** The folder cannot be read, so nobody knows what is in it. */
  readonly unreadable?: EngineError;
}

export interface WalkLimits {
  /** Folders below the configured one. */
  readonly maxDepth: number;
  readonly maxFolders: number;
}

const MAX_DEPTH = 4;
const MAX_FOLDERS = 20_000;

export function finderLimits(maxDepth: number = MAX_DEPTH): WalkLimits {
  return { maxDepth, maxFolders: MAX_FOLDERS };
}

/**
 * Lists all places. A folder that cannot be read is a place of its own, unless it is a VM's.
 * @throws EngineError what `folders` throws for the first folder; SOURCE_… for any
 */
export async function findVms(
  folders: Pick<VmFolders, 'list'>,
  root: string,
  limits: WalkLimits,
): Promise<readonly VmPlace[]> {
  const places: VmPlace[] = [];
  const waiting: Waiting[] = [{ folder: root, depth: 0, insideVm: false }];
  for (let seen = 0; waiting.length > 0 && seen < limits.maxFolders; seen++) {
    const { folder, depth, insideVm } = waiting.shift() as Waiting;
    const entries = await folders.list(folder).catch((error: unknown) => {
      const unreadable = toEngineError(error);
      if (folder === root || isSourceTrouble(unreadable)) throw error;
      if (!insideVm && !isGone(unreadable))
        places.push({ id: placeId(folder, ''), folder, unreadable });
      return [];
    });
    const files = entries
      .filter(({ kind }) => kind === 'file')
      .map(({ name }) => name)
      .sort();
    const configs = files.filter(name => /\.(vmx|vmtx)$/i.test(name));
    places.push(...configs.map(config => ({ id: placeId(folder, config), folder, config })));
    if (configs.length === 0 && !insideVm) {
      const disks = files.filter(name => /\.vmdk$/i.test(name) && !/-ctk\.vmdk$/i.test(name));
      places.push(...disks.map(base => ({ id: placeId(folder, base), folder, base })));
    }
    if (depth >= limits.maxDepth) continue;
    for (const { name, kind } of [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (kind !== 'folder' || name.startsWith('.') || name.toLowerCase().endsWith('.lck'))
        continue;
      if (name === 'lost+found') continue;
      waiting.push({
        folder: fileIn(folder, name),
        depth: depth + 1,
        insideVm: insideVm || configs.length > 0,
      });
    }
  }
  return places;
}

/** Since its parent was listed. */
function isGone({ code, cause }: EngineError): boolean {
  return code === 'FILE_MISSING' || (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

interface Waiting {
  readonly folder: string;
  readonly depth: number;
  /** Below a VM's folder a VMDK without .vmx is a disk of that VM. */
  readonly insideVm: boolean;
}

/** 16 hex digits of where the VM is: its name may change, and two VMs may share one. */
export function placeId(folder: string, file: string): string {
  return createHash('sha256').update(`vm\0${folder}\0${file}`).digest('hex').slice(0, 16);
}
