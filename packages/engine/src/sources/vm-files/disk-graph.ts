/**
 * The graph of a VM's VMDK files: nodes are descriptors, edges their parentFileNameHint. Disks are
 * its trees. The graph needs no .vmsd: the files alone say which state stands on which.
 */
import path from 'node:path';

import { EngineError } from '../../errors';
import { parentNames } from '../../formats/layer-chain';
import { fileIn, folderOf } from './file-name';
import type { Probe, ProbeLayer } from './probe-layer';

export interface FileNode extends Probe {
  /** Absolute path of the parent, which is a node too. */
  readonly parentFile: string | undefined;
  /** The parent was guessed from the name, because the file itself is not there to say. */
  readonly parentGuessed?: true;
}

/** ESXi allows 32 links; openLayerChain reads at most this many. */
const MAX_LINKS = 64;

export class DiskGraph {
  readonly nodes = new Map<string, FileNode>();
  private readonly probes = new Map<string, Probe>();

  constructor(private readonly probe: ProbeLayer) {}

  /** Adds a file and all its ancestors; gives its absolute name. Names already looked at are not opened again. */
  async add(name: string, from?: string): Promise<string> {
    const first = await this.look(name, from);
    const chain: string[] = [];
    for (
      let probe: Probe | undefined = first;
      probe !== undefined && !this.nodes.has(probe.file);
    ) {
      chain.push(probe.file);
      const parent: Probe | undefined = await this.parentOf(probe);
      const fault = parent && this.faultOf(parent, chain);
      this.nodes.set(
        probe.file,
        fault ? cutOff(probe, fault) : { ...probe, parentFile: parent?.file },
      );
      probe = fault ? undefined : parent;
    }
    return first.file;
  }

  private async look(name: string, from: string | undefined): Promise<Probe> {
    const key = `${from === undefined ? '' : folderOf(from)}\0${name}`;
    const known = this.probes.get(key);
    if (known) return known;
    const probe = await this.probe(name, from);
    this.probes.set(key, probe);
    return probe;
  }

  /** Of the places that the hint may mean: the first that fits by CID, else that opens, else that is there, else the one beside. */
  private async parentOf(child: Probe): Promise<Probe | undefined> {
    if (child.parent === undefined) return undefined;
    const { hint, parentCid } = child.parent;
    const candidates: Probe[] = [];
    for (const name of parentNames(hint)) candidates.push(await this.look(name, child.file));
    const others = candidates.filter(({ file }) => file !== child.file);
    const choices = others.length > 0 ? others : candidates;
    return (
      choices.find(({ access, manifest }) => access !== 'missing' && manifest.cid === parentCid) ??
      choices.find(({ access }) => access === 'frozen') ??
      choices.find(({ access }) => access !== 'missing') ??
      choices.at(-1)
    );
  }

  private faultOf(parent: Probe, chain: readonly string[]): EngineError | undefined {
    const file = chain.at(-1) ?? '';
    if (chain.includes(parent.file)) {
      return new EngineError('CHAIN_BROKEN', {
        where: { file },
        expected: 'a chain of parents that ends at a base',
        found: `a loop over ${chain.length} files`,
      });
    }
    if (chain.length < MAX_LINKS) return undefined;
    return new EngineError('CHAIN_BROKEN', {
      where: { file },
      expected: `at most ${MAX_LINKS} links`,
      found: 'more',
    });
  }

  /**
   * Puts a file that is not there under the base of its name (`vm-000002.vmdk` under `vm.vmdk`), so
   * that the disk stays one tree. Nothing is ever applied from such a node or from those on it.
   */
  adoptMissing(): void {
    for (const node of [...this.nodes.values()]) {
      if (node.parentFile !== undefined || node.access === 'frozen') continue;
      const base = /^(.*)-\d{6,}\.vmdk$/i.exec(path.basename(node.file))?.[1];
      const candidate =
        base === undefined ? undefined : fileIn(folderOf(node.file), `${base}.vmdk`);
      if (
        candidate === undefined ||
        !this.nodes.has(candidate) ||
        this.rootOf(candidate) === node.file
      )
        continue;
      this.nodes.set(node.file, { ...node, parentFile: candidate, parentGuessed: true });
    }
  }

  rootOf(file: string): string {
    return this.chainOf(file)[0] ?? file;
  }

  /** Base first. Edges never form a cycle: `add` cuts them. */
  chainOf(file: string): string[] {
    const chain: string[] = [];
    for (let at: string | undefined = file; at !== undefined; at = this.nodes.get(at)?.parentFile)
      chain.unshift(at);
    return chain;
  }

  childrenOf(file: string): FileNode[] {
    return [...this.nodes.values()].filter(node => node.parentFile === file);
  }
}

function cutOff(probe: Probe, problem: EngineError): FileNode {
  return { ...probe, parent: undefined, parentFile: undefined, access: 'unsupported', problem };
}
