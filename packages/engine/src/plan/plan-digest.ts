import { createHash } from 'node:crypto';

import type { Finding, LayerNode } from '../sources/snapshot-tree';
import { canonicalJson } from '../canonical-json';
import type { Plan } from './plan';

/**
 * SHA-256 (hex) over what a person agrees to: the tree with its manifests, the options, what they
 * came to (kept snapshots, disks, classes) and the findings.
 *
 * Left out on purpose, because they change without the matter changing: the words and measured
 * numbers of a finding, bytes counted in grain tables, the manifest of a layer that is not read
 * because it is in use, and the moment from which ages are counted (what is kept counts instead).
 */
export function planDigest(plan: Omit<Plan, 'digest'>): string {
  const { keep, ...options } = plan.options;
  const agreed = {
    version: plan.version,
    source: plan.vm.source,
    target: plan.target,
    options: { ...options, keep: keep.rule },
    kept: plan.snapshots.filter(snapshot => snapshot.kept).map(snapshot => snapshot.id),
    currentCut: plan.volumeSnapshots.some(cut => cut.purpose === 'current'),
    disks: plan.disks,
    tree: {
      ...plan.tree,
      disks: plan.tree.disks.map(disk => ({ ...disk, layers: disk.layers.map(layerFacts) })),
      findings: [],
    },
    findings: plan.findings.map(findingFacts),
  };
  return createHash('sha256').update(canonicalJson(agreed)).digest('hex');
}

function layerFacts({ ownBytes: _counted, manifest, ...facts }: LayerNode): object {
  return facts.access === 'frozen' ? { ...facts, manifest } : facts;
}

function findingFacts({ cause: _cause, remedy: _remedy, ...facts }: Finding): object {
  return facts;
}
