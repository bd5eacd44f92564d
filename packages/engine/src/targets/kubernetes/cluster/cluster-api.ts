/**
 * The contract of this folder: access to one Kubernetes cluster, in one namespace. Nobody else
 * talks to an API server.
 *
 *     const api = openCluster({ kubeconfig: '/etc/kubeconfig', context: 'prod', namespace: 'vms' });
 *     const pvc = await api.get(PERSISTENT_VOLUME_CLAIM, 'web-0');          // undefined: not there
 *     const pod = await api.create(POD, { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec });
 *     if (pod === 'exists') ...                                             // somebody else's, or our own earlier try
 *     const made = await api.applyNew(PERSISTENT_VOLUME_CLAIM, claim, { manager });  // or 'exists'
 *     await api.delete(POD, name, { uid });                                 // 'changed': another object of that name
 *     for await (const line of api.podLog(name, { follow: true, signal })) ...
 *     const stream = await api.portForward(name, 40107, signal);            // bytes to and from a port of the pod
 *     for await (const seen of api.watch(POD, { labels, signal })) ...      // never ends by itself
 *
 * Objects are raw JSON as the server sends it (resources.ts has the part of their shape that we
 * read). Namespaced kinds are those of `namespace`. What a caller must decide about is an answer
 * ('exists', 'conflict', 'gone'); everything else is an EngineError: CLUSTER_UNREACHABLE (network,
 * 429 and 5xx after all tries), CLUSTER_FORBIDDEN (401, 403 of RBAC), CLUSTER_REFUSED (admission,
 * quota, an invalid object, a name in a namespace that is going away).
 *
 * Every call is tried again by itself: reads and deletes are safe to repeat; a
 * POST names its object, an apply and a patch the resourceVersion that they are for, so that a
 * repeat after a lost answer is 'exists' or 'conflict', never a second change.
 */
import type { Duplex } from 'node:stream';

import type { KubeObject, ResourceKind } from './resources';

export interface ClusterApi {
  /** The configured one or the context's; empty before the first call has ended. */
  readonly namespace: string;

  /** The uid of namespace kube-system: what a cluster is known by, whatever its contexts are called. */
  identity(): Promise<string>;

  /** `undefined`: there is none of that name. */
  get<T extends KubeObject>(kind: ResourceKind<T>, name: string): Promise<T | undefined>;

  /** All pages of a list. */
  list<T extends KubeObject>(kind: ResourceKind<T>, query?: ListQuery): Promise<KubeList<T>>;

  /** Whether the API server serves this kind at all (a CRD may not be installed). Asked once a minute at most. */
  serves(kind: ResourceKind<KubeObject>): Promise<boolean>;

  /** POST. `'exists'`: an object of that name is there already, perhaps from an earlier try of this very call: look. */
  create<T extends KubeObject>(
    kind: ResourceKind<T>,
    object: T,
    options?: WriteOptions,
  ): Promise<T | 'exists'>;

  /**
   * Server-side apply of a whole object that must not be there yet: `manager` owns its fields from
   * then on. `'exists'`: there is an object of that name, ours or not; nothing of it was changed.
   */
  applyNew<T extends KubeObject>(
    kind: ResourceKind<T>,
    object: T,
    options: ApplyOptions,
  ): Promise<T | 'exists'>;

  /**
   * Server-side apply of annotations to the very object that was looked at. `manager` owns these
   * and nothing else; whoever owned them before (a manager of whole objects) owns them no more.
   * `'conflict'`: it is of another resourceVersion now, or gone, perhaps by an earlier try of this
   * very call: read and compare.
   */
  applyAnnotations<T extends KubeObject>(
    kind: ResourceKind<T>,
    seen: T,
    annotations: Readonly<Record<string, string>>,
    options: ApplyOptions,
  ): Promise<T | 'conflict'>;

  /**
   * JSON merge patch (RFC 7386: null removes a key). `'conflict'`: the object is of another
   * resourceVersion now, perhaps by an earlier try of this very call: read and compare.
   */
  patch<T extends KubeObject>(
    kind: ResourceKind<T>,
    name: string,
    patch: MergePatch,
    precondition: { readonly resourceVersion: string },
  ): Promise<T | 'conflict' | 'gone'>;

  /**
   * Server-side apply: makes the object or sets the fields that it has, as `manager`'s.
   * @throws EngineError CLUSTER_REFUSED also for a field that somebody else manages, unless `force`
   */
  apply<T extends KubeObject>(
    kind: ResourceKind<T>,
    object: T,
    options: ApplyOptions & { readonly force?: boolean },
  ): Promise<{ readonly object: T; readonly created: boolean }>;

  /**
   * `'deleting'`: asked for, perhaps held by finalizers (look again). `'gone'`: nothing of that name.
   * `'changed'`: what has that name now has another uid, or was changed since the given
   * resourceVersion; it was left alone.
   */
  delete<T extends KubeObject>(
    kind: ResourceKind<T>,
    name: string,
    precondition: DeletePrecondition,
  ): Promise<'deleting' | 'gone' | 'changed'>;

  /**
   * What is there, then every change, until `signal` aborts. Cut connections and 410 are mended
   * inside: the first event, and one after each mending that lost the thread, is `synced` with all
   * objects. With `since`, a resourceVersion whose state is known already, there is no first one.
   */
  watch<T extends KubeObject>(
    kind: ResourceKind<T>,
    query: ListQuery & { readonly signal: AbortSignal; readonly since?: string },
  ): AsyncIterable<WatchEvent<T>>;

  /**
   * Lines of a container's log without their line ends. Ends with the container (`follow`) or with
   * what is there.
   * @throws EngineError NOT_FOUND no such pod; STATE_REFUSED the container has not started;
   *   CLUSTER_UNREACHABLE also when the stream is cut: call again with `sinceTime`
   */
  podLog(pod: string, options?: LogOptions): AsyncIterable<string>;

  /**
   * A stream to a port on a pod's own loopback, through the API server. That nobody listens there is
   * an error of the stream, CLUSTER_UNREACHABLE as a connection that breaks; nothing is tried again.
   * It ends when `signal` aborts.
   * @throws EngineError NOT_FOUND no such pod; CLUSTER_FORBIDDEN; CLUSTER_UNREACHABLE; what `signal` was
   *   aborted with
   */
  portForward(pod: string, port: number, signal: AbortSignal): Promise<Duplex>;

  /** Events about this object (and no earlier one of its name), oldest first. */
  eventsOf(object: KubeObject): Promise<readonly KubeEvent[]>;

  /** Ends open watches, logs and streams, and closes idle connections. */
  close(): void;
}

/** Exactly this object; with `resourceVersion`: exactly as it was read. */
export interface DeletePrecondition {
  readonly uid: string;
  readonly resourceVersion?: string;
}

export interface ListQuery {
  /** All must be equal. */
  readonly labels?: Readonly<Record<string, string>>;
  /** For example `{ 'metadata.name': 'web-0' }`. */
  readonly fields?: Readonly<Record<string, string>>;
}

export interface KubeList<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

export interface WriteOptions {
  /** Admission answers, nothing is stored. */
  readonly dryRun?: boolean;
}

export interface ApplyOptions extends WriteOptions {
  /** Who owns the fields: up to 128 printable characters. */
  readonly manager: string;
}

export type WatchEvent<T> =
  | { readonly type: 'synced'; readonly items: readonly T[] }
  | { readonly type: 'changed'; readonly object: T }
  | { readonly type: 'deleted'; readonly object: T };

export interface LogOptions {
  /** Absent: the only one. */
  readonly container?: string;
  readonly follow?: boolean;
  /** RFC 3339; the second counts, so lines just before it may come again. */
  readonly sinceTime?: string;
  readonly tailLines?: number;
  /** Each line begins with its RFC 3339 time and a space. */
  readonly timestamps?: boolean;
  readonly signal?: AbortSignal;
}

export type MergePatch = { readonly [key: string]: MergePatchValue };
export type MergePatchValue =
  string | number | boolean | null | readonly MergePatchValue[] | MergePatch;

/** A core/v1 Event, flattened to what people need. */
export interface KubeEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  /** When it was last seen; ISO 8601. */
  readonly lastAt: string;
}
