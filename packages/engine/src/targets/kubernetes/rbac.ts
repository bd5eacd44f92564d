/** The rights of a worker's account as objects to apply; rights.ts has the rules. */
import { OURS } from './layout';
import { CLUSTER_RULES, NAMESPACE_RULES, type PolicyRule } from './rights';
import type { KubeObject } from './cluster/resources';

export interface RbacRequest {
  readonly namespace: string;
  /** Whom the rights are for, in that namespace. */
  readonly serviceAccount: string;
}

export interface RbacObject extends KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly rules?: readonly PolicyRule[];
  readonly roleRef?: { readonly apiGroup: string; readonly kind: string; readonly name: string };
  readonly subjects?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly namespace: string;
  }[];
}

/**
 * ServiceAccount, Role and RoleBinding in the namespace; of the whole cluster only a ClusterRole
 * that reads classes, with its binding, named after the namespace so that several do not collide.
 */
export function rbacObjects({ namespace, serviceAccount }: RbacRequest): readonly RbacObject[] {
  const own = { name: serviceAccount, namespace, labels: OURS };
  const wide = { name: `vm-migrate:${namespace}:${serviceAccount}`, labels: OURS };
  const subjects = [{ kind: 'ServiceAccount', name: serviceAccount, namespace }];
  const rbac = { apiVersion: RBAC };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: own },
    { ...rbac, kind: 'Role', metadata: own, rules: NAMESPACE_RULES },
    {
      ...rbac,
      kind: 'RoleBinding',
      metadata: own,
      roleRef: { apiGroup: GROUP, kind: 'Role', name: own.name },
      subjects,
    },
    { ...rbac, kind: 'ClusterRole', metadata: wide, rules: CLUSTER_RULES },
    {
      ...rbac,
      kind: 'ClusterRoleBinding',
      metadata: wide,
      roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: wide.name },
      subjects,
    },
  ];
}

const GROUP = 'rbac.authorization.k8s.io';
const RBAC = `${GROUP}/v1`;
