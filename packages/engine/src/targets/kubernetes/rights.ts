/**
 * What the account of a worker has to be allowed, and whether it is. The one list behind printed
 * Roles, doctor and docs/errors.md; a test on the cluster works with exactly these.
 */
import type { ClusterApi } from './cluster/cluster-api';
import { SELF_SUBJECT_ACCESS_REVIEW } from './cluster/resources';

/** A rule as RBAC writes it. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** In the target's namespace. An apply is a patch, and of a new object also its creation. */
export const NAMESPACE_RULES: readonly PolicyRule[] = [
  {
    apiGroups: [''],
    resources: ['persistentvolumeclaims', 'pods'],
    verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
  },
  {
    apiGroups: ['snapshot.storage.k8s.io'],
    resources: ['volumesnapshots'],
    verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
  },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  // Orders of movers: written, never read back; the cluster removes them with their pod.
  { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
  // What happens to a volume is told by Events of its PVC.
  { apiGroups: [''], resources: ['events'], verbs: ['list', 'get', 'create', 'patch'] },
  // Layers of folders that only the engine's machine has. SPDY is `create`; a websocket is authorized as `get` (seen on
  // 1.34, where `create` alone is refused); servers from 1.35 on ask for `create` as well.
  { apiGroups: [''], resources: ['pods/portforward'], verbs: ['get', 'create'] },
];

/** In the whole cluster: reading only. */
export const CLUSTER_RULES: readonly PolicyRule[] = [
  { apiGroups: ['storage.k8s.io'], resources: ['storageclasses', 'csidrivers'], verbs: ['list'] },
  {
    apiGroups: ['snapshot.storage.k8s.io'],
    resources: ['volumesnapshotclasses'],
    verbs: ['list'],
  },
  {
    apiGroups: ['snapshot.storage.k8s.io'],
    resources: ['volumesnapshotcontents'],
    verbs: ['get', 'list'],
  },
  { apiGroups: ['cdi.kubevirt.io'], resources: ['storageprofiles'], verbs: ['list'] },
  {
    apiGroups: [''],
    resources: ['namespaces'],
    verbs: ['get'],
    resourceNames: ['kube-system'], // whose uid is the cluster's
  },
];

/** `push`: folders that only the engine's machine has. `knowing`: to know more, or where it is there at all. */
export type OptionalFeature = 'push' | 'knowing';

/** What works without them. */
const OPTIONAL: Readonly<Partial<Record<string, OptionalFeature>>> = {
  'pods/portforward': 'push',
  csidrivers: 'knowing',
  storageprofiles: 'knowing',
  namespaces: 'knowing',
  'get events': 'knowing',
  'create events': 'knowing',
  'patch events': 'knowing',
};

export interface MissingRight {
  /** As people ask for it: `create pods in namespace vms`. */
  readonly words: string;
  /** What it is for, where the rest works without; absent: nothing does. */
  readonly onlyFor?: OptionalFeature;
}

/**
 * What the API server says that this account may not. Asked of the server itself: roles, groups and webhooks all count.
 * @param feature only the rights that are for this one; absent: all
 */
export async function missingRights(
  api: ClusterApi,
  feature?: OptionalFeature,
): Promise<readonly MissingRight[]> {
  await api.serves(SELF_SUBJECT_ACCESS_REVIEW); // an earlier request tells the namespace
  const asked = [
    ...NAMESPACE_RULES.flatMap(rule => askedBy(rule, api.namespace)),
    ...CLUSTER_RULES.flatMap(rule => askedBy(rule, undefined)),
  ].filter(({ onlyFor }) => feature === undefined || onlyFor === feature);
  const answers = await Promise.all(
    asked.map(async ({ words, onlyFor, attributes }) => {
      const review = await api.create(SELF_SUBJECT_ACCESS_REVIEW, {
        metadata: {},
        spec: { resourceAttributes: attributes },
      });
      const allowed = review !== 'exists' && review.status?.allowed === true;
      return allowed ? [] : [{ words, ...(onlyFor === undefined ? {} : { onlyFor }) }];
    }),
  );
  return answers.flat();
}

interface AskedRight extends MissingRight {
  readonly attributes: {
    readonly namespace?: string;
    readonly verb: string;
    readonly group: string;
    readonly resource: string;
    readonly subresource?: string;
    readonly name?: string;
  };
}

function askedBy(rule: PolicyRule, namespace: string | undefined): readonly AskedRight[] {
  const { apiGroups, resources, verbs, resourceNames = [] } = rule;
  return apiGroups.flatMap(group =>
    resources.flatMap(full =>
      verbs.map(verb => {
        const [resource = '', subresource] = full.split('/');
        const [name] = resourceNames;
        const place = namespace === undefined ? 'in the cluster' : `in namespace ${namespace}`;
        return {
          words: `${verb} ${full}${group === '' ? '' : `.${group}`} ${place}`,
          onlyFor: OPTIONAL[full] ?? OPTIONAL[`${verb} ${full}`],
          attributes: {
            verb,
            group,
            resource,
            ...(namespace === undefined ? {} : { namespace }),
            ...(subresource === undefined ? {} : { subresource }),
            ...(name === undefined ? {} : { name }),
          },
        };
      }),
    ),
  );
}
