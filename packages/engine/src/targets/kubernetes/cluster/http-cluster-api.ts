/** ClusterApi over HTTP: cluster-api.ts says what each call promises. */
import type { Duplex } from 'node:stream';

import { EngineError } from '../../../errors';
import { FIELD_MANAGER } from '../layout';
import { apiError, type ApiFailure } from './api-errors';
import { ApiRequests, type RequestSettings } from './api-requests';
import type {
  ApplyOptions,
  ClusterApi,
  DeletePrecondition,
  KubeEvent,
  KubeList,
  ListQuery,
  LogOptions,
  MergePatch,
  WatchEvent,
  WriteOptions,
} from './cluster-api';
import { type ClusterAddress, type Credentials, loadCredentials } from './credentials';
import { flattenedEvents } from './events';
import { readPodLog } from './pod-log-stream';
import { PortForwarding } from './port-forwarding';
import { type ListBody, parse, searchOf, selectors, withoutNulls } from './request-text';
import {
  EVENT,
  type KubeObject,
  NAMESPACE,
  POD,
  resourcePath,
  type ResourceKind,
} from './resources';
import { ServedKinds } from './served-kinds';
import type { ApiAnswer } from './transport';
import { watchObjects, type WatchSource } from './watch';

export interface ClusterSettings extends RequestSettings {
  /** Objects a page of a list. */
  readonly pageSize?: number;
  /** The API server ends a watch after this; it goes on by itself. */
  readonly watchSeconds?: number;
}

/**
 * No object ever has it, since etcd's first write is revision 2: an apply that asks for it changes
 * nothing that is there (409), and a new object is made in spite of it. The API server has no other
 * way to say "only if it is new" in an apply.
 */
const OF_NO_OBJECT = '1';

/** Reads no kubeconfig and opens no connection before the first call. */
export class HttpClusterApi implements ClusterApi {
  private readonly requests: ApiRequests;
  private readonly served: ServedKinds;
  private readonly forwarding: PortForwarding;
  private knownIdentity: Promise<string> | undefined;

  constructor(
    load: () => Promise<Credentials>,
    private readonly settings: ClusterSettings = {},
  ) {
    this.requests = new ApiRequests(load, settings);
    this.served = new ServedKinds(this.requests);
    this.forwarding = new PortForwarding(this.requests);
  }

  get namespace(): string {
    return this.requests.namespace;
  }

  identity(): Promise<string> {
    this.knownIdentity ??= this.readIdentity().catch(error => {
      this.knownIdentity = undefined;
      throw error;
    });
    return this.knownIdentity;
  }

  private async readIdentity(): Promise<string> {
    const system = await this.get(NAMESPACE, 'kube-system');
    const uid = system?.metadata.uid;
    if (uid !== undefined) return uid;
    throw new EngineError('CLUSTER_REFUSED', {
      where: { object: 'Namespace kube-system' },
      expected: 'a namespace whose uid identifies the cluster',
      found: 'none',
    });
  }

  async get<T extends KubeObject>(kind: ResourceKind<T>, name: string): Promise<T | undefined> {
    await this.requests.server(); // which tells the namespace
    const what = this.words('get', kind, name);
    const answer = await this.requests.ask(
      { method: 'GET', path: this.path(kind, name) },
      what,
      [404],
    );
    return 'failure' in answer ? undefined : parse<T>(answer, what);
  }

  async list<T extends KubeObject>(
    kind: ResourceKind<T>,
    query: ListQuery = {},
  ): Promise<KubeList<T>> {
    await this.requests.server(); // which tells the namespace
    const what = this.words('list', kind);
    const items: T[] = [];
    let token: string | undefined;
    for (;;) {
      const search = searchOf({
        ...selectors(query),
        limit: String(this.settings.pageSize ?? 500),
        continue: token,
      });
      const answer = await this.requests.ask(
        { method: 'GET', path: this.path(kind) + search },
        what,
        token === undefined ? [] : [410],
      );
      if ('failure' in answer) {
        // The pages' common state is gone from the server's memory: from the beginning.
        items.length = 0;
        token = undefined;
        continue;
      }
      const page = parse<ListBody<T>>(answer, what);
      // Items of a list carry no kind; one read alone does.
      for (const item of page.items ?? [])
        items.push({ apiVersion: kind.apiVersion, kind: kind.kind, ...item });
      token = page.metadata?.continue || undefined;
      if (token === undefined)
        return { items, resourceVersion: page.metadata?.resourceVersion ?? '' };
    }
  }

  serves(kind: ResourceKind<KubeObject>): Promise<boolean> {
    return this.served.has(kind);
  }

  async create<T extends KubeObject>(
    kind: ResourceKind<T>,
    object: T,
    { dryRun }: WriteOptions = {},
  ): Promise<T | 'exists'> {
    await this.requests.server(); // which tells the namespace
    const what = this.words('create', kind, object.metadata.name);
    const search = searchOf({ fieldManager: FIELD_MANAGER, dryRun: dryRun ? 'All' : undefined });
    const answer = await this.requests.ask(
      {
        method: 'POST',
        path: this.path(kind) + search,
        body: { type: 'application/json', text: JSON.stringify(this.complete(kind, object)) },
      },
      what,
      [409],
    );
    if (!('failure' in answer)) return parse<T>(answer, what);
    if (answer.failure.reason === 'AlreadyExists') return 'exists';
    throw apiError(answer.failure, what);
  }

  async applyNew<T extends KubeObject>(
    kind: ResourceKind<T>,
    object: T,
    options: ApplyOptions,
  ): Promise<T | 'exists'> {
    const metadata = { ...object.metadata, resourceVersion: OF_NO_OBJECT };
    const what = this.words('apply', kind, object.metadata.name);
    const answer = await this.sendApply(kind, { ...object, metadata }, options, what);
    return 'failure' in answer ? 'exists' : parse<T>(answer, what);
  }

  async applyAnnotations<T extends KubeObject>(
    kind: ResourceKind<T>,
    { metadata: { name, uid, resourceVersion } }: T,
    annotations: Readonly<Record<string, string>>,
    options: ApplyOptions,
  ): Promise<T | 'conflict'> {
    // With the uid an apply makes nothing where the object is gone.
    const object: KubeObject = { metadata: { name, uid, resourceVersion, annotations } };
    const what = this.words('apply', kind, name);
    const answer = await this.sendApply(kind, object as T, { ...options, force: true }, what);
    return 'failure' in answer ? 'conflict' : parse<T>(answer, what);
  }

  async apply<T extends KubeObject>(
    kind: ResourceKind<T>,
    object: T,
    options: ApplyOptions & { readonly force?: boolean },
  ): Promise<{ readonly object: T; readonly created: boolean }> {
    const what = this.words('apply', kind, object.metadata.name);
    const answer = await this.sendApply(kind, object, options, what);
    if ('failure' in answer) throw apiError(answer.failure, what);
    return { object: parse<T>(answer, what), created: answer.status === 201 };
  }

  /** 409 is an answer: nothing was changed. */
  private async sendApply<T extends KubeObject>(
    kind: ResourceKind<T>,
    object: T,
    { manager, dryRun, force = false }: ApplyOptions & { readonly force?: boolean },
    what: string,
  ): Promise<ApiAnswer | { readonly failure: ApiFailure }> {
    await this.requests.server(); // which tells the namespace
    const search = searchOf({
      fieldManager: manager,
      force: String(force),
      dryRun: dryRun ? 'All' : undefined,
    });
    return this.requests.ask(
      {
        method: 'PATCH',
        path: this.path(kind, object.metadata.name) + search,
        body: {
          type: 'application/apply-patch+yaml', // of which JSON is a part
          text: withoutNulls(this.complete(kind, object), what),
        },
      },
      what,
      [409],
    );
  }

  async patch<T extends KubeObject>(
    kind: ResourceKind<T>,
    name: string,
    patch: MergePatch,
    { resourceVersion }: { readonly resourceVersion: string },
  ): Promise<T | 'conflict' | 'gone'> {
    await this.requests.server(); // which tells the namespace
    const what = this.words('patch', kind, name);
    const metadata = { ...(patch['metadata'] as MergePatch | undefined), resourceVersion };
    const answer = await this.requests.ask(
      {
        method: 'PATCH',
        path: this.path(kind, name) + searchOf({ fieldManager: FIELD_MANAGER }),
        body: {
          type: 'application/merge-patch+json',
          text: JSON.stringify({ ...patch, metadata }),
        },
      },
      what,
      [404, 409],
    );
    if (!('failure' in answer)) return parse<T>(answer, what);
    return answer.failure.status === 404 ? 'gone' : 'conflict';
  }

  async delete<T extends KubeObject>(
    kind: ResourceKind<T>,
    name: string,
    preconditions: DeletePrecondition,
  ): Promise<'deleting' | 'gone' | 'changed'> {
    await this.requests.server(); // which tells the namespace
    const answer = await this.requests.ask(
      {
        method: 'DELETE',
        path: this.path(kind, name),
        body: {
          type: 'application/json',
          text: JSON.stringify({
            apiVersion: 'v1',
            kind: 'DeleteOptions',
            preconditions,
            propagationPolicy: 'Background',
          }),
        },
      },
      this.words('delete', kind, name),
      [404, 409],
    );
    if (!('failure' in answer)) return 'deleting';
    return answer.failure.status === 404 ? 'gone' : 'changed';
  }

  watch<T extends KubeObject>(
    kind: ResourceKind<T>,
    {
      signal,
      since,
      ...query
    }: ListQuery & {
      readonly signal: AbortSignal;
      readonly since?: string;
    },
  ): AsyncIterable<WatchEvent<T>> {
    const seconds = this.settings.watchSeconds ?? 290;
    const source: WatchSource<T> = {
      list: () => this.list(kind, query),
      open: (resourceVersion, aborted) =>
        // An earlier request told the namespace.
        this.requests.openStream(
          `${this.path(kind)}${searchOf({
            ...selectors(query),
            watch: '1',
            allowWatchBookmarks: 'true',
            timeoutSeconds: String(seconds),
            resourceVersion,
          })}`,
          this.words('watch', kind),
          // The server sends a bookmark a minute; silence much longer is a dead connection.
          { signal: aborted, idleMs: Math.min(seconds + 30, 150) * 1_000 },
        ),
      retry: this.requests.retry,
    };
    return watchObjects(source, AbortSignal.any([signal, this.requests.signal]), since);
  }

  async *podLog(pod: string, options: LogOptions = {}): AsyncIterable<string> {
    await this.requests.server(); // which tells the namespace
    yield* readPodLog(this.requests, pod, options);
  }

  async portForward(pod: string, port: number, signal: AbortSignal): Promise<Duplex> {
    await this.requests.server(); // which tells the namespace
    const what = `forward port ${port} of pod ${pod} in namespace ${this.namespace}`;
    const path = resourcePath(POD, this.namespace, pod, 'portforward');
    return this.forwarding.open(path, port, what, signal);
  }

  async eventsOf({ metadata }: KubeObject): Promise<readonly KubeEvent[]> {
    const { items } = await this.list(EVENT, {
      fields: { 'involvedObject.uid': metadata.uid ?? '' },
    });
    return flattenedEvents(items);
  }

  close(): void {
    this.requests.close();
  }

  private path(kind: ResourceKind<KubeObject>, name?: string): string {
    return resourcePath(kind, this.namespace, name);
  }

  private words(verb: string, kind: ResourceKind<KubeObject>, name = ''): string {
    const place = kind.namespaced ? ` in namespace ${this.namespace}` : '';
    return `${verb} ${`${kind.kind} ${name}`.trimEnd()}${place}`;
  }

  private complete<T extends KubeObject>(kind: ResourceKind<T>, object: T): T {
    const metadata = kind.namespaced
      ? { ...object.metadata, namespace: this.namespace }
      : object.metadata;
    return { ...object, apiVersion: kind.apiVersion, kind: kind.kind, metadata };
  }
}

/** Touches nothing yet. @throws (from its calls) EngineError CONFIG_INVALID when there is no such kubeconfig, context or cluster */
export function openCluster(address: ClusterAddress, settings: ClusterSettings = {}): ClusterApi {
  return new HttpClusterApi(() => loadCredentials(address), settings);
}
