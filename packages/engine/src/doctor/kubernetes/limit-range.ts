/** LimitRanges of the namespace: a container or claim outside of them is refused, whatever the quota says. */
import { EngineError } from '../../errors';
import { LIMIT_RANGE, type LimitRange } from '../../targets/kubernetes/cluster/namespace-limits';
import { quantityBytes } from '../../targets/kubernetes/volumes';
import { ok, type DoctorCheck } from '../check';
import { kubectl, type ClusterCheck, type ClusterContext } from './cluster-check';
import { MOVER_NEEDS } from './mover-needs';

export const checkLimitRange: ClusterCheck = async context => {
  const title = `limit range ${context.name}`;
  const ranges = await listed(context);
  if (ranges === 'hidden')
    return [
      {
        name: title,
        state: 'skipped',
        found: 'this account may not list limitranges',
        remedy:
          'Ask whoever administers the namespace. That a mover pod is admitted shows the check of it; a claim that is refused is named by the step that waits for it.',
      },
    ];
  if (ranges.length === 0) return [ok(title, 'none in this namespace')];
  const command = `${kubectl(context)} describe limitrange`;
  const found = ranges.flatMap(range =>
    range.spec.limits.flatMap(limit => conflicts(limit, context)),
  );
  const largest = ranges
    .flatMap(({ spec }) => spec.limits)
    .flatMap(({ type, max }) =>
      type === 'PersistentVolumeClaim' && max?.['storage'] !== undefined ? [max['storage']] : [],
    );
  const most = largest.length === 0 ? '' : `; disks up to ${largest.join(', ')}`;
  if (found.length === 0)
    return [{ ...ok(title, `admits movers and their volumes${most}`), command }];
  const check: DoctorCheck = {
    name: title,
    state: 'failed',
    found: found.join('; '),
    remedy:
      'Change the LimitRange, or set pods.requests and pods.limits of the target. Tables of a volume begin at 64 MiB.',
    command,
  };
  return [check];
};

type Limit = LimitRange['spec']['limits'][number];

function conflicts({ type, min, max }: Limit, { options }: ClusterContext): string[] {
  const below = (what: string, needed: number, most: string | undefined): string[] =>
    most !== undefined && (quantityBytes(most) ?? Infinity) < needed
      ? [`${what}: at most ${most} is allowed`]
      : [];
  if (type === 'PersistentVolumeClaim') {
    const least = min?.['storage'];
    return [
      ...below('the smallest volume', MOVER_NEEDS.tablesBytes, max?.['storage']),
      ...(least !== undefined && (quantityBytes(least) ?? 0) > MOVER_NEEDS.tablesBytes
        ? [`the volume for block tables (64 MiB and up): at least ${least} is asked for`]
        : []),
    ];
  }
  if (type !== 'Container' && type !== 'Pod') return [];
  const memory = quantityBytes(options.pods.limits?.memory ?? '') ?? MOVER_NEEDS.memoryLimitBytes;
  const requested =
    quantityBytes(options.pods.requests?.memory ?? '') ?? MOVER_NEEDS.requestedMemoryBytes;
  const least = min?.['memory'];
  return [
    ...below("a mover's memory limit", memory, max?.['memory']),
    ...(least !== undefined && (quantityBytes(least) ?? 0) > requested
      ? [`a mover's requested memory: at least ${least} is asked for`]
      : []),
  ];
}

async function listed({ api }: ClusterContext): Promise<readonly LimitRange[] | 'hidden'> {
  try {
    return (await api.list(LIMIT_RANGE)).items;
  } catch (error) {
    if (error instanceof EngineError && error.code === 'CLUSTER_FORBIDDEN') return 'hidden';
    throw error;
  }
}
