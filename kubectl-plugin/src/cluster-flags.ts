/** The flags that say which cluster and as whom, as kubectl has them. */
import type { ConfigInput } from '@vm-migrate/engine';
import type { GlobalArguments } from './global-options';
import { shellWord } from './output/escape';
import { UsageError } from './usage-error';

export type ClusterFlagName =
  'kubeconfig' | 'context' | 'namespace' | 'as' | 'asGroup' | 'requestTimeout';

export const NO_CLUSTER_FLAGS: Pick<GlobalArguments, ClusterFlagName> = {
  kubeconfig: undefined,
  context: undefined,
  namespace: undefined,
  as: undefined,
  asGroup: undefined,
  requestTimeout: undefined,
};

/** @throws UsageError */
export function clusterFlags(
  globals: Pick<GlobalArguments, ClusterFlagName>,
): NonNullable<ConfigInput['flags']> {
  const { kubeconfig, context, namespace, as, asGroup, requestTimeout } = globals;
  if (asGroup !== undefined && as === undefined)
    throw new UsageError(
      '--as-group goes with --as USER only',
      'As in: --as jane --as-group admins',
    );
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(as === undefined ? {} : { as }),
    ...(asGroup === undefined ? {} : { asGroups: asGroup.map(String) }),
    ...(requestTimeout === undefined ? {} : { requestTimeoutMs: timeoutMs(requestTimeout) }),
  };
}

/** The flags that say the same cluster again, for a command to paste. */
export function clusterWords(globals: Pick<GlobalArguments, ClusterFlagName>): string[] {
  const { kubeconfig, context, namespace, as, asGroup = [] } = globals;
  const one = (name: string, value: string | undefined): string[] =>
    value === undefined ? [] : [name, shellWord(value)];
  return [
    ...one('--kubeconfig', kubeconfig),
    ...one('--context', context),
    ...one('-n', namespace),
    ...one('--as', as),
    ...asGroup.flatMap(group => one('--as-group', String(group))),
  ];
}

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
/** kubectl's 0 = no limit; ours is a day. */
const NO_LIMIT_MS = 86_400_000;

/** `30`, `30s`, `1m30s`, `0`. @throws UsageError */
function timeoutMs(words: string): number {
  if (/^\d{1,6}$/.test(words)) return Math.min(Number(words) * 1_000, NO_LIMIT_MS) || NO_LIMIT_MS;
  if (!/^(\d{1,6}(ms|s|m|h))+$/.test(words))
    throw new UsageError(`--request-timeout ${words} is no duration`, 'As in: 30s, 2m or 1m30s');
  const parts = [...words.matchAll(/(\d+)(ms|s|m|h)/g)];
  const ms = parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * UNITS[unit as keyof typeof UNITS],
    0,
  );
  return Math.min(ms, NO_LIMIT_MS) || NO_LIMIT_MS;
}
