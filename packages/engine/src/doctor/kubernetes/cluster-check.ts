/** The contract of this folder: one check of a Kubernetes target; what it is given was read once. */
import type { Database } from '../../store/database';
import type { PlaceRow } from '../../store/store';
import type { KubernetesClass } from '../../targets/kubernetes/classes';
import type { ServerFacts } from '../../targets/kubernetes/cluster/ask-version';
import type { ClusterApi } from '../../targets/kubernetes/cluster/cluster-api';
import type { KubernetesOptions } from '../../targets/kubernetes/options';
import type { DoctorCheck } from '../check';

export interface ClusterContext {
  /** Of the target. */
  readonly name: string;
  readonly options: KubernetesOptions;
  readonly api: ClusterApi;
  readonly server: ServerFacts;
  /** What was read of the storage classes; empty when they cannot be read, which the rights say. */
  readonly classes: readonly KubernetesClass[];
  readonly moverProgram: string;
  readonly database: Database | undefined;
  /** Those that this machine reads. */
  readonly sources: readonly PlaceRow[];
}

export type ClusterCheck = (context: ClusterContext) => Promise<readonly DoctorCheck[]>;

/** `kubectl` with what leads to this target's cluster and namespace. */
export function kubectl({ options, api }: Pick<ClusterContext, 'options' | 'api'>): string {
  const { kubeconfig, context } = options;
  const words = [
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
    ...(context === undefined ? [] : ['--context', context]),
    ...(api.namespace === '' ? [] : ['-n', api.namespace]),
  ];
  return ['kubectl', ...words.map(quoted)].join(' ');
}

/** For a shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
