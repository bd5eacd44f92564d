/**
 * The snapshots of one VM with the files that hold them: from the .vmsd, or, where there is none
 * that can be read, from the graph of files alone.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';

import { finding } from '../finding-kinds';
import type { Finding } from '../snapshot-tree';
import type { DiskGraph } from './disk-graph';
import type { VmsdFile, VmsdSnapshot } from './vmsd';

export interface History {
  readonly snapshots: readonly HistorySnapshot[];
  readonly currentId: string | undefined;
  readonly findings: readonly Finding[];
}

export interface HistorySnapshot {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly createdAtUs: number | undefined;
  readonly quiesced: boolean | undefined;
  readonly memory: boolean;
  readonly parentId: string | undefined;
  readonly disks: readonly FileAtSlot[];
}

export interface FileAtSlot {
  readonly slot: string;
  /** Absolute path, a node of the graph. */
  readonly file: string;
}

/** What a snapshot of the .vmsd looks like once its file names were resolved. */
export interface ResolvedSnapshot {
  readonly snapshot: VmsdSnapshot;
  readonly disks: readonly FileAtSlot[];
  readonly memory: boolean;
}

export function historyFromVmsd(vmsd: VmsdFile, resolved: readonly ResolvedSnapshot[]): History {
  const findings: Finding[] = vmsd.broken.map(broken =>
    finding(
      'snapshot-unplaced',
      broken.key,
      `The record${at(broken.line)} cannot be used: ${broken.reason}.`,
      broken.name || broken.key,
    ),
  );
  const parents = new Map(vmsd.snapshots.map(({ uid, parentUid }) => [uid, parentUid]));
  const snapshots = resolved.map(({ snapshot, disks, memory }): HistorySnapshot => {
    const { uid, parentUid, name, description, createdAtUs, quiesced, clones } = snapshot;
    const parentFault = faultOfParent(uid, parents);
    if (parentFault !== undefined)
      findings.push(finding('snapshot-parent-unknown', uid, parentFault, name || uid));
    if (disks.length === 0)
      findings.push(
        finding(
          'snapshot-unplaced',
          uid,
          `The .vmsd names no disk for it${at(snapshot.line)}.`,
          name || uid,
        ),
      );
    if (memory)
      findings.push(
        finding(
          'memory-not-carried',
          uid,
          'The snapshot holds the memory of the running VM.',
          name || uid,
        ),
      );
    if (clones.length > 0)
      findings.push(
        finding(
          'has-linked-clones',
          uid,
          `Linked clones hang on it: ${clones.join(', ')}.`,
          name || uid,
        ),
      );
    return {
      id: uid,
      name,
      description,
      createdAtUs,
      quiesced,
      memory,
      parentId: parentFault === undefined ? parentUid : undefined,
      disks,
    };
  });
  findings.push(...countFindings(vmsd), ...currentFindings(vmsd));
  const currentKnown = vmsd.currentUid !== undefined && parents.has(vmsd.currentUid);
  return { snapshots, currentId: currentKnown ? vmsd.currentUid : undefined, findings };
}

function at(line: number | undefined): string {
  return line === undefined ? '' : ` on line ${line}`;
}

/** Why a parent cannot be used. In a cycle only one link is cut: that of the lowest uid. */
function faultOfParent(
  uid: string,
  parents: ReadonlyMap<string, string | undefined>,
): string | undefined {
  const parent = parents.get(uid);
  if (parent === undefined) return undefined;
  if (!parents.has(parent)) return `Its parent, uid ${parent}, is not in the .vmsd.`;
  const cycle: string[] = [uid];
  for (let step: string | undefined = parent; step !== undefined; step = parents.get(step)) {
    if (step === uid)
      return Math.min(...cycle.map(Number)) === Number(uid) ? 'It is its own ancestor.' : undefined;
    if (cycle.includes(step)) return undefined;
    cycle.push(step);
  }
  return undefined;
}

function countFindings({ statedCount, snapshots, broken }: VmsdFile): Finding[] {
  const found = snapshots.length + broken.length;
  if (statedCount === undefined || statedCount === found) return [];
  return [
    finding(
      'snapshot-count',
      'vmsd',
      `snapshot.numSnapshots says ${statedCount}, the file describes ${found}.`,
      'the .vmsd',
    ),
  ];
}

function currentFindings({ currentUid, snapshots }: VmsdFile): Finding[] {
  if (
    currentUid === undefined ||
    currentUid === '0' ||
    snapshots.length === 0 ||
    snapshots.some(({ uid }) => uid === currentUid)
  )
    return [];
  return [
    finding(
      'current-snapshot-unknown',
      currentUid,
      `snapshot.current names uid ${currentUid}, which is not in the file.`,
      `uid ${currentUid}`,
    ),
  ];
}

/**
 * Every file but the current ones froze when a snapshot was taken, so each is a state of its disk.
 * Which states of several disks belong together nothing tells: there is one snapshot a file.
 * @param own files that belong to this VM, not to the base of a linked clone
 */
export function historyFromFiles(
  graph: DiskGraph,
  current: readonly FileAtSlot[],
  own: (file: string) => boolean,
): History {
  const currentFiles = new Set(current.map(({ file }) => file));
  const slots = new Map(current.map(({ file, slot }) => [graph.rootOf(file), slot]));
  const states = [...graph.nodes.keys()].filter(
    file => own(file) && !currentFiles.has(file) && isOfCurrentDisk(graph, file, slots),
  );
  const ids = new Map(states.map(file => [file, fileSnapshotId(file)]));
  const parentOf = (file: string): string | undefined => {
    const ancestors = graph.chainOf(file).slice(0, -1).reverse();
    return ancestors.map(ancestor => ids.get(ancestor)).find(id => id !== undefined);
  };
  const snapshots = states.map((file): HistorySnapshot => ({
    id: ids.get(file) ?? fileSnapshotId(file),
    name: path.basename(file),
    description: 'Found without a .vmsd: named after the file that holds it.',
    createdAtUs: undefined,
    quiesced: undefined,
    memory: false,
    parentId: parentOf(file),
    disks: [{ slot: slots.get(graph.rootOf(file)) ?? '', file }],
  }));
  const first = current[0];
  return { snapshots, currentId: first && parentOf(first.file), findings: [] };
}

function isOfCurrentDisk(
  graph: DiskGraph,
  file: string,
  slots: ReadonlyMap<string, string>,
): boolean {
  return slots.has(graph.rootOf(file));
}

function fileSnapshotId(file: string): string {
  return `file-${createHash('sha256').update(file).digest('hex').slice(0, 12)}`;
}
