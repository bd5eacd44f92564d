/** ClusterApi over HTTP: cluster-api.ts says what each call promises. */
import { EngineError } from '../../../errors';
import { FIELD_MANAGER } from '../layout';
import { apiError, connectionError } from './api-errors';
import { ApiRequests, type RequestSettings } from './api-requests';
import type {
  ApplyOptions,
  ClusterApi,
  KubeEvent,
  KubeList,
  ListQuery,
  LogOptions,
  MergePatch,
  WatchEvent,
  WriteOptions,
} from './cluster-api';
import { type ClusterAddress, type Credentials, loadCredentials } from './credentials';
import {
  EVENT,
  type KubeObject,
  NAMESPACE,
  POD,
  resourcePath,
  type ResourceKind,
} from './resources';
import { type ApiAnswer, linesOf } from './transport';
import { watchObjects, type WatchSource } from './watch';

export interface ClusterSettings extends RequestSettings {
  /** Objects a page of a list. */
  readonly pageSize?: number;
  /** The API server ends a watch after this; it goes on by itself. */
  readonly watchSeconds?: number;
}

/** Reads no kubeconfig and opens no connection before the first call. */
export class HttpClusterApi implements ClusterApi {
  private readonly requests: ApiRequests;
  private readonly served = new Map<string, { readonly yes: boolean; readonly until: number }>();
  private knownIdentity: Promise<string> | undefined;

  constructor(
    load: () => Promise<Credentials>,
    private readonly settings: ClusterSettings = {},
  ) {
    this.requests = new ApiRequests(load, settings);
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

  async serves(kind: ResourceKind<KubeObject>): Promise<boolean> {
    const known = this.served.get(`${kind.apiVersion} ${kind.plural}`);
    if (known !== undefined && known.until > performance.now()) return known.yes;
    const root = kind.apiVersion.includes('/')
      ? `/apis/${kind.apiVersion}`
      : `/api/${kind.apiVersion}`;
    const what = `which kinds of ${kind.apiVersion} are served`;
    const answer = await this.requests.ask({ method: 'GET', path: root }, what, [404]);
    const yes =
      !('failure' in answer) &&
      (parse<{ resources?: { name: string }[] }>(answer, what).resources ?? []).some(
        resource => resource.name === kind.plural,
      );
    this.served.set(`${kind.apiVersion} ${kind.plural}`, {
      yes,
      until: performance.now() + 60_000,
    });
    return yes;
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

  async apply<T extends KubeObject>(
    kind: ResourceKind<T>,
    object: T,
    { fieldManager, dryRun, force }: ApplyOptions,
  ): Promise<{ readonly object: T; readonly created: boolean }> {
    await this.requests.server(); // which tells the namespace
    const { name = '' } = object.metadata;
    const what = this.words('apply', kind, name);
    const search = searchOf({
      fieldManager,
      dryRun: dryRun ? 'All' : undefined,
      force: force ? 'true' : undefined,
    });
    const answer = await this.requests.ask(
      {
        method: 'PATCH',
        path: this.path(kind, name) + search,
        // JSON is YAML.
        body: {
          type: 'application/apply-patch+yaml',
          text: JSON.stringify(this.complete(kind, object)),
        },
      },
      what,
      [],
    );
    if ('failure' in answer) throw apiError(answer.failure, what);
    return { object: parse<T>(answer, what), created: answer.status === 201 };
  }

  async delete<T extends KubeObject>(
    kind: ResourceKind<T>,
    name: string,
    { uid }: { readonly uid: string },
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
            preconditions: { uid },
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
    const { container, follow, sinceTime, tailLines, timestamps } = options;
    const search = searchOf({
      container,
      sinceTime,
      follow: follow ? 'true' : undefined,
      timestamps: timestamps ? 'true' : undefined,
      tailLines: tailLines === undefined ? undefined : String(tailLines),
    });
    const what = `read the log of pod ${pod} in namespace ${this.namespace}`;
    const own = new AbortController();
    const signals = [own.signal, this.requests.signal];
    const signal = AbortSignal.any(
      options.signal === undefined ? signals : [...signals, options.signal],
    );
    try {
      const answer = await this.requests.openStream(
        resourcePath(POD, this.namespace, pod, 'log') + search,
        what,
        // A mover may have nothing to say for long; whoever follows knows when the pod has ended.
        { signal, idleMs: follow === true ? 3_600_000 : 60_000 },
      );
      yield* linesOf(answer);
    } catch (thrown) {
      if (thrown instanceof EngineError || signal.aborted) throw thrown;
      throw connectionError(thrown, what, await this.requests.server());
    } finally {
      own.abort();
    }
  }

  async eventsOf({ metadata }: KubeObject): Promise<readonly KubeEvent[]> {
    const { items } = await this.list(EVENT, {
      fields: { 'involvedObject.uid': metadata.uid ?? '' },
    });
    return items
      .map((event): KubeEvent => ({
        type: event.type === 'Warning' ? 'Warning' : 'Normal',
        reason: event.reason ?? '',
        message: event.message ?? '',
        count: event.series?.count ?? event.count ?? 1,
        lastAt:
          event.series?.lastObservedTime ??
          event.lastTimestamp ??
          event.eventTime ??
          event.metadata.creationTimestamp ??
          '',
      }))
      .sort((one, other) => Date.parse(one.lastAt) - Date.parse(other.lastAt));
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

interface ListBody<T> {
  readonly items?: readonly T[];
  readonly metadata?: { readonly continue?: string; readonly resourceVersion?: string };
}

function selectors({ labels, fields }: ListQuery): Record<string, string | undefined> {
  return { labelSelector: selectorOf(labels), fieldSelector: selectorOf(fields) };
}

function selectorOf(equal: Readonly<Record<string, string>> | undefined): string | undefined {
  if (equal === undefined) return undefined;
  return Object.entries(equal)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

function searchOf(values: Readonly<Record<string, string | undefined>>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(values))
    if (value !== undefined) search.set(key, value);
  return search.size === 0 ? '' : `?${search.toString()}`;
}

function parse<T>(answer: ApiAnswer, what: string): T {
  try {
    return JSON.parse(answer.text) as T;
  } catch (thrown) {
    throw new EngineError('CLUSTER_UNREACHABLE', {
      where: { object: what },
      expected: 'JSON of an API server',
      found: answer.text.slice(0, 200),
      cause: thrown,
      retry: 'later',
    });
  }
}
