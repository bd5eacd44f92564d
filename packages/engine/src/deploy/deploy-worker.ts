/** `worker deploy`: from configuration and choices to objects, and their way into the cluster. */
import type { Config, ConfiguredTarget } from '../config';
import { EngineError } from '../errors';
import { type ClusterApi } from '../targets/kubernetes/cluster/cluster-api';
import { loadCredentials } from '../targets/kubernetes/cluster/credentials';
import { openCluster } from '../targets/kubernetes/cluster/http-cluster-api';
import { addressOf, clusterApiOf } from '../targets/kubernetes/open-kubernetes';
import { type KubernetesOptions, kubernetesOptionsSchema } from '../targets/kubernetes/options';
import { type AppliedObject, applyObjects, type ApplyHow, ensureSecret } from './apply-objects';
import { type ClusterFacts, type DeployChoices, planDeployment } from './deploy-choices';
import { ANY_API_SERVER, apiServerReach } from './find-addresses';
import { postgresSecret } from './postgres';
import type { DeployedObject } from './worker-deployment';
import { workerObjects } from './worker-objects';

export interface WorkerDeploymentPlan {
  readonly namespace: string;
  readonly objects: readonly DeployedObject[];
  readonly notes: readonly string[];
  /** Whether a Secret with a password of our own belongs to it, which is never among the objects. */
  readonly hasOwnSecret: boolean;
  /**
   * Applies them, the Secret first where there is none.
   * @throws EngineError CLUSTER_REFUSED, CLUSTER_FORBIDDEN, CLUSTER_UNREACHABLE
   */
  apply(how: ApplyHow): AsyncGenerator<AppliedObject>;
}

/**
 * Changes nothing. Asks the cluster who it is and where its API server is; where it does not answer,
 * the plan says less, and a note says so.
 * @throws EngineError CONFIG_INVALID
 */
export async function planWorkerDeployment(
  config: Pick<Config, 'sources' | 'limits'>,
  target: ConfiguredTarget,
  choices: DeployChoices,
): Promise<WorkerDeploymentPlan> {
  const options = checkedOptions(target);
  const notes: string[] = [];
  const facts = await clusterFacts(options, notes);
  const planned = await planDeployment(config, target, options, choices, facts);
  const objects = workerObjects(planned.deployment);
  const { namespace } = facts;
  const hasOwnSecret = planned.deployment.postgres !== undefined;
  return {
    namespace,
    objects,
    notes: [...notes, ...planned.notes],
    hasOwnSecret,
    async *apply(how) {
      const api = clusterApiOf({ ...options, namespace });
      try {
        if (hasOwnSecret) yield await ensureSecret(api, postgresSecret(namespace), how);
        yield* applyObjects(
          api,
          objects.map(({ object }) => object),
          how,
        );
      } finally {
        api.close();
      }
    },
  };
}

function checkedOptions({ name, options }: ConfiguredTarget): KubernetesOptions {
  const parsed = kubernetesOptionsSchema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new EngineError('CONFIG_INVALID', {
    where: { object: `target ${name}` },
    found: parsed.error.issues
      .map(({ path, message }) => `${path.join('.')}: ${message}`)
      .join('; '),
  });
}

/** Somebody waits for the answer, and can do without. */
const IMPATIENT = { retry: { tries: 1, firstMs: 100, maxMs: 100 }, requestTimeoutMs: 5_000 };

async function clusterFacts(options: KubernetesOptions, notes: string[]): Promise<ClusterFacts> {
  const namespace = options.namespace ?? (await loadCredentials(addressOf(options))).namespace;
  const api = openCluster({ ...addressOf(options), namespace: 'default' }, IMPATIENT);
  try {
    const clusterId = await asked(api, cluster => cluster.identity());
    const reach = await asked(api, apiServerReach);
    if (clusterId === undefined)
      notes.push(
        'the cluster did not say who it is (uid of namespace kube-system): its id is left out',
      );
    if (reach === undefined || reach.blocks.length === 0)
      notes.push(
        `where the API server is could not be asked: workers may reach every address at ports ${ANY_API_SERVER.ports.join(' and ')}`,
      );
    return {
      namespace,
      ...(clusterId === undefined ? {} : { clusterId }),
      apiServer: reach ?? ANY_API_SERVER,
    };
  } finally {
    api.close();
  }
}

async function asked<T>(
  api: ClusterApi,
  question: (api: ClusterApi) => Promise<T>,
): Promise<T | undefined> {
  return question(api).catch((error: unknown) => {
    if (error instanceof EngineError && error.code.startsWith('CLUSTER_')) return undefined;
    throw error;
  });
}
