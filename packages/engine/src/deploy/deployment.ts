/** The Deployment of workers: admitted by PodSecurity "restricted" to the letter. */
import { createHash } from 'node:crypto';
import { certificatesKey, type ConfigMap, CONFIG_FILE, CONFIG_FOLDER } from './config-map';
import {
  type DeployedObject,
  type DeployedSource,
  HTTP_PORT,
  WORKER_LABELS,
  WORKER_NAME,
  type WorkerDeployment,
} from './worker-deployment';
import { fileGroup, RESTRICTED_CONTAINER, restrictedPod } from '../targets/kubernetes/restricted';

/** As movers are: what they and workers make has one owner. */
const USER = 107;
const DATABASE_FOLDER = '/etc/vm-migrate-database';
const DATABASE_FILE = 'url';
/**
 * Longer than a stop takes: 5 s for what is short, and for checks that are read by pods half a
 * minute for their window and a minute for the pod to go.
 */
const GRACE_SECONDS = 120;

type Data = Readonly<Record<string, unknown>>;

export function workerPods(deployment: WorkerDeployment, config: ConfigMap): DeployedObject {
  const { replicas, placement } = deployment;
  const metadata = { name: WORKER_NAME, labels: WORKER_LABELS };
  const spec = {
    replicas,
    revisionHistoryLimit: 3,
    // The new one is ready before the old one goes: what runs in pods goes on through both.
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    selector: { matchLabels: WORKER_LABELS },
    template: {
      metadata: {
        labels: WORKER_LABELS,
        annotations: {
          // Another configuration is another worker.
          'vm-migrate.io/config': createHash('sha256')
            .update(JSON.stringify(config.data))
            .digest('hex'),
          'prometheus.io/scrape': 'true',
          'prometheus.io/port': String(HTTP_PORT),
          'prometheus.io/path': '/metrics',
        },
      },
      spec: {
        serviceAccountName: deployment.serviceAccount,
        enableServiceLinks: false,
        terminationGracePeriodSeconds: GRACE_SECONDS,
        ...(placement.nodeSelector && { nodeSelector: placement.nodeSelector }),
        ...(placement.tolerations && { tolerations: placement.tolerations }),
        ...(placement.priorityClassName !== undefined && {
          priorityClassName: placement.priorityClassName,
        }),
        ...(placement.imagePullSecrets && {
          imagePullSecrets: placement.imagePullSecrets.map(name => ({ name })),
        }),
        ...(replicas > 1 && { topologySpreadConstraints: [SPREAD] }),
        securityContext: { ...restrictedPod(USER), ...fileGroup(USER) },
        containers: [container(deployment)],
        volumes: [
          { name: 'config', configMap: { name: WORKER_NAME } },
          { name: 'database', secret: secretFile(deployment.database, DATABASE_FILE) },
          { name: 'tmp', emptyDir: { sizeLimit: '256Mi' } },
          ...deployment.sources.flatMap(sourceVolumes),
        ],
      },
    },
  };
  return {
    why: 'the workers',
    object: { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec },
  };
}

const SPREAD = {
  maxSkew: 1,
  topologyKey: 'kubernetes.io/hostname',
  whenUnsatisfiable: 'ScheduleAnyway',
  labelSelector: { matchLabels: WORKER_LABELS },
};

function container(deployment: WorkerDeployment): Data {
  const { image, placement, requests, limits, sources } = deployment;
  const env = sources.flatMap(sourceEnvironment);
  return {
    name: 'worker',
    image,
    imagePullPolicy: placement.imagePullPolicy ?? 'IfNotPresent',
    args: [
      'worker',
      `--config=${CONFIG_FOLDER}/${CONFIG_FILE}`,
      `--database-url-file=${DATABASE_FOLDER}/${DATABASE_FILE}`,
      '--state-folder=/tmp/vm-migrate',
      ...deployment.arguments,
    ],
    ...(env.length === 0 ? {} : { env }),
    ports: [{ name: 'http', containerPort: HTTP_PORT, protocol: 'TCP' }],
    livenessProbe: { ...probe('/livez'), periodSeconds: 10, failureThreshold: 6 },
    readinessProbe: { ...probe('/readyz'), periodSeconds: 5, failureThreshold: 2 },
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: RESTRICTED_CONTAINER,
    resources: { requests, limits },
    volumeMounts: [
      {
        name: 'config',
        mountPath: `${CONFIG_FOLDER}/${CONFIG_FILE}`,
        subPath: CONFIG_FILE,
        readOnly: true,
      },
      { name: 'database', mountPath: DATABASE_FOLDER, readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
      ...sources.flatMap(sourceMounts),
    ],
  };
}

function probe(path: string): Data {
  return { httpGet: { path, port: 'http' }, timeoutSeconds: 5 };
}

/** A file that the pod's group may read, and nobody else. */
function secretFile({ secret, key }: { secret: string; key: string }, path: string): Data {
  return { secretName: secret, defaultMode: 0o440, items: [{ key, path }] };
}

function sourceEnvironment({ options, credentials }: DeployedSource): Data[] {
  const said = options['credentials'] as { readonly env?: string } | undefined;
  if (said?.env === undefined || credentials === undefined) return [];
  const { secret: name, key } = credentials;
  return [{ name: said.env, valueFrom: { secretKeyRef: { name, key } } }];
}

const CREDENTIALS = 'credentials';

function sourceVolumes({ name, options, credentials }: DeployedSource): Data[] {
  const said = options['credentials'] as { readonly file?: string } | undefined;
  const folder = folderVolume(options);
  return [
    ...(folder === undefined ? [] : [{ name: volumeName('source', name), ...folder }]),
    ...(said?.file === undefined || credentials === undefined
      ? []
      : [{ name: volumeName('login', name), secret: secretFile(credentials, CREDENTIALS) }]),
  ];
}

function sourceMounts({ name, options, credentials, caPem }: DeployedSource): Data[] {
  const said = options['credentials'] as { readonly file?: string } | undefined;
  const pods = options['pods'] as { readonly path?: string } | undefined;
  return [
    ...(folderVolume(options) === undefined
      ? []
      : [
          {
            name: volumeName('source', name),
            // Where the source says it is: orders name the same paths in movers.
            mountPath: String(options['folder']),
            readOnly: true,
            ...(pods?.path === undefined ? {} : { subPath: pods.path }),
          },
        ]),
    ...(said?.file === undefined || credentials === undefined
      ? []
      : [
          {
            name: volumeName('login', name),
            mountPath: said.file,
            subPath: CREDENTIALS,
            readOnly: true,
          },
        ]),
    ...(caPem === undefined
      ? []
      : [
          {
            name: 'config',
            mountPath: String(options['caFile']),
            subPath: certificatesKey(name),
            readOnly: true,
          },
        ]),
  ];
}

function folderVolume(options: Data): Data | undefined {
  const pods = options['pods'] as
    { readonly persistentVolumeClaim?: string; readonly nfs?: Data } | undefined;
  if (pods?.persistentVolumeClaim !== undefined)
    return { persistentVolumeClaim: { claimName: pods.persistentVolumeClaim, readOnly: true } };
  return pods?.nfs === undefined ? undefined : { nfs: { ...pods.nfs, readOnly: true } };
}

/** Names of sources have capital letters, dots and underscores, which names of volumes may not. */
function volumeName(what: string, source: string): string {
  return `${what}-${createHash('sha256').update(source).digest('hex').slice(0, 12)}`;
}
