/**
 * Where the VMs are in a configured folder: every .vmx (or .vmtx, a template), and VMDK chains in
 * folders that have none. The walk is bounded in depth and in folders, follows no links, and is
 * written once for both ways of reading a folder: it yields a path and is given the entries.
 */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';

/** Where one VM is. `config` and `base` are file names in `folder`; exactly one is set. */
export interface VmPlace {
  readonly id: string;
  readonly folder: string;
  readonly config?: string;
  /** Any VMDK of a folder without configuration; only those that are bases of chains are VMs. */
  readonly base?: string;
}

export interface WalkLimits {
  /** Folders below the configured one. */
  readonly maxDepth: number;
  readonly maxFolders: number;
}

interface Entry {
  readonly name: string;
  isFile(): boolean;
  isDirectory(): boolean;
}

/** Lists all places. Folders that cannot be read are passed over, except the first. */
export async function findVms(root: string, limits: WalkLimits): Promise<readonly VmPlace[]> {
  const steps = walk(root, limits);
  let step = steps.next();
  while (step.done !== true) {
    const folder = step.value;
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) =>
      refuseRoot(folder, root, error),
    );
    step = steps.next(entries);
  }
  return step.value;
}

/** The same without giving way to other work; for the rare caller that must not wait. */
export function findVmsSync(root: string, limits: WalkLimits): readonly VmPlace[] {
  const steps = walk(root, limits);
  let step = steps.next();
  while (step.done !== true) {
    const folder = step.value;
    let entries: readonly Entry[];
    try {
      entries = readdirSync(folder, { withFileTypes: true });
    } catch (error) {
      entries = refuseRoot(folder, root, error);
    }
    step = steps.next(entries);
  }
  return step.value;
}

function refuseRoot(folder: string, root: string, error: unknown): readonly Entry[] {
  if (folder === root) throw error;
  return [];
}

interface Waiting {
  readonly folder: string;
  readonly depth: number;
  /** Below a VM's folder a VMDK without .vmx is a disk of that VM. */
  readonly insideVm: boolean;
}

function* walk(
  root: string,
  limits: WalkLimits,
): Generator<string, readonly VmPlace[], readonly Entry[]> {
  const places: VmPlace[] = [];
  const waiting: Waiting[] = [{ folder: root, depth: 0, insideVm: false }];
  for (let seen = 0; waiting.length > 0 && seen < limits.maxFolders; seen++) {
    const { folder, depth, insideVm } = waiting.shift() as Waiting;
    const entries: readonly Entry[] = yield folder;
    const files = entries
      .filter(entry => entry.isFile())
      .map(entry => entry.name)
      .sort();
    const configs = files.filter(name => /\.(vmx|vmtx)$/i.test(name));
    places.push(...configs.map(config => ({ id: placeId(folder, config), folder, config })));
    if (configs.length === 0 && !insideVm) {
      const disks = files.filter(name => /\.vmdk$/i.test(name) && !/-ctk\.vmdk$/i.test(name));
      places.push(...disks.map(base => ({ id: placeId(folder, base), folder, base })));
    }
    if (depth >= limits.maxDepth) continue;
    for (const entry of [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (
        !entry.isDirectory() ||
        entry.name.startsWith('.') ||
        entry.name.toLowerCase().endsWith('.lck')
      )
        continue;
      waiting.push({
        folder: path.join(folder, entry.name),
        depth: depth + 1,
        insideVm: insideVm || configs.length > 0,
      });
    }
  }
  return places;
}

/** 16 hex digits of where the VM is: its name may change, and two VMs may share one. */
export function placeId(folder: string, file: string): string {
  return createHash('sha256').update(`vm\0${folder}\0${file}`).digest('hex').slice(0, 16);
}
