/** Server-side apply of a deployment, object by object, in their order. */
import type { ClusterApi } from '../targets/kubernetes/cluster/cluster-api';
import {
  type KubeObject,
  type ResourceKind,
  type Secret,
  SECRET,
} from '../targets/kubernetes/cluster/resources';
import { EngineError } from '../errors';

/** Whose fields these are. Not the engine's own: what an administrator changes besides stays his. */
export const DEPLOY_MANAGER = 'vm-migrate-deploy';

export interface AppliedObject {
  readonly kind: string;
  readonly name: string;
  readonly done: 'created' | 'applied' | 'kept';
}

export interface ApplyHow {
  /** Admission answers, nothing is stored. */
  readonly dryRun?: boolean;
  /** Takes fields over that somebody else has set. */
  readonly force?: boolean;
}

/**
 * Safe to repeat. Ends at the first object that is refused; those before it stay.
 * @param api of the namespace that they are for
 * @throws EngineError CLUSTER_REFUSED (also for a field that somebody else manages), CLUSTER_FORBIDDEN, CLUSTER_UNREACHABLE
 */
export async function* applyObjects(
  api: ClusterApi,
  objects: readonly KubeObject[],
  { dryRun = false, force = false }: ApplyHow,
): AsyncGenerator<AppliedObject> {
  for (const object of objects) {
    const { kind = '', metadata } = object;
    const { created } = await api.apply(kindOf(object), object, {
      manager: DEPLOY_MANAGER,
      dryRun,
      force,
    });
    yield { kind, name: metadata.name ?? '', done: created ? 'created' : 'applied' };
  }
}

/** A Secret that is there is left as it is, unseen. */
export async function ensureSecret(
  api: ClusterApi,
  secret: Secret,
  { dryRun = false }: ApplyHow,
): Promise<AppliedObject> {
  const made = await api.create(SECRET, secret, { dryRun });
  return {
    kind: 'Secret',
    name: secret.metadata.name ?? '',
    done: made === 'exists' ? 'kept' : 'created',
  };
}

const PLURALS: Readonly<Record<string, string>> = {
  NetworkPolicy: 'networkpolicies',
};
const CLUSTER_WIDE = new Set(['ClusterRole', 'ClusterRoleBinding']);

function kindOf({ apiVersion, kind }: KubeObject): ResourceKind<KubeObject> {
  if (apiVersion === undefined || kind === undefined)
    throw new EngineError('INTERNAL', { expected: 'an object with apiVersion and kind' });
  return {
    apiVersion,
    kind,
    plural: PLURALS[kind] ?? `${kind.toLowerCase()}s`,
    namespaced: !CLUSTER_WIDE.has(kind),
  };
}
