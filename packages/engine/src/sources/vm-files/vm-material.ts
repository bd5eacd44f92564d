/** What is known about one VM before its tree is put together, and how its files and ids are written. */
import { createHash } from 'node:crypto';

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
  /** Datastore of a root file, by file; one whose datastore nobody knows is not there. */
  readonly datastores: ReadonlyMap<string, string>;
}

/** Stable for the same file of the same VM. */
export function objectId(kind: 'disk' | 'layer', vmId: string, file: string): string {
  return createHash('sha256').update(`${kind}\0${vmId}\0${file}`).digest('hex').slice(0, 12);
}
