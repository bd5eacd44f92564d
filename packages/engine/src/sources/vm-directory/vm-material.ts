/** What is known about one VM before its tree is put together, and how its files and ids are written. */
import { createHash } from 'node:crypto';
import path from 'node:path';

import type { Finding, VmFacts } from '../snapshot-tree';
import type { DiskGraph } from './disk-graph';
import type { FileAtSlot, History } from './history';
import type { PowerSign } from './power-state';

export interface VmMaterial {
  readonly vm: VmFacts;
  /** Absolute. */
  readonly folder: string;
  readonly graph: DiskGraph;
  readonly history: History;
  /** In the order of slots. */
  readonly current: readonly FileAtSlot[];
  readonly power: PowerSign;
  /** False when the history was made from the files, so that "no snapshot names it" means nothing. */
  readonly namedBySnapshots: boolean;
  readonly findings: readonly Finding[];
}

/** As LayerNode.file has it: relative inside the VM's folder, else absolute. */
export function shownFile(folder: string, file: string): string {
  const relative = path.relative(folder, file);
  const inside =
    relative !== '' &&
    relative !== '..' &&
    !relative.startsWith(`..${path.sep}`) &&
    !path.isAbsolute(relative);
  return inside ? relative : file;
}

/** Stable for the same file of the same VM. */
export function objectId(kind: 'disk' | 'layer', vmId: string, file: string): string {
  return createHash('sha256').update(`${kind}\0${vmId}\0${file}`).digest('hex').slice(0, 12);
}
