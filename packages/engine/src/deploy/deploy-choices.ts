/** What a person says about a deployment, and what follows from the configuration for the rest. */
import type { Config, ConfiguredPlace, ConfiguredTarget } from '../config';
import { EngineError } from '../errors';
import { certificatesIn } from '../sources/vm-https/vm-https-source';
import { builtImage, imageReference } from '../targets/kubernetes/pods/mover-image';
import { serverLabel, sourceServer } from '../targets/kubernetes/pods/source-server';
import type { KubernetesOptions } from '../targets/kubernetes/options';
import { addressesOf, checkedBlock } from './find-addresses';
import { POSTGRES_IMAGE, POSTGRES_PORT, POSTGRES_SECRET } from './postgres';
import {
  type DeployedSource,
  type Placement,
  type Reach,
  type SecretKey,
  type SourceServer,
  WORKER_LABELS,
  type WorkerDeployment,
} from './worker-deployment';

export interface DeployChoices {
  readonly serviceAccount: string;
  /** Repository, or full reference; absent: the image that was built with this program, under its own name. */
  readonly workerImage?: string;
  /** The bundle whose image it is; `image.json` lies in `worker/` beside it. */
  readonly workerProgram: string;
  readonly replicas: number;
  readonly placement: Placement;
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
  readonly arguments: readonly string[];
  /** Absent with `postgres`. */
  readonly database?: SecretKey;
  /** Address blocks of the database, and its port; absent: every address, port 5432. */
  readonly databaseReach?: Reach;
  readonly postgres?: {
    readonly image?: string;
    readonly storage: string;
    readonly storageClass?: string;
  };
  /** Source to the Secret with its credentials. */
  readonly sourceSecrets: ReadonlyMap<string, SecretKey>;
  /** Source to the address blocks of its server, where its name means something else in the cluster. */
  readonly sourceAddresses: ReadonlyMap<string, readonly string[]>;
  readonly podMonitor?: Readonly<Record<string, string>>;
}

/** What only the cluster knows. */
export interface ClusterFacts {
  readonly namespace: string;
  /** Absent: it could not be asked. */
  readonly clusterId?: string;
  readonly apiServer: Reach;
}

export interface PlannedDeployment {
  readonly deployment: WorkerDeployment;
  /** What a person should know before: sources that are left out, names that were resolved here. */
  readonly notes: readonly string[];
}

/** @throws EngineError CONFIG_INVALID naming what is missing */
export async function planDeployment(
  config: Pick<Config, 'sources' | 'limits'>,
  target: ConfiguredTarget,
  options: KubernetesOptions,
  choices: DeployChoices,
  facts: ClusterFacts,
): Promise<PlannedDeployment> {
  assertKnown(config, [...choices.sourceSecrets.keys(), ...choices.sourceAddresses.keys()]);
  const notes: string[] = [];
  const sources: DeployedSource[] = [];
  for (const source of config.sources) {
    const why = whyLeftOut(source);
    if (why === undefined) sources.push(await deployed(source, choices, notes));
    else notes.push(`source ${source.name} is left out: ${why}`);
  }
  const { database = POSTGRES_SECRET, postgres } = choices;
  const placement = { ...placementOf(options), ...choices.placement };
  const deployment: WorkerDeployment = {
    namespace: facts.namespace,
    serviceAccount: choices.serviceAccount,
    image: workerImage(choices),
    replicas: choices.replicas,
    placement,
    requests: choices.requests,
    limits: choices.limits,
    arguments: choices.arguments,
    database,
    ...(postgres === undefined
      ? { databaseReach: choices.databaseReach ?? { blocks: [], ports: [POSTGRES_PORT] } }
      : { postgres: postgresOf(postgres, placement) }),
    apiServer: facts.apiServer,
    sources,
    target: {
      name: target.name,
      options: {
        ...withoutOwnWay(target.options),
        namespace: facts.namespace,
        ...(facts.clusterId === undefined ? {} : { clusterId: facts.clusterId }),
      },
    },
    workLimits: limitsSection(config.limits),
    ...(choices.podMonitor === undefined ? {} : { podMonitor: choices.podMonitor }),
  };
  return { deployment, notes };
}

/** The pod's account takes the place of a kubeconfig and of whom it acts as. */
function withoutOwnWay(options: ConfiguredTarget['options']): ConfiguredTarget['options'] {
  const { kubeconfig: _1, context: _2, as: _3, asGroups: _4, ...rest } = options;
  return rest;
}

function workerImage({ workerImage: said, workerProgram }: DeployChoices): string {
  try {
    return imageReference(builtImage(workerProgram, 'worker/image.json'), said);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError('CONFIG_INVALID', {
      where: { object: '--worker-image' },
      expected: 'an image with its digest, or a program that knows the one it was built with',
      found: said ?? 'none',
      hint: 'Run `npm run image`, or say --worker-image with tag or digest.',
      cause: error,
    });
  }
}

function placementOf({ pods }: KubernetesOptions): Placement {
  const { nodeSelector, tolerations, priorityClassName, imagePullSecrets, imagePullPolicy } = pods;
  return {
    ...(nodeSelector && { nodeSelector }),
    ...(tolerations && { tolerations }),
    ...(priorityClassName !== undefined && { priorityClassName }),
    ...(imagePullSecrets && { imagePullSecrets }),
    ...(imagePullPolicy && { imagePullPolicy }),
  };
}

function postgresOf(
  { image, storage, storageClass }: NonNullable<DeployChoices['postgres']>,
  { imagePullPolicy, imagePullSecrets }: Placement,
): NonNullable<WorkerDeployment['postgres']> {
  return {
    image: image ?? POSTGRES_IMAGE,
    storage,
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }),
    ...(imagePullSecrets === undefined ? {} : { imagePullSecrets }),
    clients: WORKER_LABELS,
  };
}

/** `undefined`: pods reach it. */
function whyLeftOut({ kind, options }: ConfiguredPlace): string | undefined {
  if (kind === 'vm-https') return undefined;
  const pods = options['pods'] as Readonly<Record<string, unknown>> | undefined;
  if (kind !== 'vm-directory') return `nothing is known of how pods reach kind ${kind}`;
  if (pods === undefined)
    return 'a folder of this machine (say with `pods` how pods reach it); workers here go on serving it';
  return 'hostPath' in pods ? 'a restricted namespace admits no hostPath' : undefined;
}

async function deployed(
  { name, kind, options }: ConfiguredPlace,
  { sourceSecrets, sourceAddresses }: DeployChoices,
  notes: string[],
): Promise<DeployedSource> {
  const credentials = sourceSecrets.get(name);
  if (options['credentials'] !== undefined && credentials === undefined)
    throw new EngineError('CONFIG_INVALID', {
      where: { object: `source ${name}` },
      expected: 'a Secret with its credentials, for the pods of workers',
      found: 'none was named',
      hint: `Say --source-secret ${name}=SECRET/KEY; what the key holds is what \`credentials\` of the source leads to here.`,
    });
  if ('nfs' in ((options['pods'] as object | undefined) ?? {}))
    notes.push(
      `source ${name} is mounted by NFS, which a namespace that enforces "restricted" does not admit: use a PersistentVolumeClaim there`,
    );
  const caFile = options['caFile'];
  return {
    name,
    kind,
    options,
    ...(await serverOf(name, options, sourceAddresses.get(name), notes)),
    ...(typeof caFile === 'string' ? { caPem: await certificatesIn(caFile) } : {}),
    ...(credentials === undefined ? {} : { credentials }),
  };
}

async function serverOf(
  name: string,
  options: ConfiguredPlace['options'],
  said: readonly string[] | undefined,
  notes: string[],
): Promise<{ readonly server?: SourceServer }> {
  const server = sourceServer(options);
  if (server === undefined) return {};
  const { isName, blocks } = await addressesOf(name, server.host, said?.map(checkedBlock));
  if (isName && said === undefined)
    notes.push(
      `source ${name}: ${server.host} is ${blocks.join(', ')} as seen from here; deploy again when that changes, or say --source-address ${name}=ADDRESS`,
    );
  return {
    server: { label: serverLabel(server), isName, reach: { blocks, ports: [server.port] } },
  };
}

/** As the configuration writes it: scopes `all`, `vm`, `source:NAME`, `class:NAME`. */
function limitsSection(limits: Config['limits']): Record<string, unknown> {
  const named = (prefix: string): Record<string, unknown> =>
    Object.fromEntries(
      limits
        .filter(({ scope }) => scope.startsWith(prefix))
        .map(({ scope, ...limit }) => [scope.slice(prefix.length), limit]),
    );
  const [sources, classes] = [named('source:'), named('class:')];
  return {
    ...Object.fromEntries(
      limits
        .filter(({ scope }) => !scope.includes(':'))
        .map(({ scope, ...limit }) => [scope, limit]),
    ),
    ...(Object.keys(sources).length === 0 ? {} : { sources }),
    ...(Object.keys(classes).length === 0 ? {} : { classes }),
  };
}

function assertKnown({ sources }: Pick<Config, 'sources'>, named: readonly string[]): void {
  const stranger = named.find(name => !sources.some(source => source.name === name));
  if (stranger === undefined) return;
  throw new EngineError('CONFIG_INVALID', {
    where: { object: `source ${stranger}` },
    expected: 'a configured source',
    found: `only ${sources.map(({ name }) => name).join(', ') || 'none'}`,
  });
}
