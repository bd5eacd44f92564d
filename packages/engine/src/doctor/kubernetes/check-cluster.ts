/** Every check of a Kubernetes target; the first, whether the API server answers, decides whether there are others. */
import type { PlaceRow } from '../../store/store';
import { readClasses } from '../../targets/kubernetes/classes';
import { askVersion, type ServerFacts } from '../../targets/kubernetes/cluster/ask-version';
import type { ClusterApi } from '../../targets/kubernetes/cluster/cluster-api';
import { addressOf, clusterApiOf } from '../../targets/kubernetes/open-kubernetes';
import { kubernetesOptionsSchema, type KubernetesOptions } from '../../targets/kubernetes/options';
import { failed, ok, warning, type DoctorCheck } from '../check';
import { checkApiClock } from './api-clock';
import { kubectl, type ClusterCheck, type ClusterContext } from './cluster-check';
import { checkLimitRange } from './limit-range';
import { checkPodAdmission } from './pod-admission';
import { checkQuota } from './quota';
import { checkRights } from './rights';
import { checkSnapshotApi } from './snapshot-api';
import { checkPushedSources } from './source-ways';
import { checkStorageClasses } from './storage-classes';

const CHECKS: readonly (readonly [string, ClusterCheck])[] = [
  ['cluster clock', checkApiClock],
  ['rights', checkRights],
  ['snapshot API', checkSnapshotApi],
  ['target', checkStorageClasses],
  ['quota', checkQuota],
  ['limit range', checkLimitRange],
  ['mover pod', checkPodAdmission],
  ['sources from', checkPushedSources],
];

/** A person waits; the requests of work are more patient. */
const ANSWER_MS = 10_000;

export async function checkCluster(
  { name, options: raw }: Pick<PlaceRow, 'name' | 'options'>,
  {
    moverProgram,
    database,
    sources,
  }: Pick<ClusterContext, 'moverProgram' | 'database' | 'sources'>,
): Promise<readonly DoctorCheck[]> {
  const title = `cluster ${name}`;
  const parsed = kubernetesOptionsSchema.safeParse(raw);
  if (!parsed.success)
    return [
      {
        name: title,
        state: 'failed',
        found: parsed.error.issues
          .map(issue => `${issue.path.join('.')}: ${issue.message}`)
          .join('; '),
        remedy: 'Mend the target in the configuration; docs/targets/kubernetes.md has its options.',
      },
    ];
  const options = parsed.data;
  const api = clusterApiOf(options);
  try {
    const server = await askVersion(
      addressOf(options),
      Math.min(ANSWER_MS, options.requestTimeoutMs),
    );
    const place = await placeCheck(title, options, api, server);
    const classes = await readClasses(api, options).catch(() => []);
    const context: ClusterContext = {
      name,
      options,
      api,
      server,
      classes,
      moverProgram,
      database,
      sources,
    };
    return [...place, ...(await each(context))];
  } catch (error) {
    return [
      {
        ...failed(title, error, 'See that kubectl reaches the cluster with the same kubeconfig.'),
        command: `${kubectl({ options, api })} version`,
      },
    ];
  } finally {
    api.close();
  }
}

/** Of 1: the first with PodSecurity, by which namespaces admit movers. */
const OLDEST_MINOR = 25;
const TOO_OLD = `It is older than 1.${OLDEST_MINOR}, with which nothing was tried. Update the cluster.`;

function isOld(version: string): boolean {
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  return major === '1' && Number(minor) < OLDEST_MINOR;
}

async function placeCheck(
  title: string,
  options: KubernetesOptions,
  api: ClusterApi,
  { version, server, namespace }: ServerFacts,
): Promise<readonly DoctorCheck[]> {
  const found = `Kubernetes ${version} at ${server}, namespace ${namespace}`;
  const identity = await api.identity().catch(() => undefined);
  if (options.clusterId === undefined || identity === undefined || options.clusterId === identity) {
    const words = identity === undefined ? found : `${found}, cluster ${identity}`;
    return [isOld(version) ? warning(title, words, TOO_OLD) : ok(title, words)];
  }
  return [
    {
      name: title,
      state: 'failed',
      found: `${found} is cluster ${identity}; the target is of cluster ${options.clusterId}`,
      remedy:
        'The kubeconfig or its context leads elsewhere than when the target was first used. Name the context in the configuration, or give the other cluster a target of its own.',
      command: 'kubectl config get-contexts',
    },
  ];
}

async function each(context: ClusterContext): Promise<readonly DoctorCheck[]> {
  const answers = await Promise.all(
    CHECKS.map(([what, check]) =>
      check(context).catch((error: unknown) => [failed(`${what} ${context.name}`, error)]),
    ),
  );
  return answers.flat();
}
