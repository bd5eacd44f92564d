/**
 * A small API server on loopback for what a real one does not do on demand: 409, 410, 429 with
 * Retry-After, cut watches, 500, forbidden. Objects in memory, any kind by its path; no schema, no
 * admission, no controllers but those that a test adds (`onCreate`). What works here proves our
 * code, not Kubernetes: test/cluster does that.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

import {
  HttpClusterApi,
  type ClusterSettings,
} from '../targets/kubernetes/cluster/http-cluster-api';

export interface FakeObject {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    resourceVersion: string;
    creationTimestamp: string;
    deletionTimestamp?: string;
    finalizers?: string[];
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  [field: string]: unknown;
}

export interface FakeRequest {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly headers: http.IncomingHttpHeaders;
}

/** What a request meets instead of an answer. */
export type Fault =
  | {
      readonly status: number;
      readonly reason?: string;
      readonly message?: string;
      readonly headers?: Record<string, string>;
    }
  /** The connection ends without an answer; `after`: when the server has done what it was asked for. */
  | { readonly cut: 'before' | 'after' };

export class FakeApiServer {
  readonly requests: FakeRequest[] = [];
  /** Connections that were ever opened. */
  connections = 0;
  /** Events that watches can still go on from; older resourceVersions are 410. */
  oldestEvent = 0;
  private readonly objects = new Map<string, FakeObject>();
  private readonly events: { version: number; type: string; path: string; object: FakeObject }[] =
    [];
  private readonly watches = new Set<() => void>();
  private readonly faults: {
    when: (request: FakeRequest) => boolean;
    fault: Fault;
    left: number;
  }[] = [];
  private readonly created: ((collection: string, object: FakeObject) => void)[] = [];
  private readonly deleted: ((collection: string, object: FakeObject) => void)[] = [];
  private readonly logs = new Map<string, string>();
  private version = 100;
  private uids = 0;

  private constructor(
    private readonly server: http.Server,
    readonly url: string,
  ) {}

  static async start(): Promise<FakeApiServer> {
    const server = http.createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const fake = new FakeApiServer(server, `http://127.0.0.1:${port}`);
    server.on('connection', () => fake.connections++);
    server.on('request', (request, answer) => void fake.serve(request, answer));
    fake.put('/api/v1/namespaces', { metadata: { name: 'kube-system' } });
    return fake;
  }

  /** A client of namespace `ns` that tries again quickly. */
  client(settings: ClusterSettings = {}): HttpClusterApi {
    const security = { headers: { Authorization: 'Bearer test' }, tls: {}, connectionKey: '' };
    return new HttpClusterApi(
      async () => ({ server: this.url, namespace: 'ns', secure: async () => security }),
      { retry: { tries: 4, firstMs: 5, maxMs: 20 }, requestsPerSecond: 10_000, ...settings },
    );
  }

  /** The next `times` requests that `when` picks meet `fault`. */
  failNext(when: (request: FakeRequest) => boolean, fault: Fault, times = 1): void {
    this.faults.push({ when, fault, left: times });
  }

  /** A controller: runs after each object of any kind was made, and may change it. */
  onCreate(controller: (collection: string, object: FakeObject) => void): void {
    this.created.push(controller);
  }

  onDelete(controller: (collection: string, object: FakeObject) => void): void {
    this.deleted.push(controller);
  }

  /** Makes or replaces an object, as somebody else would. */
  put(
    collection: string,
    object: { metadata: { name: string } } & Record<string, unknown>,
  ): FakeObject {
    const path = `${collection}/${object.metadata.name}`;
    const old = this.objects.get(path);
    const made = {
      ...object,
      metadata: {
        uid: old?.metadata.uid ?? `uid-${++this.uids}`,
        creationTimestamp: old?.metadata.creationTimestamp ?? new Date().toISOString(),
        ...object.metadata,
        resourceVersion: String(++this.version),
      },
    } as FakeObject;
    this.objects.set(path, made);
    this.tell(old === undefined ? 'ADDED' : 'MODIFIED', path, made);
    return made;
  }

  get(collection: string, name: string): FakeObject | undefined {
    return this.objects.get(`${collection}/${name}`);
  }

  /** Takes it away at once, finalizers or not. */
  drop(collection: string, name: string): void {
    const path = `${collection}/${name}`;
    const object = this.objects.get(path);
    if (object === undefined) return;
    this.objects.delete(path);
    this.version++;
    this.tell('DELETED', path, object);
    for (const controller of this.deleted) controller(collection, object);
  }

  setLog(pod: string, text: string): void {
    this.logs.set(pod, text);
  }

  /** Ends every open watch without a word, as a restarting server or a load balancer does. */
  cutWatches(): void {
    for (const cut of [...this.watches]) cut();
  }

  openWatches(): number {
    return this.watches.size;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }

  private tell(type: string, path: string, object: FakeObject): void {
    this.events.push({ version: this.version, type, path, object });
    this.server.emit('fake-event');
  }

  private async serve(incoming: http.IncomingMessage, answer: http.ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', this.url);
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const request: FakeRequest = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
      headers: incoming.headers,
    };
    this.requests.push(request);
    const fault = this.faults.find(one => one.left > 0 && one.when(request));
    if (fault !== undefined) {
      fault.left--;
      const { fault: what } = fault;
      if ('status' in what) {
        return send(
          answer,
          what.status,
          status(what.status, what.reason, what.message),
          what.headers,
        );
      }
      if (what.cut === 'after') this.answer(request);
      incoming.socket.destroy();
      return undefined;
    }
    if (request.query.get('watch') === '1') return this.watch(request, answer);
    const log = /\/pods\/([^/]+)\/log$/.exec(request.path)?.[1];
    if (log !== undefined) {
      const said = this.logs.get(log);
      if (said === undefined)
        return send(answer, 404, status(404, 'NotFound', `pods "${log}" not found`));
      answer.writeHead(200, { 'Content-Type': 'text/plain' });
      answer.end(said);
      return undefined;
    }
    const [code, body] = this.answer(request);
    return send(answer, code, body);
  }

  private answer(request: FakeRequest): readonly [number, object] {
    const { path, method, query } = request;
    const existing = this.objects.get(path);
    const dryRun = query.get('dryRun') === 'All';
    switch (method) {
      case 'GET':
        if (existing !== undefined) return [200, existing];
        if (/^\/apis?\/[^/]+(\/[^/]+)?$/.test(path) && !this.isCollection(path)) {
          const served = this.served.get(path);
          return served === undefined
            ? [404, status(404, 'NotFound', 'the server could not find the requested resource')]
            : [200, { kind: 'APIResourceList', resources: served.map(name => ({ name })) }];
        }
        if (this.isCollection(path)) return this.list(path, query);
        return [404, status(404, 'NotFound', `"${path}" not found`)];
      case 'POST': {
        const object = request.body as { metadata: { name: string } };
        if (this.objects.has(`${path}/${object.metadata.name}`))
          return [409, status(409, 'AlreadyExists', `"${object.metadata.name}" already exists`)];
        if (dryRun) return [201, object];
        return [201, this.make(path, object)];
      }
      case 'PATCH': {
        if (request.headers['content-type'] === 'application/apply-patch+yaml')
          return this.apply(request, existing);
        if (existing === undefined) return [404, status(404, 'NotFound', `"${path}" not found`)];
        const patch = request.body as { metadata?: { resourceVersion?: string } };
        const wanted = patch.metadata?.resourceVersion;
        if (wanted !== undefined && wanted !== existing.metadata.resourceVersion)
          return [409, status(409, 'Conflict', 'the object has been modified')];
        const merged = merge(existing, patch) as FakeObject;
        return [200, dryRun ? merged : this.put(parentOf(path), merged as never)];
      }
      case 'DELETE': {
        if (existing === undefined) return [404, status(404, 'NotFound', `"${path}" not found`)];
        const { preconditions } = (request.body ?? {}) as {
          preconditions?: { uid?: string; resourceVersion?: string };
        };
        const version = preconditions?.resourceVersion;
        if (version !== undefined && version !== existing.metadata.resourceVersion)
          return [409, status(409, 'Conflict', 'the ResourceVersion does not match')];
        if (preconditions?.uid !== undefined && preconditions.uid !== existing.metadata.uid)
          return [409, status(409, 'Conflict', 'the UID in the precondition does not match')];
        if ((existing.metadata.finalizers ?? []).length === 0) {
          this.drop(parentOf(path), existing.metadata.name);
          return [200, status(200, '', 'deleted')];
        }
        const metadata = { ...existing.metadata, deletionTimestamp: new Date().toISOString() };
        return [200, this.put(parentOf(path), { ...existing, metadata } as never)];
      }
      default:
        return [405, status(405, 'MethodNotAllowed', method)];
    }
  }

  /** Server-side apply without its managers: of them only the real one knows. */
  private apply(
    { path, query, body }: FakeRequest,
    existing: FakeObject | undefined,
  ): readonly [number, object] {
    const { metadata, ...fields } = body as FakeObject;
    const { resourceVersion, uid, ...wanted } = metadata;
    const conflict = [409, status(409, 'Conflict', 'the object has been modified')] as const;
    if (existing === undefined) {
      if (uid !== undefined) return conflict;
      if (query.get('dryRun') === 'All') return [201, { ...fields, metadata: wanted }];
      return [201, this.make(parentOf(path), { ...fields, metadata: wanted })];
    }
    if (uid !== undefined && uid !== existing.metadata.uid) return conflict;
    if (resourceVersion !== undefined && resourceVersion !== existing.metadata.resourceVersion)
      return conflict;
    const merged = merge(existing, { ...fields, metadata: wanted }) as FakeObject;
    return [200, this.put(parentOf(path), merged as never)];
  }

  /** As a request makes it: controllers see it before the answer goes out. */
  private make(collection: string, object: { metadata: { name: string } }): FakeObject {
    const made = this.put(collection, object as never);
    for (const controller of this.created) controller(collection, made);
    return this.get(collection, object.metadata.name) ?? made;
  }

  /** API groups that discovery knows, with their plurals. */
  readonly served = new Map<string, readonly string[]>([
    [
      '/apis/snapshot.storage.k8s.io/v1',
      ['volumesnapshots', 'volumesnapshotclasses', 'volumesnapshotcontents'],
    ],
  ]);

  private isCollection(path: string): boolean {
    return /^\/(api\/v1|apis\/[^/]+\/[^/]+)(\/namespaces\/[^/]+)?\/[a-z]+$/.test(path);
  }

  private list(path: string, query: URLSearchParams): readonly [number, object] {
    const all = [...this.objects]
      .filter(([key, object]) => parentOf(key) === path && matches(object, query))
      .map(([, object]) => object);
    const from = Number(query.get('continue') ?? 0);
    const limit = Number(query.get('limit') ?? 0) || all.length;
    const items = all.slice(from, from + limit);
    const more = from + limit < all.length ? { continue: String(from + limit) } : {};
    return [
      200,
      { kind: 'List', items, metadata: { resourceVersion: String(this.version), ...more } },
    ];
  }

  private watch({ path, query }: FakeRequest, answer: http.ServerResponse): void {
    let from = Number(query.get('resourceVersion') ?? 0);
    answer.writeHead(200, { 'Content-Type': 'application/json' });
    if (from < this.oldestEvent) {
      answer.end(
        `${JSON.stringify({ type: 'ERROR', object: status(410, 'Expired', 'too old resource version') })}\n`,
      );
      return;
    }
    answer.flushHeaders();
    const tell = (): void => {
      for (const event of this.events) {
        if (event.version <= from) continue;
        from = event.version;
        if (parentOf(event.path) === path && matches(event.object, query))
          answer.write(`${JSON.stringify({ type: event.type, object: event.object })}\n`);
      }
    };
    const cut = (): void => {
      answer.socket?.destroy();
    };
    this.watches.add(cut);
    this.server.on('fake-event', tell);
    answer.on('close', () => {
      this.watches.delete(cut);
      this.server.off('fake-event', tell);
    });
    tell();
  }
}

function matches(object: FakeObject, query: URLSearchParams): boolean {
  const pairs = (text: string | null) =>
    (text ?? '')
      .split(',')
      .filter(part => part !== '')
      .map(part => part.split('=') as [string, string]);
  const labels = object.metadata.labels ?? {};
  return (
    pairs(query.get('labelSelector')).every(([key, value]) => labels[key] === value) &&
    pairs(query.get('fieldSelector')).every(([key, value]) => fieldOf(object, key) === value)
  );
}

function fieldOf(object: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object);
}

/** RFC 7386. */
function merge(into: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const merged: Record<string, unknown> =
    typeof into === 'object' && into !== null ? { ...into } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = merge(merged[key], value);
  }
  return merged;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function status(code: number, reason = '', message = ''): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message };
}

function send(
  answer: http.ServerResponse,
  code: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  answer.writeHead(code, { 'Content-Type': 'application/json', ...headers });
  answer.end(JSON.stringify(body));
}
