/**
 * Where the VMs are in a configured folder: every .vmx (or .vmtx, a template), and VMDK chains in
 * folders that have none. The walk is bounded in depth and in folders and follows no links.
 */
import { createHash } from 'node:crypto';

import { mapAtOnce } from '../../at-once';
import { toEngineError, type EngineError } from '../../errors';
import { fileIn } from './file-name';
import { isSourceTrouble, type ListedEntry, type VmFolders } from './vm-folders';

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

/** Folders that are listed at a time: on a server each is a request. */
const LISTS_AT_ONCE = 8;

/**
 * Lists all places, those of the upper folders first. A folder that cannot be read is a place of its
 * own, unless it is a VM's.
 * @throws EngineError what `folders` throws for the first folder; SOURCE_… for any
 */
export async function findVms(
  folders: Pick<VmFolders, 'list'>,
  root: string,
  limits: WalkLimits,
): Promise<readonly VmPlace[]> {
  const places: VmPlace[] = [];
  const waiting: Waiting[] = [{ folder: root, depth: 0, insideVm: false }];
  let foldersLeft = limits.maxFolders;
  while (waiting.length > 0 && foldersLeft > 0) {
    const next = waiting.splice(0, Math.min(LISTS_AT_ONCE, foldersLeft));
    foldersLeft -= next.length;
    for (const found of await mapAtOnce(next, LISTS_AT_ONCE, at => lookAt(folders, at))) {
      places.push(...found.places);
      waiting.push(...found.below.filter(({ depth }) => depth <= limits.maxDepth));
    }
  }
  return places;
}

interface Waiting {
  readonly folder: string;
  /** Below the configured folder. */
  readonly depth: number;
  /** Below a VM's folder a VMDK without .vmx is a disk of that VM. */
  readonly insideVm: boolean;
}

interface Found {
  readonly places: readonly VmPlace[];
  readonly below: readonly Waiting[];
}

async function lookAt(
  folders: Pick<VmFolders, 'list'>,
  { folder, depth, insideVm }: Waiting,
): Promise<Found> {
  let entries: readonly ListedEntry[];
  try {
    entries = await folders.list(folder);
  } catch (error) {
    const unreadable = toEngineError(error);
    if (depth === 0 || isSourceTrouble(unreadable)) throw error;
    const isNobodys = insideVm || isGone(unreadable);
    return {
      places: isNobodys ? [] : [{ id: placeId(folder, ''), folder, unreadable }],
      below: [],
    };
  }
  const named = (kind: ListedEntry['kind']) =>
    entries
      .filter(entry => entry.kind === kind)
      .map(({ name }) => name)
      .sort();
  const files = named('file');
  const configs = files.filter(name => /\.(vmx|vmtx)$/i.test(name));
  const bases =
    configs.length === 0 && !insideVm
      ? files.filter(name => /\.vmdk$/i.test(name) && !/-ctk\.vmdk$/i.test(name))
      : [];
  return {
    places: [
      ...configs.map(config => ({ id: placeId(folder, config), folder, config })),
      ...bases.map(base => ({ id: placeId(folder, base), folder, base })),
    ],
    below: named('folder')
      .filter(name => !isNoPlaceForVms(name))
      .map(name => ({
        folder: fileIn(folder, name),
        depth: depth + 1,
        insideVm: insideVm || configs.length > 0,
      })),
  };
}

function isNoPlaceForVms(folder: string): boolean {
  return folder.startsWith('.') || folder.toLowerCase().endsWith('.lck') || folder === 'lost+found';
}

/** Since its parent was listed. */
function isGone({ code, cause }: EngineError): boolean {
  return code === 'FILE_MISSING' || (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

/** 16 hex digits of where the VM is: its name may change, and two VMs may share one. */
export function placeId(folder: string, file: string): string {
  return createHash('sha256').update(`vm\0${folder}\0${file}`).digest('hex').slice(0, 16);
}
