/** Reads everything that there is to know about one VM in a folder and puts its SnapshotTree together. */
import { createHash } from 'node:crypto';
import path from 'node:path';

import { EngineError, toEngineError } from '../../errors';
import type { FileOpener } from '../../formats/random-access';
import { finding } from '../finding-kinds';
import type { Finding, SnapshotTree } from '../snapshot-tree';
import { assembleTree } from './assemble-tree';
import { DiskGraph } from './disk-graph';
import { fileIn, folderOf, isAbsoluteName, shownFile } from './file-name';
import type { VmPlace } from './find-vms';
import {
  historyFromFiles,
  historyFromVmsd,
  type FileAtSlot,
  type History,
  type ResolvedSnapshot,
} from './history';
import { readPowerSigns, type FolderEntry } from './power-state';
import { layerProber } from './probe-layer';
import { scanDisks } from './scan-disks';
import { findVmsd, hasMemoryImage, readConfig, readFolder } from './read-folder';
import { datastoresOf, factsOf } from './vm-facts';
import { isSourceTrouble, type VmFolders } from './vm-folders';
import type { VmMaterial } from './vm-material';
import { parseVmsd, type VmsdFile } from './vmsd';
import { parseVmx, type VmxFile } from './vmx';

/** @throws EngineError VM_INVALID, VM_NOT_FOUND, LAYER_UNSUPPORTED for an encrypted VM, FILE_UNREADABLE, SOURCE_… */
export async function loadVmTree(place: VmPlace, folders: VmFolders): Promise<SnapshotTree> {
  const { folder } = place;
  const opener = folders.opener(folder);
  const entries = await readFolder(folders, folder);
  const digests: Record<string, string> = {};
  const vmx =
    place.config === undefined
      ? undefined
      : parseVmx(fileIn(folder, place.config), await readNoting(opener, place.config, digests));
  const graph = new DiskGraph(layerProber(opener, folder));
  const named = await currentFromVmx(graph, vmx);
  const vmsd = await readVmsd(place, opener, entries, digests);
  const resolved = await resolveSnapshots(graph, vmsd.file, {
    folders,
    folder,
    entries,
    memoryMib: vmx?.memoryMib,
  });
  const scanned = await scanDisks(graph, opener, folder, entries);
  graph.adoptMissing();
  const found = vmx === undefined ? currentOfChain(graph, place, resolved) : named;
  const onlyThis =
    vmx === undefined ? keepChain(graph, fileIn(folder, place.base ?? '')) : undefined;
  const ownHistory =
    onlyThis === undefined
      ? resolved
      : resolved.filter(({ disks }) => disks.some(({ file }) => graph.nodes.has(file)));
  const history = historyOf(graph, folder, vmsd, ownHistory, found.current);
  const shares =
    entries.filter(({ name, kind }) => kind === 'file' && /\.(vmx|vmtx)$/i.test(name)).length > 1;
  const own = shares ? withoutForeign(graph, found.current, ownHistory) : graph;
  const material: VmMaterial = {
    vm: factsOf(place, vmx, digests),
    folder,
    graph: own,
    datastores: await datastoresOf(own, folder, folders, vmx),
    history: history.history,
    current: found.current,
    power: readPowerSigns(entries, vmx, ownNames(place, graph)),
    namedBySnapshots: vmsd.file !== undefined,
    findings: [
      ...found.findings,
      ...history.findings,
      ...(vmx === undefined || shares ? [] : orphanFindings(scanned.orphans)),
      ...unreadableFindings(scanned.unreadable),
      ...vtpmFindings(vmx),
    ],
  };
  return assembleTree(material);
}

async function readNoting(
  opener: FileOpener,
  name: string,
  digests: Record<string, string>,
): Promise<Uint8Array> {
  const bytes = await readConfig(opener, name);
  digests[name] = createHash('sha256').update(bytes).digest('hex');
  return bytes;
}

interface FoundCurrent {
  readonly current: readonly FileAtSlot[];
  readonly findings: readonly Finding[];
}

async function currentFromVmx(graph: DiskGraph, vmx: VmxFile | undefined): Promise<FoundCurrent> {
  const current: FileAtSlot[] = [];
  const findings: Finding[] = [];
  for (const { slot, fileName, mode, redo } of vmx?.disks ?? []) {
    current.push({ slot, file: await graph.add(fileName) });
    if (mode === 'independent-persistent')
      findings.push(finding('independent-disk', slot, `Its mode in the .vmx is ${mode}.`));
    else if (mode !== 'persistent')
      findings.push(
        finding(
          'nonpersistent-disk',
          slot,
          `Its mode in the .vmx is ${mode}${redo === undefined ? '' : `; ${redo} holds what was written since power-on`}.`,
        ),
      );
  }
  return { current, findings };
}

/** `file` is undefined when there is none that can be used; `problem` says why one that is there cannot. */
interface VmsdAnswer {
  readonly file: VmsdFile | undefined;
  readonly problem: EngineError | undefined;
}

async function readVmsd(
  place: VmPlace,
  opener: FileOpener,
  entries: readonly FolderEntry[],
  digests: Record<string, string>,
): Promise<VmsdAnswer> {
  const name = findVmsd(entries, place.config ?? place.base ?? '');
  if (name === undefined) return { file: undefined, problem: undefined };
  try {
    return {
      file: parseVmsd(fileIn(place.folder, name), await readNoting(opener, name, digests)),
      problem: undefined,
    };
  } catch (error) {
    const problem = toEngineError(error);
    if (isSourceTrouble(problem)) throw problem;
    return { file: undefined, problem };
  }
}

interface SnapshotPlace {
  readonly folders: VmFolders;
  readonly folder: string;
  readonly entries: readonly FolderEntry[];
  readonly memoryMib: number | undefined;
}

async function resolveSnapshots(
  graph: DiskGraph,
  vmsd: VmsdFile | undefined,
  place: SnapshotPlace,
): Promise<ResolvedSnapshot[]> {
  const resolved: ResolvedSnapshot[] = [];
  for (const snapshot of vmsd?.snapshots ?? []) {
    const disks: FileAtSlot[] = [];
    for (const { fileName, slot } of snapshot.disks)
      disks.push({ slot, file: await graph.add(fileName) });
    const memory = await hasMemoryImage(place, snapshot.stateFile);
    resolved.push({ snapshot, disks, memory });
  }
  return resolved;
}

function historyOf(
  graph: DiskGraph,
  folder: string,
  vmsd: VmsdAnswer,
  resolved: readonly ResolvedSnapshot[],
  current: readonly FileAtSlot[],
): { history: History; findings: readonly Finding[] } {
  if (vmsd.file !== undefined)
    return { history: historyFromVmsd(vmsd.file, resolved), findings: [] };
  const history = historyFromFiles(
    graph,
    current,
    file => !isAbsoluteName(shownFile(folder, file)),
  );
  if (vmsd.problem !== undefined)
    return {
      history,
      findings: [
        finding(
          'vmsd-broken',
          'vmsd',
          `${vmsd.problem.message} The history is taken from the files.`,
          'the .vmsd',
        ),
      ],
    };
  if (history.snapshots.length === 0) return { history, findings: [] };
  const cause = `There are ${history.snapshots.length} older states of its disks, but no file that names the snapshots. The history is taken from the files.`;
  return { history, findings: [finding('vmsd-missing', 'vmsd', cause, 'the .vmsd')] };
}

/** Without a .vmx: the leaf that no snapshot names and that was written to last. */
function currentOfChain(
  graph: DiskGraph,
  place: VmPlace,
  resolved: readonly ResolvedSnapshot[],
): FoundCurrent {
  const base = fileIn(place.folder, place.base ?? '');
  if (!graph.nodes.has(base) || isInFolder(graph.nodes.get(base)?.parentFile, place.folder)) {
    throw new EngineError('VM_NOT_FOUND', {
      where: { file: base },
      expected: 'the base of a chain of disks',
      found: graph.nodes.has(base) ? 'a delta' : 'no VMDK descriptor',
    });
  }
  const leaves = [...graph.nodes.keys()].filter(
    file => graph.chainOf(file).includes(base) && graph.childrenOf(file).length === 0,
  );
  const frozen = new Set(resolved.flatMap(({ disks }) => disks.map(({ file }) => file)));
  const free = leaves.filter(file => !frozen.has(file));
  const choices = free.length > 0 ? free : leaves;
  const newest = choices.reduce(
    (best, file) => (writtenAt(graph, file) > writtenAt(graph, best) ? file : best),
    choices[0] ?? base,
  );
  const findings = [
    finding(
      'config-missing',
      'vmx',
      'There is no .vmx: this VM is made of one chain of disks.',
      'the .vmx',
    ),
  ];
  if (choices.length > 1) {
    findings.push(
      finding(
        'current-guessed',
        'current',
        `${path.basename(newest)} was written to last, so it is taken for the current state; others end in ${choices
          .filter(file => file !== newest)
          .map(file => path.basename(file))
          .join(', ')}.`,
        'the current state',
      ),
    );
  }
  return { current: [{ slot: '', file: newest }], findings };
}

function isInFolder(file: string | undefined, folder: string): boolean {
  return file !== undefined && folderOf(file) === folder;
}

function writtenAt(graph: DiskGraph, file: string): bigint {
  const times = graph.nodes.get(file)?.manifest.files.map(({ mtimeNs }) => BigInt(mtimeNs)) ?? [];
  return times.reduce((latest, time) => (time > latest ? time : latest), 0n);
}

/** Drops the chains of other bases in the folder: each is a VM of its own. */
function keepChain(graph: DiskGraph, base: string): DiskGraph {
  const root = graph.rootOf(base);
  for (const file of [...graph.nodes.keys()])
    if (graph.rootOf(file) !== root) graph.nodes.delete(file);
  return graph;
}

/** Several VMs in one folder: what this one does not lead to is another's, not a leftover. */
function withoutForeign(
  graph: DiskGraph,
  current: readonly FileAtSlot[],
  resolved: readonly ResolvedSnapshot[],
): DiskGraph {
  const roots = new Set(
    [...current, ...resolved.flatMap(({ disks }) => disks)].map(({ file }) => graph.rootOf(file)),
  );
  const foreign = [...graph.nodes.keys()].filter(file => !roots.has(graph.rootOf(file)));
  foreign.forEach(file => graph.nodes.delete(file));
  return graph;
}

function ownNames(place: VmPlace, graph: DiskGraph): Set<string> {
  const names = [
    place.config ?? '',
    ...[...graph.nodes.values()].flatMap(({ file, manifest }) => [
      path.basename(file),
      ...manifest.files.map(({ name }) => name),
    ]),
  ];
  return new Set(names.map(name => name.toLowerCase()));
}

function orphanFindings(orphans: readonly string[]): Finding[] {
  return orphans.map(name =>
    finding('orphan-extent', name, "The file lies in the VM's folder, but no descriptor names it."),
  );
}

/** Whose they are is not known: the history of this VM may go on in them. */
function unreadableFindings(unreadable: ReadonlyMap<string, EngineError>): Finding[] {
  return [...unreadable].map(([name, error]) =>
    finding(
      'layer-unreadable',
      name,
      `${error.message} No file that can be read names it, so nobody knows whether it belongs to this VM.`,
    ),
  );
}

function vtpmFindings(vmx: VmxFile | undefined): Finding[] {
  return vmx?.vtpm === true
    ? [
        finding(
          'vtpm-not-carried',
          'vtpm',
          'The VM has a virtual TPM; its secrets are not on any disk.',
          'the virtual TPM',
        ),
      ]
    : [];
}
