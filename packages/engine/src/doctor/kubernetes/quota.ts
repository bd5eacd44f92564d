/** What is left of the namespace's ResourceQuotas, against what one mover and its volume need. */
import { EngineError } from '../../errors';
import { RESOURCE_QUOTA } from '../../targets/kubernetes/cluster/namespace-limits';
import { quantityBytes } from '../../targets/kubernetes/volumes';
import { ok, type DoctorCheck } from '../check';
import { kubectl, type ClusterCheck, type ClusterContext } from './cluster-check';
import { MOVER_NEEDS } from './mover-needs';

export const checkQuota: ClusterCheck = async context => {
  const title = `quota ${context.name}`;
  const limits = await left(context);
  if (limits === 'hidden')
    return [
      {
        name: title,
        state: 'skipped',
        found: 'this account may not list resourcequotas',
        remedy:
          'Ask whoever administers the namespace. A quota that is hit is named by the step that waits for it.',
      },
    ];
  if (limits.length === 0) return [ok(title, 'none in this namespace')];
  const needs = needsOf(context);
  const short = limits.filter(({ resource, leftOver }) => leftOver < (needs[resource] ?? 0));
  const command = `${kubectl(context)} describe resourcequota`;
  const words = limits.map(({ words: said }) => said).join('; ');
  if (short.length === 0) return [{ ...ok(title, words), command }];
  const check: DoctorCheck = {
    name: title,
    state: 'failed',
    found: `no room for one mover and its volume: ${short.map(({ words: said }) => said).join('; ')}`,
    remedy:
      'Raise the quota, or free what it counts. Each VolumeSnapshot, and each mover that runs at once, needs its part.',
    command,
  };
  return [check];
};

/** Thousandths count: CPUs are shared out by them. */
function amount(quantity: string): number | undefined {
  const [, thousandths] = /^(\d+)m$/.exec(quantity) ?? [];
  return thousandths === undefined ? quantityBytes(quantity) : Number(thousandths) / 1_000;
}

interface Left {
  readonly resource: string;
  readonly leftOver: number;
  readonly words: string;
}

async function left({ api }: ClusterContext): Promise<readonly Left[] | 'hidden'> {
  try {
    const { items } = await api.list(RESOURCE_QUOTA);
    return items.flatMap(({ metadata, spec, status }) => {
      const hard = status?.hard ?? spec?.hard ?? {};
      return Object.entries(hard).map(([resource, most]): Left => {
        const used = status?.used?.[resource] ?? '0';
        return {
          resource,
          leftOver: (amount(most) ?? Infinity) - (amount(used) ?? 0),
          words: `${resource} ${used} of ${most} (${metadata.name ?? ''})`,
        };
      });
    });
  } catch (error) {
    if (error instanceof EngineError && error.code === 'CLUSTER_FORBIDDEN') return 'hidden';
    throw error;
  }
}

/** Least that a volume, its tables, its mover and one VolumeSnapshot take. */
function needsOf({ options, classes }: ClusterContext): Readonly<Record<string, number>> {
  const { requests = {}, limits = {} } = options.pods;
  const cpu = amount(requests.cpu ?? '100m') ?? 0;
  const memory = quantityBytes(requests.memory ?? '') ?? MOVER_NEEDS.requestedMemoryBytes;
  const ofClasses = classes.flatMap(({ name }) => [
    [`${name}.storageclass.storage.k8s.io/requests.storage`, MOVER_NEEDS.storageBytes],
    [`${name}.storageclass.storage.k8s.io/persistentvolumeclaims`, 2],
  ]);
  return {
    'requests.storage': MOVER_NEEDS.storageBytes,
    persistentvolumeclaims: 2,
    'count/persistentvolumeclaims': 2,
    'count/volumesnapshots.snapshot.storage.k8s.io': 1,
    pods: 1,
    'count/pods': 1,
    secrets: 1,
    'count/secrets': 1,
    cpu,
    'requests.cpu': cpu,
    memory,
    'requests.memory': memory,
    'limits.memory': quantityBytes(limits.memory ?? '') ?? MOVER_NEEDS.memoryLimitBytes,
    ...(Object.fromEntries(ofClasses) as Record<string, number>),
  };
}
