/**
 * A small PostgreSQL for those who have none: one pod, one volume. Its password is made once, by
 * whoever applies first, and never read or printed afterwards.
 */
import { randomBytes } from 'node:crypto';
import type { Secret } from '../targets/kubernetes/cluster/resources';
import type { DeployedObject, PostgresChoice, SecretKey } from './worker-deployment';
import { fileGroup, RESTRICTED_CONTAINER, restrictedPod } from '../targets/kubernetes/restricted';

export const POSTGRES_NAME = 'vm-migrate-postgres';
export const POSTGRES_PORT = 5432;
/** The official image, of a version that keeps its data where the volume is mounted. */
export const POSTGRES_IMAGE = 'postgres:17';
export const POSTGRES_SECRET: SecretKey = { secret: POSTGRES_NAME, key: 'url' };

export const POSTGRES_LABELS: Readonly<Record<string, string>> = {
  'app.kubernetes.io/name': 'vm-migrate',
  'app.kubernetes.io/instance': POSTGRES_NAME,
  'app.kubernetes.io/component': 'postgres',
};

/** Of the official image. */
const USER = 999;
const NAME = 'vm_migrate';
const DATA = '/var/lib/postgresql/data';
const PASSWORD_FOLDER = '/etc/vm-migrate-postgres';
const metadata = { name: POSTGRES_NAME, labels: POSTGRES_LABELS };

/** All but the Secret. */
export function postgresObjects(choice: PostgresChoice): readonly DeployedObject[] {
  return [service(), policy(choice), statefulSet(choice)];
}

/** A new password each time: make it only where there is none (POST, never apply). */
export function postgresSecret(namespace: string): Secret {
  const password = randomBytes(24).toString('hex');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...metadata, namespace },
    type: 'Opaque',
    stringData: {
      password,
      [POSTGRES_SECRET.key]: `postgres://${NAME}:${password}@${postgresHost(namespace)}:${POSTGRES_PORT}/${NAME}`,
    },
  };
}

export function postgresHost(namespace: string): string {
  return `${POSTGRES_NAME}.${namespace}.svc`;
}

function service(): DeployedObject {
  const spec = {
    selector: POSTGRES_LABELS,
    ports: [{ name: 'postgres', port: POSTGRES_PORT, targetPort: 'postgres', protocol: 'TCP' }],
  };
  return {
    why: 'where the database is found',
    object: { apiVersion: 'v1', kind: 'Service', metadata, spec },
  };
}

function policy({ clients }: PostgresChoice): DeployedObject {
  const spec = {
    podSelector: { matchLabels: POSTGRES_LABELS },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [
      {
        from: [{ podSelector: { matchLabels: clients } }],
        ports: [{ protocol: 'TCP', port: POSTGRES_PORT }],
      },
    ],
  };
  return {
    why: 'workers connect to the database, and it to nobody',
    object: { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec },
  };
}

function statefulSet(choice: PostgresChoice): DeployedObject {
  const spec = {
    replicas: 1,
    serviceName: POSTGRES_NAME,
    selector: { matchLabels: POSTGRES_LABELS },
    // The volume stays when the StatefulSet goes: in it are plans, receipts and proofs.
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    template: {
      metadata: { labels: POSTGRES_LABELS },
      spec: {
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        terminationGracePeriodSeconds: 60,
        ...(choice.imagePullSecrets && {
          imagePullSecrets: choice.imagePullSecrets.map(name => ({ name })),
        }),
        securityContext: { ...restrictedPod(USER), ...fileGroup(USER) },
        containers: [container(choice)],
        volumes: [
          {
            name: 'password',
            secret: {
              secretName: POSTGRES_NAME,
              defaultMode: 0o440,
              items: [{ key: 'password', path: 'password' }],
            },
          },
          { name: 'run', emptyDir: { sizeLimit: '16Mi' } },
          { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
          { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
        ],
      },
    },
    volumeClaimTemplates: [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'data', labels: POSTGRES_LABELS },
        spec: {
          accessModes: ['ReadWriteOnce'],
          ...(choice.storageClass === undefined ? {} : { storageClassName: choice.storageClass }),
          resources: { requests: { storage: choice.storage } },
        },
      },
    ],
  };
  return {
    why: 'the database and its volume',
    object: { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata, spec },
  };
}

function container({ image, imagePullPolicy }: PostgresChoice): Readonly<Record<string, unknown>> {
  const tcp = { tcpSocket: { port: 'postgres' }, timeoutSeconds: 5 };
  return {
    name: 'postgres',
    image,
    imagePullPolicy: imagePullPolicy ?? 'IfNotPresent',
    args: ['-c', 'max_connections=200'],
    env: [
      { name: 'POSTGRES_USER', value: NAME },
      { name: 'POSTGRES_DB', value: NAME },
      { name: 'POSTGRES_PASSWORD_FILE', value: `${PASSWORD_FOLDER}/password` },
      { name: 'POSTGRES_INITDB_ARGS', value: '--encoding=UTF8 --data-checksums' },
      // Below the volume's root, which may hold a lost+found.
      { name: 'PGDATA', value: `${DATA}/pgdata` },
    ],
    ports: [{ name: 'postgres', containerPort: POSTGRES_PORT, protocol: 'TCP' }],
    // The first start makes the database and listens only then; a recovery after a crash takes its time.
    startupProbe: { ...tcp, periodSeconds: 2, failureThreshold: 150 },
    livenessProbe: { ...tcp, periodSeconds: 10, failureThreshold: 6 },
    readinessProbe: { ...tcp, periodSeconds: 5, failureThreshold: 2 },
    securityContext: RESTRICTED_CONTAINER,
    resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '1Gi' } },
    volumeMounts: [
      { name: 'data', mountPath: DATA },
      { name: 'password', mountPath: PASSWORD_FOLDER, readOnly: true },
      { name: 'run', mountPath: '/var/run/postgresql' },
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'shm', mountPath: '/dev/shm' },
    ],
  };
}
