/**
 * The contract of this folder: a worker that runs in the cluster, as objects to apply. Everything is
 * plain data; nothing here holds a password, and no object that is printed or applied does, except
 * the Secret of a PostgreSQL of ours, which is made once and never read or printed.
 *
 * Where it runs is the target's namespace, and it reaches the API server by the account of its pod.
 */
import type { KubeObject } from '../targets/kubernetes/cluster/resources';

export const WORKER_NAME = 'vm-migrate-worker';
/** The port of probes and metrics: one server for both. */
export const HTTP_PORT = 9464;

/** What selects a worker's pods; the other objects of a deployment carry it too, and nothing else in the namespace does. */
export const WORKER_LABELS: Readonly<Record<string, string>> = {
  'app.kubernetes.io/name': 'vm-migrate',
  'app.kubernetes.io/instance': WORKER_NAME,
  'app.kubernetes.io/component': 'worker',
};

/** An address block and ports that a NetworkPolicy opens; no blocks: every address. */
export interface Reach {
  readonly blocks: readonly string[];
  readonly ports: readonly number[];
}

export interface SecretKey {
  readonly secret: string;
  readonly key: string;
}

/** A source that pods reach. */
export interface DeployedSource {
  readonly name: string;
  readonly kind: string;
  /** As configured: the same here and there, so that both are one source. */
  readonly options: Readonly<Record<string, unknown>>;
  /** A server it is read from over the network, by pods themselves. */
  readonly server?: SourceServer;
  /** Certificates of `caFile`. */
  readonly caPem?: string;
  /** Where its credentials are. */
  readonly credentials?: SecretKey;
}

export interface SourceServer {
  /** Value of the label that its movers carry (pods/source-server.ts). */
  readonly label: string;
  /** A name has to be asked for. */
  readonly isName: boolean;
  readonly reach: Reach;
}

export interface Placement {
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly Readonly<Record<string, unknown>>[];
  readonly priorityClassName?: string;
  readonly imagePullSecrets?: readonly string[];
  readonly imagePullPolicy?: string;
}

/** A PostgreSQL of our own (postgres.ts). */
export interface PostgresChoice {
  readonly image: string;
  readonly imagePullPolicy?: string;
  readonly imagePullSecrets?: readonly string[];
  /** Size of its volume, a quantity. */
  readonly storage: string;
  /** Absent: the cluster's default. */
  readonly storageClass?: string;
  /** Labels of those who may connect. */
  readonly clients: Readonly<Record<string, string>>;
}

export interface WorkerDeployment {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly image: string;
  readonly replicas: number;
  readonly placement: Placement;
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
  /** Further arguments of the verb `worker`. */
  readonly arguments: readonly string[];
  /** The database's URL; with `postgres`: what that one makes. */
  readonly database: SecretKey;
  /** Absent with `postgres`. */
  readonly databaseReach?: Reach;
  readonly postgres?: PostgresChoice;
  readonly apiServer: Reach;
  readonly sources: readonly DeployedSource[];
  /** The target as the worker sees it: without a kubeconfig. */
  readonly target: { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
  /** `limits` of the configuration, as it is written there. */
  readonly workLimits: Readonly<Record<string, unknown>>;
  /** Labels of a PodMonitor, for who has the Prometheus operator. */
  readonly podMonitor?: Readonly<Record<string, string>>;
}

/** An object as it is applied: whole, but for what the server fills in. */
export interface Manifest extends KubeObject {
  readonly spec?: object;
}

/** One object of a deployment; they are applied in their order. */
export interface DeployedObject {
  readonly object: Manifest;
  /** What it is for. */
  readonly why: string;
}
