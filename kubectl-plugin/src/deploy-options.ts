/** Options of `worker deploy`, and the choices that they make. */
import { isIP } from 'node:net';
import type { DeployChoices } from '@vm-migrate/engine';
import type { OptionTable } from './tables';
import { UsageError } from './usage-error';
import { WORKER_OPTIONS, workerSettings } from './worker-settings';

export const DEPLOY_OPTIONS = {
  target: { type: 'string', describe: 'The Kubernetes target', names: ['target'] },
  apply: {
    type: 'boolean',
    default: false,
    describe: 'Put it into the cluster, instead of printing it',
  },
  'dry-run': {
    type: 'string',
    choices: ['server'],
    describe: 'With --apply: the cluster answers and stores nothing',
  },
  'force-conflicts': {
    type: 'boolean',
    default: false,
    describe: 'With --apply: take over fields that somebody else has set',
  },
  'database-secret': {
    type: 'string',
    describe: "NAME[/KEY] of the Secret with the database's URL (KEY: url)",
  },
  'database-address': {
    type: 'string',
    array: true,
    describe:
      'ADDRESS[/BITS][:PORT] of the database, for the NetworkPolicy; else port 5432 anywhere',
  },
  postgres: {
    type: 'boolean',
    default: false,
    describe: 'A small PostgreSQL beside it, with a password that is made once',
  },
  'postgres-image': { type: 'string', describe: 'Its image (postgres:17)' },
  'postgres-storage': { type: 'string', describe: 'Size of its volume (5Gi)' },
  'postgres-class': {
    type: 'string',
    describe: "Storage class of its volume; else the cluster's default",
    names: ['class'],
  },
  'worker-image': {
    type: 'string',
    describe:
      'Image of the worker: a repository, to which the digest is added, or a full reference',
  },
  replicas: { type: 'number', describe: 'Workers (1)' },
  'service-account': { type: 'string', describe: 'Their account (vm-migrate)' },
  'source-secret': {
    type: 'string',
    array: true,
    describe: "SOURCE=NAME[/KEY] of the Secret with a source's credentials (KEY: credentials)",
  },
  'source-address': {
    type: 'string',
    array: true,
    describe: "SOURCE=ADDRESS[/BITS] of a source's server as pods see it, for the NetworkPolicy",
  },
  'node-selector': { type: 'string', array: true, describe: 'KEY=VALUE of the nodes' },
  toleration: {
    type: 'string',
    array: true,
    describe: 'KEY[=VALUE][:EFFECT] of a taint that is tolerated',
  },
  'priority-class': { type: 'string', describe: 'PriorityClass' },
  'pull-secret': {
    type: 'string',
    array: true,
    describe: 'Secret for pulling images (repeatable)',
  },
  requests: { type: 'string', describe: 'cpu=100m,memory=256Mi' },
  limits: { type: 'string', describe: 'memory=512Mi' },
  'pod-monitor': {
    type: 'string',
    describe: 'A PodMonitor for the Prometheus operator, with these labels: release=prometheus',
  },
  ...WORKER_OPTIONS,
} as const satisfies OptionTable;

interface DeployArguments {
  readonly databaseSecret?: string | undefined;
  readonly databaseAddress?: readonly (string | number)[] | undefined;
  readonly postgres: boolean;
  readonly postgresImage?: string | undefined;
  readonly postgresStorage?: string | undefined;
  readonly postgresClass?: string | undefined;
  readonly workerImage?: string | undefined;
  readonly replicas?: number | undefined;
  readonly serviceAccount?: string | undefined;
  readonly sourceSecret?: readonly (string | number)[] | undefined;
  readonly sourceAddress?: readonly (string | number)[] | undefined;
  readonly nodeSelector?: readonly (string | number)[] | undefined;
  readonly toleration?: readonly (string | number)[] | undefined;
  readonly priorityClass?: string | undefined;
  readonly pullSecret?: readonly (string | number)[] | undefined;
  readonly requests?: string | undefined;
  readonly limits?: string | undefined;
  readonly podMonitor?: string | undefined;
  readonly concurrency?: number | undefined;
  readonly leaseSeconds?: number | undefined;
}

/** @param workerProgram the bundle that the worker's image was built with. @throws UsageError */
export function deployChoices(args: DeployArguments, workerProgram: string): DeployChoices {
  const { postgres, databaseSecret, replicas = 1 } = args;
  if (postgres === (databaseSecret !== undefined))
    throw new UsageError(
      postgres
        ? '--postgres and --database-secret say two databases'
        : 'a worker needs a database: say --database-secret or --postgres',
      'As in: --database-secret vm-migrate-database/url, a Secret whose key holds postgres://USER:PASSWORD@HOST/DATABASE',
    );
  if (!(Number.isInteger(replicas) && replicas >= 0))
    throw new UsageError('--replicas takes a whole number', 'As in: --replicas 2');
  workerSettings(args); // refuses what no worker would take
  const { workerImage, priorityClass, podMonitor, concurrency, leaseSeconds } = args;
  const nodeSelector = pairs('node-selector', args.nodeSelector);
  const tolerations = list(args.toleration).map(tolerationOf);
  const imagePullSecrets = list(args.pullSecret);
  return {
    serviceAccount: args.serviceAccount ?? 'vm-migrate',
    ...(workerImage === undefined ? {} : { workerImage }),
    workerProgram,
    replicas,
    placement: {
      ...(nodeSelector.size === 0 ? {} : { nodeSelector: Object.fromEntries(nodeSelector) }),
      ...(tolerations.length === 0 ? {} : { tolerations }),
      ...(priorityClass === undefined ? {} : { priorityClassName: priorityClass }),
      ...(imagePullSecrets.length === 0 ? {} : { imagePullSecrets }),
    },
    requests: { cpu: '100m', memory: '256Mi', ...quantities('requests', args.requests) },
    limits: { memory: '512Mi', ...quantities('limits', args.limits) },
    arguments: [
      ...(concurrency === undefined ? [] : [`--concurrency=${concurrency}`]),
      ...(leaseSeconds === undefined ? [] : [`--lease-seconds=${leaseSeconds}`]),
    ],
    ...(databaseSecret === undefined ? {} : { database: secretKey(databaseSecret, 'url') }),
    ...databaseReach(list(args.databaseAddress)),
    ...postgresChoice(args),
    sourceSecrets: new Map(
      [...pairs('source-secret', args.sourceSecret)].map(([source, said]) => [
        source,
        secretKey(said, 'credentials'),
      ]),
    ),
    sourceAddresses: grouped('source-address', args.sourceAddress),
    ...(podMonitor === undefined
      ? {}
      : { podMonitor: Object.fromEntries(pairs('pod-monitor', podMonitor.split(','))) }),
  };
}

function postgresChoice({
  postgres,
  postgresImage: image,
  postgresStorage: storage = '5Gi',
  postgresClass: storageClass,
}: DeployArguments): Pick<DeployChoices, 'postgres'> {
  if (!postgres) return {};
  return {
    postgres: {
      storage,
      ...(image === undefined ? {} : { image }),
      ...(storageClass === undefined ? {} : { storageClass }),
    },
  };
}

function secretKey(said: string, usual: string): { secret: string; key: string } {
  const [secret = '', key = usual, more] = said.split('/');
  if (secret !== '' && key !== '' && more === undefined) return { secret, key };
  throw new UsageError(`${said} is no NAME or NAME/KEY of a Secret`, `As in: database/${usual}`);
}

/** One rule for all: every port at every block. */
function databaseReach(said: readonly string[]): Pick<DeployChoices, 'databaseReach'> {
  if (said.length === 0) return {};
  const parts = said.map(addressAndPort);
  return {
    databaseReach: {
      blocks: parts.map(({ block }) => block),
      ports: [...new Set(parts.map(({ port }) => port))],
    },
  };
}

const POSTGRES_PORT = 5432;

/** `10.0.0.0/8:6432`, `[fd00::5]:6432`, or without a port. @throws UsageError */
function addressAndPort(said: string): { readonly block: string; readonly port: number } {
  const isIpv6 = said.startsWith('[') || said.split(':').length > 2;
  const form = isIpv6
    ? /^\[?([0-9a-fA-F:.]+)(?:\/(\d{1,3}))?(?:\](?::(\d{1,5}))?)?$/
    : /^([\d.]+)(?:\/(\d{1,3}))?(?::(\d{1,5}))?$/;
  const [, address = '', bits, port = POSTGRES_PORT] = form.exec(said) ?? [];
  const most = isIpv6 ? 128 : 32;
  const isWhole = isIP(address) === (isIpv6 ? 6 : 4) && Number(bits ?? most) <= most;
  if (isWhole) return { block: `${address}/${bits ?? most}`, port: Number(port) };
  throw new UsageError(
    `${said} is no ADDRESS[/BITS][:PORT]`,
    'NetworkPolicies know addresses, not names. As in: 10.0.0.5:5432, [fd00::5]:5432',
  );
}

function tolerationOf(said: string): Readonly<Record<string, string>> {
  const found = /^([^=:]+)(?:=([^:]*))?(?::(NoSchedule|PreferNoSchedule|NoExecute))?$/.exec(said);
  if (found === null)
    throw new UsageError(
      `${said} is no KEY[=VALUE][:EFFECT]`,
      'As in: dedicated=storage:NoSchedule',
    );
  const [, key = '', value, effect] = found;
  return {
    key,
    ...(value === undefined ? { operator: 'Exists' } : { operator: 'Equal', value }),
    ...(effect === undefined ? {} : { effect }),
  };
}

function quantities(option: string, said: string | undefined): Readonly<Record<string, string>> {
  if (said === undefined) return {};
  const found = pairs(option, said.split(','));
  const stranger = [...found].find(
    ([name, value]) =>
      !['cpu', 'memory', 'ephemeral-storage'].includes(name) ||
      !/^\d+(\.\d+)?(m|k|M|G|Ki|Mi|Gi)?$/.test(value),
  );
  if (stranger === undefined) return Object.fromEntries(found);
  throw new UsageError(
    `--${option}: ${stranger.join('=')} is no quantity of cpu or memory`,
    `As in: --${option} cpu=200m,memory=1Gi`,
  );
}

function grouped(
  option: string,
  said: readonly (string | number)[] | undefined,
): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const one of list(said)) {
    const [name, value] = pair(option, one);
    groups.set(name, [...(groups.get(name) ?? []), value]);
  }
  return groups;
}

function pairs(
  option: string,
  said: readonly (string | number)[] | undefined,
): ReadonlyMap<string, string> {
  return new Map(list(said).map(one => pair(option, one)));
}

function pair(option: string, said: string): [string, string] {
  const at = said.indexOf('=');
  if (at > 0 && at < said.length - 1) return [said.slice(0, at), said.slice(at + 1)];
  throw new UsageError(`--${option} ${said} is no KEY=VALUE`, `As in: --${option} name=value`);
}

function list(said: readonly (string | number)[] | undefined): string[] {
  return (said ?? []).map(String);
}
