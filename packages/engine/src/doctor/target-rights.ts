/** `doctor --rbac`: the rights that a target needs, as objects to apply. */
import { EngineError } from '../errors';
import { loadCredentials } from '../targets/kubernetes/cluster/credentials';
import { addressOf } from '../targets/kubernetes/open-kubernetes';
import { kubernetesOptionsSchema } from '../targets/kubernetes/options';
import { rbacObjects, type RbacObject } from '../targets/kubernetes/rbac';

/**
 * Reads the kubeconfig at most, for the namespace of its context.
 * @param options of a target of kind `kubernetes`
 * @throws EngineError CONFIG_INVALID
 */
export async function targetRights(
  options: Readonly<Record<string, unknown>>,
  serviceAccount: string,
): Promise<readonly RbacObject[]> {
  const parsed = kubernetesOptionsSchema.safeParse(options);
  if (!parsed.success)
    throw new EngineError('CONFIG_INVALID', {
      found: parsed.error.issues
        .map(({ path, message }) => `${path.join('.')}: ${message}`)
        .join('; '),
    });
  const namespace =
    parsed.data.namespace ?? (await loadCredentials(addressOf(parsed.data))).namespace;
  return rbacObjects({ namespace, serviceAccount });
}
